// Verifies the session token in the browser. Loaded when `getClaims` is first called.
import { aborting } from './aborting.js';
import { errorBeforeCore } from './error.js';
import type { ErrorCode, Reason, SessionClaims } from './generated/wire.js';
import { cryptoSubtle, fromBase64url, utf8 } from './web-crypto.js';

/** What {@link verifySessionToken} needs to know. */
export interface SessionTokenCheck {
  /** The session token; none where nobody is signed in, or where the session lives in a cookie. */
  readonly token: string | undefined;
  readonly environmentId: string;
  readonly apiBaseUrl: string;
  /** The token's `iss`, where it is not the host of `apiBaseUrl` and the environment: behind a proxy for instance. */
  readonly issuer?: string | undefined;
  /** How far this machine's clock is behind the server's, in milliseconds; not believed beyond a day. */
  readonly skewMs?: number | undefined;
  /** Where the environment's public keys are kept for when there is no network. */
  readonly storage?: KeySetStorage | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** As far as `localStorage` is needed here. */
export interface KeySetStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

interface KeySet {
  readonly readAt: number;
  readonly keys: readonly JsonWebKey[];
}

interface Algorithm {
  readonly kty: string;
  readonly crv?: string;
  readonly parameters: AlgorithmIdentifier & { readonly hash?: string };
  readonly import: AlgorithmIdentifier | EcKeyImportParams | RsaHashedImportParams;
}

/** What session tokens are signed with. The token does not choose: its key must be for the algorithm that it names. */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    parameters: { name: 'ECDSA', hash: 'SHA-256' },
    import: { name: 'ECDSA', namedCurve: 'P-256' },
  },
  RS256: {
    kty: 'RSA',
    parameters: { name: 'RSASSA-PKCS1-v1_5' },
    import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', parameters: { name: 'Ed25519' }, import: { name: 'Ed25519' } },
};

const MAX_TOKEN_LENGTH = 64 * 1024;
const LEEWAY_S = 60;
/** How long a key set is used without asking again. */
const FRESH_MS = 60 * 60 * 1000;
/** How long one is used where the server cannot be asked. A key that is withdrawn stays published for as long. */
const STALE_MS = 7 * 24 * 60 * 60 * 1000;
/** How often an unknown key id may make us ask. */
const COOLDOWN_MS = 30 * 1000;
/** How long a failure is the answer before the server is asked again. */
const FAILED_MS = 5 * 1000;
/** A clock that is further off than this is more likely a wrong `Date` on the way. */
const MAX_SKEW_MS = 24 * 60 * 60 * 1000;
const FETCH_TIMEOUT_MS = 10 * 1000;

const known = new Map<string, KeySet>();
const reading = new Map<string, Promise<KeySet>>();
const askedAt = new Map<string, number>();
const failed = new Map<string, { readonly at: number; readonly cause: unknown }>();

/**
 * The claims of a session token whose signature, issuer, environment and end are good. Its keys are the environment's,
 * kept for when there is no network.
 *
 * @throws {ByoaError} `session_token_invalid` with the `reason`, `session_keys_unavailable`, `crypto_unavailable`
 */
export async function verifySessionToken(check: SessionTokenCheck): Promise<SessionClaims> {
  const { token, environmentId, signal } = check;
  signal?.throwIfAborted();
  if (!token) {
    throw invalid('jwt_missing', 'There is no session token to verify: nobody is signed in, or the session lives in a cookie that no script can read.');
  }
  const { header, claims, signed, signature } = parse(token);
  const algorithm = typeof header['alg'] === 'string' && Object.hasOwn(ALGORITHMS, header['alg']) ? ALGORITHMS[header['alg']] : undefined;
  if (!algorithm) throw invalid('jwt_alg_not_allowed', 'The session token is signed with an algorithm that session tokens do not have.');
  const { typ } = header;
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT')) {
    throw invalid('jwt_typ_not_allowed', 'The token is no session token.');
  }
  if (header['crit'] !== undefined) throw invalid('jwt_crit_unsupported', 'The session token needs an extension.');

  const fits = (key: JsonWebKey & { kid?: unknown }) =>
    key.kid === header['kid'] &&
    key.kty === algorithm.kty &&
    (algorithm.crv === undefined || key.crv === algorithm.crv) &&
    (key.alg === undefined || key.alg === header['alg']) &&
    (key.use === undefined || key.use === 'sig');
  const key = await keyOf(check, fits);
  if (!key) throw invalid('jwt_kid_unknown', 'The session token is signed with a key that the environment does not publish.');
  if (!(await isSigned(algorithm, key, signature, signed))) {
    throw invalid('jwt_signature_invalid', "The session token's signature is not the environment's.");
  }
  checkClaims(check, claims);
  if (claims['environment_id'] !== environmentId.toLowerCase()) {
    throw invalid('jwt_iss_mismatch', 'The session token is of another environment.');
  }
  return claims as unknown as SessionClaims;
}

function checkClaims({ apiBaseUrl, environmentId, issuer, skewMs = 0 }: SessionTokenCheck, claims: Record<string, unknown>): void {
  const expected = issuer ?? `${new URL(apiBaseUrl).host}/${environmentId.toLowerCase()}`;
  if (claims['iss'] !== expected) {
    throw invalid('jwt_iss_mismatch', `The session token's iss must be ${expected}: pass it as \`getClaims(client, { issuer })\` where the server has another public URL.`);
  }
  for (const name of ['sub', 'sid']) {
    if (typeof claims[name] !== 'string') throw invalid('jwt_payload_invalid', `The session token has no ${name}.`);
  }
  const { exp, iat } = claims;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw invalid('jwt_exp_missing', 'The session token has no end.');
  const now = (Date.now() + (Math.abs(skewMs) <= MAX_SKEW_MS ? skewMs : 0)) / 1000;
  if (now >= exp + LEEWAY_S) throw invalid('jwt_expired', 'The session token has ended; refresh the session.');
  if (typeof iat === 'number' && iat > now + LEEWAY_S) throw invalid('jwt_issued_in_future', "The session token is from the future; check this machine's clock.");
}

function parse(token: string): { header: Record<string, unknown>; claims: Record<string, unknown>; signed: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer> } {
  const [header, payload, signature, ...rest] = token.length > MAX_TOKEN_LENGTH ? [] : token.split('.');
  try {
    if (!header || !payload || !signature || rest.length > 0) throw new Error('not three parts');
    return { header: object(header), claims: object(payload), signed: utf8(`${header}.${payload}`), signature: fromBase64url(signature) };
  } catch {
    throw invalid('jwt_malformed', 'The session token is no JWT.');
  }
}

function object(part: string): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(part)));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return value as Record<string, unknown>;
}

async function isSigned(algorithm: Algorithm, jwk: JsonWebKey, signature: Uint8Array<ArrayBuffer>, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const subtle = cryptoSubtle();
  try {
    // Only the public members: what else the set says about the key is not for WebCrypto to obey.
    const { kty, crv, x, y, n, e } = jwk;
    const members = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined));
    const key = await subtle.importKey('jwk', members, algorithm.import, false, ['verify']);
    return await subtle.verify(algorithm.parameters, key, signature, signed);
  } catch (cause) {
    const isUnknown = cause instanceof DOMException && cause.name === 'NotSupportedError';
    if (!isUnknown) return false;
    throw errorBeforeCore('CryptoUnavailableError', 'crypto_unavailable', 'This browser cannot verify the signatures of this environment.', cause);
  }
}

/** A key from the cache, or from the server where the cache has none or is old. */
async function keyOf({ apiBaseUrl, environmentId, storage, signal }: SessionTokenCheck, fits: (key: JsonWebKey) => boolean): Promise<JsonWebKey | undefined> {
  const url = `${apiBaseUrl.replace(/\/+$/, '')}/sdk/${environmentId.toLowerCase()}/.well-known/jwks`;
  const name = `byoa:${environmentId.toLowerCase()}:jwks`;
  // The clock may have been set back: a time in the future is no age.
  const ageOf = ({ readAt }: KeySet) => (readAt <= Date.now() ? Date.now() - readAt : Infinity);
  const cached = [known.get(url) ?? restored(storage, name, url)].find((set) => set && ageOf(set) < STALE_MS);
  const found = cached?.keys.find(fits);
  if (cached && found && ageOf(cached) < FRESH_MS) return found;
  const sinceAsked = Date.now() - (askedAt.get(url) ?? -Infinity);
  if (cached && sinceAsked >= 0 && sinceAsked < COOLDOWN_MS) return found;
  const failure = failed.get(url);
  const sinceFailed = Date.now() - (failure?.at ?? -Infinity);
  try {
    if (failure && sinceFailed >= 0 && sinceFailed < FAILED_MS) throw failure.cause;
    const set = await aborting(read(url), signal);
    store(storage, name, url, set);
    return set.keys.find(fits);
  } catch (cause) {
    signal?.throwIfAborted();
    if (found) return found;
    const error = errorBeforeCore('SessionKeysUnavailableError', 'session_keys_unavailable', "The environment's public keys cannot be read now, and none are kept that fit.", cause);
    throw Object.assign(error, { retryable: true });
  }
}

/** One request for all who ask at the same time. */
function read(url: string): Promise<KeySet> {
  const running = reading.get(url);
  if (running) return running;
  askedAt.set(url, Date.now());
  const noted = (cause: unknown) => {
    failed.set(url, { at: Date.now(), cause });
    throw cause;
  };
  const begun = fetchKeySet(url)
    .catch(noted)
    .finally(() => reading.delete(url));
  reading.set(url, begun);
  return begun;
}

async function fetchKeySet(url: string): Promise<KeySet> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const answer = await fetch(url, { credentials: 'omit', redirect: 'error', cache: 'no-cache', signal });
  const keys = answer.ok ? keysOf(await answer.json()) : undefined;
  if (!keys) throw new Error(`no key set, but an answer of ${answer.status}`);
  const set = { readAt: Date.now(), keys };
  known.set(url, set);
  return set;
}

function keysOf(value: unknown): JsonWebKey[] | undefined {
  const keys = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) return undefined;
  return keys.filter((key): key is JsonWebKey => typeof key === 'object' && key !== null);
}

/** What an earlier page kept, for this very address. */
function restored(storage: KeySetStorage | undefined, name: string, url: string): KeySet | undefined {
  try {
    const { url: from, readAt, keys } = JSON.parse(storage?.getItem(name) ?? '{}') as Record<string, unknown>;
    const list = keysOf({ keys });
    return from === url && typeof readAt === 'number' && list ? { readAt, keys: list } : undefined;
  } catch {
    return undefined;
  }
}

function store(storage: KeySetStorage | undefined, name: string, url: string, set: KeySet): void {
  try {
    storage?.setItem(name, JSON.stringify({ url, ...set }));
  } catch {
    // Full or blocked: the next page asks again.
  }
}

function invalid(reason: Reason, message: string): Error {
  const code: ErrorCode = 'session_token_invalid';
  return Object.assign(errorBeforeCore('SessionTokenInvalidError', code, message), { reason });
}
