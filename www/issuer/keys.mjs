// The demo backend's signing keys: made once, kept so that a restart goes on verifying what was signed before.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';

export const ALGORITHMS = ['RS256', 'ES256'];
const FILE = 'issuer-keys.json';

/**
 * @param {string} directory  where the keys are kept
 * @returns one entry for each algorithm: `{ alg, kid, privateKey, publicJwk }`
 */
export async function loadKeys(directory) {
  const stored = read(directory) ?? (await make(directory));
  return Promise.all(stored.map(open));
}

function read(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, FILE), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw new Error(`${join(directory, FILE)} cannot be read (${error.message}): delete it, and new keys are made.`);
  }
}

async function make(directory) {
  const keys = await Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = await exportJWK(privateKey);
      return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
    }),
  );
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, FILE), JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

async function open(jwk) {
  const { alg, kid, use, kty, n, e, crv, x, y } = jwk;
  // JSON drops what the key's type does not have. Only public members are named here.
  const publicJwk = JSON.parse(JSON.stringify({ kty, n, e, crv, x, y, alg, use, kid }));
  return { alg, kid, publicJwk, privateKey: await importJWK(jwk, alg) };
}
