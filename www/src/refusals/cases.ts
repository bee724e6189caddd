import type { Reason } from 'byoa';

/** A JWT that must be refused. */
export interface Case {
  /** What the demo backend calls it. */
  readonly bend: string;
  readonly title: string;
  readonly about: string;
  readonly reason: Reason;
}

export const CASES: readonly Case[] = [
  { bend: 'wrong-audience', title: 'Wrong audience', about: 'A token meant for another API of yours.', reason: 'jwt_aud_mismatch' },
  { bend: 'no-audience', title: 'No audience', about: 'A token that does not say whom it is for.', reason: 'jwt_aud_missing' },
  { bend: 'wrong-issuer', title: 'Wrong issuer', about: 'One slash too many at the end of iss.', reason: 'jwt_iss_mismatch' },
  { bend: 'expired', title: 'Expired', about: 'Good until an hour ago.', reason: 'jwt_expired' },
  { bend: 'not-yet-valid', title: 'Not valid yet', about: 'Good from an hour ahead.', reason: 'jwt_not_yet_valid' },
  { bend: 'no-expiry', title: 'No expiry', about: 'A token that would be good for ever.', reason: 'jwt_exp_missing' },
  { bend: 'other-user', title: 'Another user’s id', about: 'externalUserId is not the token’s sub.', reason: 'external_user_mismatch' },
  { bend: 'unknown-key', title: 'Unknown key', about: 'A kid that was never published.', reason: 'jwt_kid_unknown' },
  { bend: 'foreign-key', title: 'Somebody else’s key', about: 'A published kid, signed with another key.', reason: 'jwt_signature_invalid' },
  { bend: 'tampered-payload', title: 'Tampered payload', about: 'A claim was added after signing.', reason: 'jwt_signature_invalid' },
  { bend: 'alg-none', title: 'alg: none', about: 'No signature at all.', reason: 'jwt_alg_not_allowed' },
  { bend: 'alg-confusion', title: 'alg: HS256', about: 'The public key misused as a secret.', reason: 'jwt_alg_not_allowed' },
  { bend: 'malformed', title: 'Malformed', about: 'Two parts where three belong.', reason: 'jwt_malformed' },
  { bend: 'too-large', title: 'Too large', about: 'Seventeen kibibytes of claims.', reason: 'jwt_too_large' },
];
