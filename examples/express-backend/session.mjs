// Verifying session tokens: signature, issuer, audience, time and scope; and the proof, where a token is bound to a key.
import { createHash } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, createRemoteJWKSet, jwtVerify } from 'jose';

const PROOF_SECONDS = 300;

/**
 * Lets a request through that comes with a session of one of the pages; `request.user` are its claims.
 *
 * @param {{ apiBaseUrl: string, environmentId: string, origins: string[], url: string }} options
 *   `origins`: where the pages are; `url`: where this backend is
 */
export function requireSession({ apiBaseUrl, environmentId, origins, url }) {
  const keys = createRemoteJWKSet(new URL(`${apiBaseUrl}/sdk/${environmentId}/.well-known/jwks`));
  const options = { issuer: `${new URL(apiBaseUrl).host}/${environmentId}`, audience: origins };
  const proofs = new OnceOnly();

  return async (request, response, next) => {
    const [, scheme, token] = /^(Bearer|DPoP) (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    try {
      if (!token) throw new Error('no token');
      const { payload } = await jwtVerify(token, keys, options);
      if (!String(payload.scope).split(' ').includes('user:basic')) throw new Error('not fully signed in');
      // A token that names a key is worth nothing without a proof of that key (RFC 9449): whoever stole it has none.
      if (payload.cnf) await checkProof({ request, scheme, token, url, jkt: payload.cnf.jkt, proofs });
      request.user = payload;
    } catch {
      return response.status(401).set('WWW-Authenticate', 'Bearer').json({ error: 'Sign in first.' });
    }
    next();
  };
}

/** RFC 9449, 4.3. */
async function checkProof({ request, scheme, token, url, jkt, proofs }) {
  if (scheme.toLowerCase() !== 'dpop' || typeof request.headers.dpop !== 'string') throw new Error('no proof');
  const { payload, protectedHeader } = await jwtVerify(request.headers.dpop, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['ES256', 'EdDSA'],
    maxTokenAge: PROOF_SECONDS,
    clockTolerance: 5,
    requiredClaims: ['jti', 'htm', 'htu'],
  });
  const hash = createHash('sha256').update(token).digest('base64url');
  const holds =
    (await calculateJwkThumbprint(protectedHeader.jwk)) === jkt &&
    payload.ath === hash &&
    payload.htm === request.method &&
    payload.htu === new URL(request.path, url).href &&
    proofs.add(`${jkt} ${payload.jti}`);
  if (!holds) throw new Error('the proof does not hold');
}

/** Names that may come once, remembered as long as a proof can be. Several processes would share it. */
class OnceOnly {
  #seen = new Map();

  /** Whether it is the first time. */
  add(name) {
    const now = Date.now();
    for (const [one, until] of this.#seen) {
      if (until > now) break;
      this.#seen.delete(one);
    }
    if (this.#seen.has(name)) return false;
    this.#seen.set(name, now + 2 * PROOF_SECONDS * 1000);
    return true;
  }
}
