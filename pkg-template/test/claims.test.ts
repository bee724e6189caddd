// @vitest-environment node
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SessionTokenCheck, verifySessionToken } from '../src/claims.js';

const ENVIRONMENT = '00000000-0000-4000-8000-00000000b0a0';
const NOW = 1_800_000_000;
const KEYS: Record<string, { privateKey: CryptoKey; jwk: JWK }> = {};

let host = 0;
let published: JWK[] = [];
let asked: string[] = [];
let online = true;

beforeEach(async () => {
  for (const alg of ['ES256', 'RS256', 'EdDSA']) {
    if (KEYS[alg]) continue;
    const { privateKey, publicKey } = await generateKeyPair(alg);
    KEYS[alg] = { privateKey, jwk: { ...(await exportJWK(publicKey)), alg, kid: alg, use: 'sig' } };
  }
  // A server of its own for each test: the module remembers key sets and when it asked.
  host += 1;
  published = Object.values(KEYS).map(({ jwk }) => jwk);
  asked = [];
  online = true;
  vi.useFakeTimers({ now: NOW * 1000 });
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    if (!online) throw new TypeError('Failed to fetch');
    return Response.json({ keys: published });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const claims = () => ({
  iss: `auth${host}.example.com/${ENVIRONMENT}`,
  sub: 'user',
  sid: 'session',
  environment_id: ENVIRONMENT,
  scope: 'user:basic',
  iat: NOW,
  exp: NOW + 7200,
});
const sign = (bent: object = {}, { alg = 'ES256', header = {} }: { alg?: string; header?: object } = {}) => {
  const key = KEYS[alg];
  if (!key) throw new Error(alg);
  return new SignJWT({ ...claims(), ...bent }).setProtectedHeader({ alg, kid: alg, typ: 'JWT', ...header }).sign(key.privateKey);
};
const check = (token: string | undefined, more: Partial<SessionTokenCheck> = {}) =>
  verifySessionToken({ token, environmentId: ENVIRONMENT, apiBaseUrl: `https://auth${host}.example.com/api/v0`, ...more });
const reasonOf = (token: string | undefined, more?: Partial<SessionTokenCheck>) =>
  check(token, more).then(
    () => 'accepted',
    (error: { code: string; reason?: string }) => (error.code === 'session_token_invalid' ? error.reason : error.code),
  );
const memory = () => {
  const values = new Map<string, string>();
  return { values, getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value) };
};

describe('a session token', () => {
  it.each(['ES256', 'RS256', 'EdDSA'])('of the environment gives its claims: %s', async (alg) => {
    expect(await check(await sign({}, { alg }))).toMatchObject({ sub: 'user', sid: 'session' });
    expect(asked).toEqual([`https://auth${host}.example.com/api/v0/sdk/${ENVIRONMENT}/.well-known/jwks`]);
  });

  it.each([
    ['of another issuer', { iss: `evil.example.com/${ENVIRONMENT}` }, 'jwt_iss_mismatch'],
    ['of another environment', { environment_id: '11111111-0000-4000-8000-00000000b0a0' }, 'jwt_iss_mismatch'],
    ['that has ended', { exp: NOW - 60 }, 'jwt_expired'],
    ['without an end', { exp: undefined }, 'jwt_exp_missing'],
    ['with an end that is no time', { exp: '1800007200' }, 'jwt_exp_missing'],
    ['from the future', { iat: NOW + 61 }, 'jwt_issued_in_future'],
    ['of nobody', { sub: undefined }, 'jwt_payload_invalid'],
    ['of no session', { sid: 7 }, 'jwt_payload_invalid'],
  ])('%s is refused', async (_, bent, reason) => {
    expect(await reasonOf(await sign(bent))).toBe(reason);
  });

  it.each([
    ['whose type is a list', { typ: ['JWT'] }, 'jwt_typ_not_allowed'],
    ['made for a step-up', { typ: 'elevated+jwt' }, 'jwt_typ_not_allowed'],
    ['of a key that is not published', { kid: 'other' }, 'jwt_kid_unknown'],
    ['of a key for another algorithm', { kid: 'RS256' }, 'jwt_kid_unknown'],
  ])('%s is refused', async (_, header, reason) => {
    expect(await reasonOf(await sign({}, { header }))).toBe(reason);
  });

  it('with a changed payload, a changed signature or none is refused', async () => {
    const [header, payload, signature] = (await sign()).split('.');
    const other = Buffer.from(JSON.stringify({ ...claims(), sub: 'somebody-else' })).toString('base64url');
    expect(await reasonOf(`${header}.${other}.${signature}`)).toBe('jwt_signature_invalid');
    expect(await reasonOf(`${header}.${payload}.${'A'.repeat(86)}`)).toBe('jwt_signature_invalid');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    expect(await reasonOf(`${none}.${payload}.`)).toBe('jwt_malformed');
    expect(await reasonOf(`${none}.${payload}.AA`)).toBe('jwt_alg_not_allowed');
    const hmac = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: 'RS256' })).toString('base64url');
    expect(await reasonOf(`${hmac}.${payload}.AA`)).toBe('jwt_alg_not_allowed');
    const inherited = Buffer.from(JSON.stringify({ alg: 'constructor' })).toString('base64url');
    expect(await reasonOf(`${inherited}.${payload}.AA`)).toBe('jwt_alg_not_allowed');
  });

  it.each(['a.b', 'a.b.c', '!.!.!', 'W10.W10.AA', `${'a'.repeat(70_000)}.b.c`])('that is no JWT is refused: %.10s', async (token) => {
    expect(await reasonOf(token)).toBe('jwt_malformed');
  });

  it('that is not there is refused with a sentence', async () => {
    expect(await reasonOf(undefined)).toBe('jwt_missing');
  });

  it('is judged by the learnt clock, not by the one of the machine', async () => {
    const token = await sign();
    const day = 24 * 3600 * 1000;
    vi.setSystemTime(NOW * 1000 + day);
    expect(await reasonOf(token)).toBe('jwt_expired');
    expect(await reasonOf(token, { skewMs: -day })).toBe('accepted');
    vi.setSystemTime(NOW * 1000 - day);
    expect(await reasonOf(token, { skewMs: day })).toBe('accepted');
  });

  it.each([NaN, Infinity, -Infinity, -25 * 3600 * 1000])('has ended whatever clock was learnt that cannot be: %s', async (skewMs) => {
    expect(await reasonOf(await sign({ iat: NOW - 90_000, exp: NOW - 86_400 }), { skewMs })).toBe('jwt_expired');
  });

  it('that never ends is refused', async () => {
    const [header, payload] = (await sign()).split('.') as [string, string];
    const text = Buffer.from(payload, 'base64url').toString().replace(/"exp":\d+/, '"exp":1e999');
    const signed = `${header}.${Buffer.from(text).toString('base64url')}`;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, KEYS['ES256']!.privateKey, Buffer.from(signed));
    expect(await reasonOf(`${signed}.${Buffer.from(signature).toString('base64url')}`)).toBe('jwt_exp_missing');
  });

  it('of a server with another public URL is taken where the app names its issuer', async () => {
    const issuer = `public.example.com/${ENVIRONMENT}`;
    const token = await sign({ iss: issuer });
    await expect(check(token)).rejects.toMatchObject({ reason: 'jwt_iss_mismatch', message: expect.stringContaining('getClaims(client, { issuer })') });
    expect(await reasonOf(token, { issuer })).toBe('accepted');
  });

  it('is in no sentence', async () => {
    const token = await sign({ exp: NOW - 100 });
    const error = await check(token).catch((thrown: Error) => thrown);
    expect(String(error)).not.toContain(token.slice(0, 20));
  });
});

describe('the key set', () => {
  it('is asked for once by calls at the same time, and not again for an hour', async () => {
    const token = await sign();
    await Promise.all([check(token), check(token), check(token)]);
    vi.setSystemTime((NOW + 3599) * 1000);
    await check(token);
    expect(asked).toHaveLength(1);
    vi.setSystemTime((NOW + 3601) * 1000);
    await check(token);
    expect(asked).toHaveLength(2);
  });

  it('is kept for a page without a network, for seven days', async () => {
    const storage = memory();
    await check(await sign(), { storage });
    const kept = [...storage.values][0];
    online = false;
    vi.resetModules();
    const later = await import('../src/claims.js');
    const at = async (seconds: number) => {
      vi.setSystemTime((NOW + seconds) * 1000);
      const token = await sign({ iat: NOW + seconds, exp: NOW + seconds + 60 });
      const apiBaseUrl = `https://auth${host}.example.com/api/v0`;
      return later.verifySessionToken({ token, environmentId: ENVIRONMENT, apiBaseUrl, storage }).then(
        ({ sub }) => sub,
        (error: { code: string; retryable: boolean }) => `${error.code} ${error.retryable}`,
      );
    };
    expect(kept?.[0]).toBe(`byoa:${ENVIRONMENT}:jwks`);
    expect(await at(6 * 24 * 3600)).toBe('user');
    expect(await at(8 * 24 * 3600)).toBe('session_keys_unavailable true');
  });

  it.each(['', '{', '{"keys":1}', 'null', '{"url":"https://evil.example.com/jwks","readAt":1799999999000,"keys":[]}'])(
    'is asked for where what is kept is no key set of this server: %s',
    async (text) => {
      const storage = memory();
      storage.values.set(`byoa:${ENVIRONMENT}:jwks`, text);
      await check(await sign(), { storage });
      expect(asked).toHaveLength(1);
    },
  );

  it('is asked for a new key at once, and for a made-up one every 30 seconds at most', async () => {
    published = published.filter(({ kid }) => kid !== 'RS256');
    await check(await sign());
    vi.setSystemTime((NOW + 31) * 1000);
    published = Object.values(KEYS).map(({ jwk }) => jwk);
    await check(await sign({}, { alg: 'RS256' }));
    expect(asked).toHaveLength(2);
    for (let seconds = 32; seconds < 60; seconds += 1) {
      vi.setSystemTime((NOW + seconds) * 1000);
      expect(await reasonOf(await sign({}, { header: { kid: `made-up-${seconds}` } }))).toBe('jwt_kid_unknown');
    }
    expect(asked).toHaveLength(2);
    expect(await check(await sign())).toMatchObject({ sub: 'user' });
  });

  it('that cannot be read says so, and that it may be tried again', async () => {
    online = false;
    await expect(check(await sign())).rejects.toMatchObject({ code: 'session_keys_unavailable', retryable: true });
    for (let call = 0; call < 20; call += 1) expect(await reasonOf(await sign())).toBe('session_keys_unavailable');
    expect(asked).toHaveLength(1);
    online = true;
    vi.setSystemTime((NOW + 5) * 1000);
    expect(await check(await sign())).toMatchObject({ sub: 'user' });
  });
});

it('names https as the mend where the page has no WebCrypto', async () => {
  const token = await sign();
  vi.stubGlobal('crypto', {});
  await expect(check(token)).rejects.toMatchObject({ code: 'crypto_unavailable', message: expect.stringContaining('https') });
});

it('follows the signal of the caller', async () => {
  const token = await sign();
  vi.stubGlobal('fetch', () => new Promise(() => {}));
  const controller = new AbortController();
  const checking = check(token, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(checking).rejects.toThrow('enough');
});
