import 'server-only';
import { createHash } from 'node:crypto';
import { EmbeddedJWK, type JWK, calculateJwkThumbprint, jwtVerify } from 'jose';

const PROOF_SECONDS = 300;
/** Proofs that came, and until when to remember them. Several processes would share it. */
const seen = new Map<string, number>();

/** Whether a request proves the key that its token is bound to (RFC 9449, 4.3). */
export async function proves(request: Request, token: string, thumbprint: string, url: string): Promise<boolean> {
  const proof = request.headers.get('dpop');
  if (!proof) return false;
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256', 'EdDSA'],
      maxTokenAge: PROOF_SECONDS,
      clockTolerance: 5,
      requiredClaims: ['jti', 'htm', 'htu'],
    });
    return (
      (await calculateJwkThumbprint(protectedHeader.jwk as JWK)) === thumbprint &&
      payload['ath'] === createHash('sha256').update(token).digest('base64url') &&
      payload['htm'] === request.method &&
      payload['htu'] === url &&
      isFirst(`${thumbprint} ${payload.jti}`)
    );
  } catch {
    return false;
  }
}

function isFirst(name: string): boolean {
  const now = Date.now();
  for (const [one, until] of seen) {
    if (until > now) break;
    seen.delete(one);
  }
  if (seen.has(name)) return false;
  seen.set(name, now + 2 * PROOF_SECONDS * 1000);
  return true;
}
