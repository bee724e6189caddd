// Tokens: the issuer's, which are verified, and our own, which are signed and verified. jose throughout.
import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';

const TOKEN_SECONDS = 2 * 60 * 60;
const LEEWAY_SECONDS = 60;

/** Verifies tokens of the one issuer; its keys are fetched once and kept by jose, parsed. */
export function externalVerifier({ issuer, audience, jwksUrl }) {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 5_000 });
  const rules = {
    issuer,
    audience,
    algorithms: ['RS256', 'ES256'],
    clockTolerance: LEEWAY_SECONDS,
    requiredClaims: ['sub', 'exp'],
  };
  return async (jwt) => (await jwtVerify(jwt, keys, rules)).payload;
}

/** Our own tokens, under one ES256 key that is made at start and imported once. */
export async function sessionTokens({ environmentId, withIdentityToken }) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const kid = createHash('sha256').update(JSON.stringify(await exportJWK(publicKey))).digest('hex').slice(0, 32);
  const header = { alg: 'ES256', kid, typ: 'JWT' };
  const issuer = `127.0.0.1/${environmentId}`;
  const rules = { issuer, algorithms: ['ES256'], requiredClaims: ['sub', 'sid', 'jti', 'exp'] };

  const sign = (claims) => new SignJWT(claims).setProtectedHeader(header).sign(privateKey);

  return {
    newTokenId: randomUUID,

    /** When a token made now ends, in Unix seconds: never after what it was made from. */
    expiry: (now, limit) => Math.min(now + TOKEN_SECONDS, limit),

    /** The token, or tokens, of a session, as the answer names them. */
    async issue({ user, session, audience, now }) {
      const claims = {
        kid,
        aud: audience,
        iss: issuer,
        sub: user.id,
        sid: session.id,
        iat: now,
        exp: session.expiresAt,
        refreshExp: session.refreshExpiresAt,
        jti: session.tokenId,
        environment_id: environmentId,
        scope: 'user:basic',
        last_verified_credential_id: user.credential_id,
        signin_credential_id: user.credential_id,
        email: user.email ?? undefined,
      };
      if (!withIdentityToken) return { minifiedJwt: await sign(claims) };
      const identity = {
        ...claims,
        verified_credentials: [{ id: user.credential_id, format: 'externalUser', public_identifier: user.subject }],
        missing_fields: [],
        new_user: user.isNew,
        first_visit: new Date(user.first_visit).toISOString(),
        last_visit: new Date(user.last_visit).toISOString(),
      };
      const [minifiedJwt, jwt] = await Promise.all([sign(claims), sign(identity)]);
      return { minifiedJwt, jwt };
    },

    verify: async (jwt) => (await jwtVerify(jwt, publicKey, rules)).payload,
  };
}
