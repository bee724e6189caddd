// The JWTs of the demo backend: one good token, and the ways in which each `bend` makes it a bad one.
import { createHmac } from 'node:crypto';
import { SignJWT, generateKeyPair } from 'jose';

/** A session lasts no longer than the JWT it was exchanged for: long enough to look around. */
const LIFETIME_S = 15 * 60;
const HOUR_S = 60 * 60;
/** Over the limit of 16 KiB. */
const HUGE = 17 * 1024;

/** Who can sign in at the demo backend. */
export const USERS = [
  { id: 'alice', name: 'Alice Moreau', email: 'alice@example.com', emailVerified: true },
  { id: 'bilal', name: 'Bilal Haddad', email: 'bilal@example.com', emailVerified: false },
  { id: 'chiyo', name: 'Chiyo Tanaka' },
];

/**
 * What each bend does to the good token's parts: `{ header, claims, key, sign, externalUserId }`. Each bends one thing.
 */
const BENDS = {
  'wrong-audience': ({ claims }) => ({ claims: { ...claims, aud: 'another-api' } }),
  'no-audience': ({ claims: { aud, ...claims } }) => ({ claims }),
  'wrong-issuer': ({ claims }) => ({ claims: { ...claims, iss: `${claims.iss}/` } }),
  expired: ({ claims }) => ({ claims: { ...claims, iat: claims.iat - HOUR_S, exp: claims.exp - HOUR_S } }),
  'not-yet-valid': ({ claims }) => ({ claims: { ...claims, nbf: claims.iat + HOUR_S, exp: claims.exp + HOUR_S } }),
  'no-expiry': ({ claims: { exp, ...claims } }) => ({ claims }),
  'other-user': ({ claims }) => ({ externalUserId: USERS.find(({ id }) => id !== claims.sub).id }),
  'unknown-key': ({ header }) => ({ header: { ...header, kid: 'a-key-nobody-published' } }),
  'foreign-key': async ({ header }) => ({ key: (await generateKeyPair(header.alg)).privateKey }),
  'tampered-payload': () => ({ sign: tampered }),
  'alg-none': ({ header }) => ({ header: { ...header, alg: 'none' }, sign: unsigned }),
  'alg-confusion': ({ header, publicJwk }) => ({ header: { ...header, alg: 'HS256' }, sign: macWith(publicJwk) }),
  malformed: () => ({ sign: async (token) => (await signed(token)).replace(/\.[^.]*$/, '') }),
  'too-large': ({ claims }) => ({ claims: { ...claims, padding: 'x'.repeat(HUGE) } }),
};

/** Makes the tokens of one issuer. */
export function tokenMaker({ issuer, audience, keys, now = () => Math.floor(Date.now() / 1000) }) {
  return {
    knows: ({ user, alg, bend }) =>
      USERS.some(({ id }) => id === user) && keys.some((key) => key.alg === alg) && (bend === undefined || Object.hasOwn(BENDS, bend)),

    /** @returns {Promise<{ externalJwt: string, externalUserId: string }>} */
    async make({ user: id, alg, bend }) {
      const { id: sub, name, ...mail } = USERS.find((user) => user.id === id);
      const { kid, privateKey, publicJwk } = keys.find((key) => key.alg === alg);
      const good = {
        header: { alg, kid, typ: 'JWT' },
        claims: { iss: issuer, aud: audience, sub, iat: now(), exp: now() + LIFETIME_S, name, ...mail },
        key: privateKey,
        publicJwk,
        sign: signed,
        externalUserId: sub,
      };
      const token = { ...good, ...(bend && (await BENDS[bend](good))) };
      return { externalJwt: await token.sign(token), externalUserId: token.externalUserId };
    },
  };
}

function signed({ header, claims, key }) {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/** The signature is genuine, but was made for what the payload said before. */
async function tampered(token) {
  const [header, , signature] = (await signed(token)).split('.');
  return [header, encoded({ ...token.claims, role: 'administrator' }), signature].join('.');
}

function unsigned({ header, claims }) {
  return `${encoded(header)}.${encoded(claims)}.`;
}

/** The public key misused as a shared secret. */
function macWith(publicJwk) {
  return ({ header, claims }) => {
    const input = `${encoded(header)}.${encoded(claims)}`;
    return `${input}.${createHmac('sha256', JSON.stringify(publicJwk)).update(input).digest('base64url')}`;
  };
}

function encoded(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
