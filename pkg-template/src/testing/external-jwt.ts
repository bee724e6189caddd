/** The server's rules for an external JWT, in the server's order (crates/jwt/POLICY.md). */
import type { Reason } from '../generated/wire.js';
import { type JwkSet, type Members, type ParsedToken, type PublicJwk, type TestAlgorithm, fits, isAlgorithm, parse, verifies } from './jwt.js';

/** An issuer that a test server trusts; {@link TestIssuer} is one. */
export interface TrustedIssuer {
  /** Exact `iss`. */
  readonly issuer: string;
  /** `aud` that its JWTs must name; any where it is left out. */
  readonly audience?: string | undefined;
  /** Its public keys; asked for at each sign-in. */
  jwks(): JwkSet | Promise<JwkSet>;
}

/** Claims of a JWT that kept every rule. */
export interface ExternalClaims extends Members {
  readonly iss: string;
  readonly sub: string;
  readonly exp: number;
}

/** A rule was broken. */
export class Rejected extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(`the external JWT was refused: ${reason}`);
    this.reason = reason;
  }
}

const MAX_JWT_BYTES = 16 * 1024;
const MAX_SUBJECT_BYTES = 255;
/** The last second of the year 9999. */
const LAST_SECOND = 253_402_300_799;
const LEEWAY_SECONDS = 60;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** @throws {Rejected} by the first rule that is broken */
export async function verifyExternal(jwt: string, issuers: readonly TrustedIssuer[], nowSeconds: number): Promise<ExternalClaims> {
  if (jwt.length > MAX_JWT_BYTES) throw new Rejected('jwt_too_large');
  const token = parse(jwt);
  if (typeof token === 'string') throw new Rejected(token);
  const issuer = select(token.claims, issuers);
  const algorithm = checkHeader(token.header);
  const key = choose((await issuer.jwks()).keys, token.header, algorithm);
  if (!(await verifies(key, algorithm, token))) throw new Rejected('jwt_signature_invalid');
  checkClaims(token, issuer, nowSeconds);
  return token.claims as ExternalClaims;
}

/** What a token says of an e-mail address: vouched for, explicitly not, or nothing. */
export function emailOf(claims: Members, assumeVerified: boolean): { readonly address: string; readonly verified: boolean } | undefined {
  const { email } = claims;
  if (typeof email !== 'string' || !/^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\]+$/.test(email)) return undefined;
  const words = ['emailVerified', 'email_verified'].filter((name) => name in claims).map((name) => claims[name]);
  if (words.includes(false)) return { address: email, verified: false };
  const vouched = words.length === 0 ? assumeVerified : words.every((word) => word === true);
  return vouched ? { address: email, verified: true } : undefined;
}

function select({ iss }: Members, issuers: readonly TrustedIssuer[]): TrustedIssuer {
  if (issuers.length === 0) throw new Rejected('external_auth_disabled');
  const found = issuers.find(({ issuer }) => issuer === iss);
  if (!found) throw new Rejected(iss === undefined ? 'jwt_iss_missing' : 'jwt_iss_mismatch');
  return found;
}

function checkHeader({ alg, crit, b64, typ, kid }: Members): TestAlgorithm {
  if (alg !== undefined && typeof alg !== 'string') throw new Rejected('jwt_header_invalid');
  if (typ !== undefined && typeof typ !== 'string') throw new Rejected('jwt_header_invalid');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 1024 || CONTROL.test(kid))) throw new Rejected('jwt_kid_invalid');
  if (crit !== undefined || b64 === false) throw new Rejected('jwt_crit_unsupported');
  if (typ !== undefined && !/^(application\/)?jwt$/i.test(typ)) throw new Rejected('jwt_typ_not_allowed');
  const algorithm = alg === 'Ed25519' ? 'EdDSA' : alg;
  if (!isAlgorithm(algorithm)) throw new Rejected('jwt_alg_not_allowed');
  return algorithm;
}

function choose(keys: readonly PublicJwk[], { kid }: Members, algorithm: TestAlgorithm): PublicJwk {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (kid !== undefined && named.length === 0) throw new Rejected('jwt_kid_unknown');
  const [only, ...more] = named.filter((key) => fits(key, algorithm));
  if (!only) throw new Rejected(kid === undefined ? 'jwt_kid_ambiguous' : 'jwt_alg_mismatch');
  if (more.length > 0) throw new Rejected('jwt_kid_ambiguous');
  return only;
}

function checkClaims({ claims }: ParsedToken, issuer: TrustedIssuer, now: number): void {
  checkAudience(claims['aud'], issuer.audience);
  const { sub, exp, nbf, iat, jti } = claims;
  if (sub === undefined) throw new Rejected('jwt_sub_missing');
  if (!isSubject(sub)) throw new Rejected('jwt_sub_invalid');
  if (exp === undefined) throw new Rejected('jwt_exp_missing');
  if (typeof exp !== 'number' || exp <= 0 || exp > LAST_SECOND) throw new Rejected('jwt_exp_invalid');
  if (now >= Math.ceil(exp) + LEEWAY_SECONDS) throw new Rejected('jwt_expired');
  for (const time of [nbf, iat]) if (time !== undefined && typeof time !== 'number') throw new Rejected('jwt_time_invalid');
  if (typeof nbf === 'number' && nbf > now + LEEWAY_SECONDS) throw new Rejected('jwt_not_yet_valid');
  if (typeof iat === 'number' && iat > now + LEEWAY_SECONDS) throw new Rejected('jwt_issued_in_future');
  if (jti !== undefined && typeof jti !== 'string') throw new Rejected('jwt_payload_invalid');
}

function checkAudience(aud: unknown, expected: string | undefined): void {
  if (expected === undefined) return;
  if (aud === undefined) throw new Rejected('jwt_aud_missing');
  const named: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.every((one) => typeof one === 'string')) throw new Rejected('jwt_aud_invalid');
  if (!named.includes(expected)) throw new Rejected('jwt_aud_mismatch');
}

function isSubject(sub: unknown): boolean {
  return typeof sub === 'string' && sub.trim() !== '' && utf8Length(sub) <= MAX_SUBJECT_BYTES && !CONTROL.test(sub);
}

function utf8Length(text: string): number {
  return [...text].reduce((sum, character) => {
    const point = character.codePointAt(0) ?? 0;
    return sum + (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
  }, 0);
}
