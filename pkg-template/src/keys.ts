// A key that cannot be taken away: made by WebCrypto, kept in IndexedDB. Loaded when a session is first bound.
// Only makes keys and signs; when a proof is needed, and with which nonce, the core says.
import { errorBeforeCore } from './error.js';
import { base64url, cryptoSubtle, hex, sha256, utf8 } from './web-crypto.js';

/** Where a key lives: `bound` in the browser's key store, `memory` until the page is gone. */
export type KeyLevel = 'bound' | 'memory';

/** One request for a proof of possession (RFC 9449). */
export interface ProofAsk {
  /** The environment whose key is meant. */
  readonly environmentId: string;
  /** HTTP method. */
  readonly method: string;
  /** Absolute; its query and fragment are left out of the proof. */
  readonly url: string;
  /** The server's time, in seconds since 1970. */
  readonly issuedAt: number;
  /** The server's nonce, where there is one. */
  readonly nonce?: string | undefined;
  /** The token that the proof comes with; none at a sign-in. */
  readonly token?: string | undefined;
  /** The thumbprint that a session is bound to; none at a sign-in, where any key will do. */
  readonly thumbprint?: string | undefined;
  /** Where the device's key gets a nonce to sign, where the settings ask for that. */
  readonly deviceNonceUrl?: string | undefined;
}

/** A proof, and what signed it. */
export interface Proof {
  /** For the header `DPoP`. */
  readonly proof: string;
  readonly level: KeyLevel;
  /** RFC 7638, SHA-256. Not the one that was asked for, where that key is not there. */
  readonly thumbprint: string;
  /** Compressed point in 66 hex digits. */
  readonly publicKey: string;
  /** The device's nonce, and r and s over its bytes in 128 hex digits. */
  readonly device?: { readonly nonce: string; readonly signature: string } | undefined;
}

/** What signs for the core. */
export interface KeyHost {
  /** @throws {ByoaError} `crypto_unavailable` where there can be no key at all */
  prove(ask: ProofAsk): Promise<Proof>;
}

interface Key {
  readonly privateKey: CryptoKey;
  readonly level: KeyLevel;
  readonly thumbprint: string;
  readonly publicKey: string;
  /** The proofs' header, encoded. */
  readonly header: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const DATABASE = 'byoa';
const STORE = 'keys';

const NONCE_TIMEOUT_MS = 10_000;

/** How long the browser's key store may take: it has been seen to hang for ever after a suspend. */
const STORE_TIMEOUT_MS = 1500;

/**
 * The page's keys: one for each environment, shared by its tabs through IndexedDB. Where that fails or hangs, the key
 * lives as long as the page.
 */
export function createKeyHost({ storeTimeoutMs = STORE_TIMEOUT_MS }: { readonly storeTimeoutMs?: number } = {}): KeyHost {
  const keys = new Map<string, readonly Key[]>();

  const open = async (environmentId: string, thumbprint: string | undefined): Promise<Key> => {
    const known = keys.get(environmentId) ?? [];
    // For a new session the one in the store, which may be back: one in memory ends with the page.
    const fitting = known.find((key) => (thumbprint === undefined ? key.level === 'bound' : key.thumbprint === thumbprint));
    if (fitting) return fitting;
    const found = (await stored(environmentId, storeTimeoutMs).catch(() => known[0])) ?? (await described(await makeKey(), 'memory'));
    // None is given up: one in memory may be a session's still.
    if (!known.some((key) => key.thumbprint === found.thumbprint)) keys.set(environmentId, [...known, found]);
    return found;
  };
  // One after the other, or two calls at once would make two keys.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = turn.then(task);
    turn = result.catch(() => {});
    return result;
  };

  return {
    async prove(ask) {
      const key = await inTurn(() => open(ask.environmentId, ask.thumbprint));
      const { level, thumbprint, publicKey } = key;
      const device = ask.deviceNonceUrl === undefined ? undefined : deviceOf(key, ask.deviceNonceUrl);
      const [proof, signed] = await Promise.all([proofOf(key, ask), device]);
      return { proof, level, thumbprint, publicKey, device: signed };
    },
  };
}

/** As the core asks: texts, since an object of them would cost the core more than it costs here. */
export type ProofMaker = (
  environmentId: string,
  method: string,
  url: string,
  issuedAt: number,
  nonce?: string,
  token?: string,
  thumbprint?: string,
  deviceNonceUrl?: string,
) => Promise<readonly string[]>;

/** The one of this page: what it opens is opened once for all clients. */
let host: KeyHost | undefined;

/** `[proof, level, thumbprint]`, and the device's nonce, key and signature where they are asked for. */
export const prove: ProofMaker = async (environmentId, method, url, issuedAt, nonce, token, thumbprint, deviceNonceUrl) => {
  host ??= createKeyHost();
  const made = await host.prove({ environmentId, method, url, issuedAt, nonce, token, thumbprint, deviceNonceUrl });
  const { proof, level, publicKey, device } = made;
  return [proof, level, made.thumbprint, ...(device ? [device.nonce, publicKey, device.signature] : [])];
};

async function deviceOf(key: Key, url: string): Promise<{ readonly nonce: string; readonly signature: string }> {
  const answer = await fetch(url, { credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(NONCE_TIMEOUT_MS) });
  const { nonce } = (await answer.json()) as { nonce?: unknown };
  if (typeof nonce !== 'string') throw new Error('the server gave no nonce for the device to sign');
  return { nonce, signature: hex(await sign(key, nonce)) };
}

async function proofOf(key: Key, { method, url, issuedAt, nonce, token }: ProofAsk): Promise<string> {
  const claims = {
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: url.split(/[?#]/, 1)[0],
    iat: issuedAt,
    nonce,
    ath: token === undefined ? undefined : base64url(await sha256(token)),
  };
  const signed = `${key.header}.${base64url(utf8(JSON.stringify(claims)))}`;
  return `${signed}.${base64url(await sign(key, signed))}`;
}

async function sign(key: Key, text: string): Promise<Uint8Array> {
  return new Uint8Array(await cryptoSubtle().sign(SIGNATURE, key.privateKey, utf8(text)));
}

/** Never extractable: a script on the page can use it, and not carry it away. */
async function makeKey(): Promise<CryptoKeyPair> {
  const subtle = cryptoSubtle();
  try {
    return await subtle.generateKey(ALGORITHM, false, ['sign']);
  } catch (cause) {
    throw errorBeforeCore('CryptoUnavailableError', 'crypto_unavailable', 'The browser did not make a P-256 key.', cause);
  }
}

async function described({ privateKey, publicKey }: CryptoKeyPair, level: KeyLevel): Promise<Key> {
  const { x = '', y = '' } = await cryptoSubtle().exportKey('jwk', publicKey);
  const jwk = { crv: 'P-256', kty: 'EC', x, y };
  const raw = new Uint8Array(await cryptoSubtle().exportKey('raw', publicKey));
  const parity = (raw[64] ?? 0) & 1;
  return {
    privateKey,
    level,
    // RFC 7638 3.2: these members, in this order, without spaces.
    thumbprint: base64url(await sha256(JSON.stringify(jwk))),
    publicKey: `0${2 + parity}${hex(raw.subarray(1, 33))}`,
    header: base64url(utf8(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk }))),
  };
}

/** The stored key, which is made where there is none. Rejects where the store fails, or does not answer in time. */
async function stored(environmentId: string, timeoutMs: number): Promise<Key> {
  // Made before the transaction begins, which would be over by the time it is there.
  const made = await makeKey();
  return described(await withTimeout(exchange(environmentId, made), timeoutMs), 'bound');
}

/** Puts the key where there is none, and gives the one that is there then: two tabs at once end up with one. */
async function exchange(environmentId: string, made: CryptoKeyPair): Promise<CryptoKeyPair> {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, 'readwrite');
      const store = transaction.objectStore(STORE);
      let found: unknown;
      const reading = store.get(environmentId);
      reading.onsuccess = () => {
        found = reading.result;
        if (!isUsable(found)) store.put(made, environmentId);
      };
      // Only what is committed is there for the next page.
      transaction.oncomplete = () => resolve(isUsable(found) ? found : made);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('aborted'));
    });
  } finally {
    // Open connections keep a page out of the back-forward cache, and die in a suspend.
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error('blocked'));
  });
}

/** Whether it is a key pair as {@link makeKey} makes them: an extractable one was put there by somebody else. */
function isUsable(value: unknown): value is CryptoKeyPair {
  const { privateKey, publicKey } = (value ?? {}) as Partial<CryptoKeyPair>;
  return (
    privateKey instanceof CryptoKey &&
    publicKey instanceof CryptoKey &&
    !privateKey.extractable &&
    privateKey.usages.includes('sign') &&
    [privateKey, publicKey].every(({ algorithm }) => (algorithm as EcKeyAlgorithm).namedCurve === ALGORITHM.namedCurve)
  );
}

function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('timeout')), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
