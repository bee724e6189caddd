// Keys, and the JWTs that they sign.
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

/** Keys are new at each start here. In earnest they are kept, and a new one is published before it signs. */
export async function createIssuer({ url, audience }) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
    sign: (userId) =>
      new SignJWT({ email: `${userId}@example.com`, emailVerified: true })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuer(url)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime('10 minutes')
        .sign(privateKey),
  };
}
