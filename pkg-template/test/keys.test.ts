// @vitest-environment node
// IndexedDB itself is tested in browsers (tests/e2e/bound-session.test.ts); here it fails at each place.
import { createHash, webcrypto } from 'node:crypto';
import { type JWK, calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type KeyHost, createKeyHost } from '../src/keys.js';

const ask = { environmentId: 'e1', method: 'POST', url: 'https://auth.example.com/api?x=1#y', issuedAt: 1_800_000_000 };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** As far as the module uses it: one store, whose values are kept as they are. */
function fakeIndexedDb(values = new Map<string, unknown>()) {
  const later = (run: () => unknown) => void setTimeout(run);
  return {
    values,
    open() {
      const opening: Record<string, any> = {};
      const transaction = () => {
        const running: Record<string, any> = {
          objectStore: () => ({
            get(key: string) {
              const reading: Record<string, any> = {};
              later(() => {
                reading['result'] = values.get(key);
                reading['onsuccess']();
                later(() => running['oncomplete']?.());
              });
              return reading;
            },
            put: (value: unknown, key: string) => void values.set(key, value),
          }),
        };
        return running;
      };
      opening['result'] = { transaction, close() {}, createObjectStore() {} };
      later(() => opening['onsuccess']());
      return opening;
    },
  };
}

async function verified(proof: string) {
  const { jwk } = decodeProtectedHeader(proof) as { jwk: JWK };
  return jwtVerify(proof, await importJWK(jwk, 'ES256'), { typ: 'dpop+jwt', algorithms: ['ES256'], currentDate: new Date(1_800_000_000_000) });
}

describe('a proof', () => {
  it('is what RFC 9449 asks for, by another implementation', async () => {
    const { proof, thumbprint } = await createKeyHost().prove({ ...ask, nonce: 'n', token: 'a.b.c' });
    const { payload, protectedHeader } = await verified(proof);
    expect(payload).toMatchObject({
      htm: 'POST',
      htu: 'https://auth.example.com/api',
      iat: 1_800_000_000,
      nonce: 'n',
      ath: createHash('sha256').update('a.b.c').digest('base64url'),
    });
    expect(Object.keys(protectedHeader.jwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y']);
    expect(await calculateJwkThumbprint(protectedHeader.jwk as JWK)).toBe(thumbprint);
  });

  it('has an id of its own, and neither a nonce nor a hash where there is none', async () => {
    const host = createKeyHost();
    const proofs = await Promise.all([host.prove(ask), host.prove(ask)]);
    const [one, two] = await Promise.all(proofs.map(({ proof }) => verified(proof)));
    expect(one?.payload.jti).not.toBe(two?.payload.jti);
    expect(Object.keys(one?.payload ?? {}).sort()).toEqual(['htm', 'htu', 'iat', 'jti']);
    expect(proofs[0]?.thumbprint).toBe(proofs[1]?.thumbprint);
  });

  it('comes with the key in hex, and with the signature of a device nonce where one is given', async () => {
    vi.stubGlobal('fetch', async (url: string) => Response.json({ nonce: `of ${url}` }));
    const { proof, publicKey, device } = await createKeyHost().prove({ ...ask, deviceNonceUrl: 'https://auth.example.com/nonce' });
    const { jwk } = decodeProtectedHeader(proof) as { jwk: JWK };
    const y = Buffer.from(jwk.y ?? '', 'base64url');
    expect(publicKey).toBe(`${(y[31] ?? 0) % 2 === 0 ? '02' : '03'}${Buffer.from(jwk.x ?? '', 'base64url').toString('hex')}`);
    const key = await webcrypto.subtle.importKey('jwk', jwk as webcrypto.JsonWebKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
    const signature = Buffer.from(device?.signature ?? '', 'hex');
    expect(device?.signature).toMatch(/^[0-9a-f]{128}$/);
    expect(await webcrypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, Buffer.from('of https://auth.example.com/nonce'))).toBe(true);
  });
});

describe('the key', () => {
  it('is one for the pages of an origin, and another for another environment', async () => {
    vi.stubGlobal('indexedDB', fakeIndexedDb());
    const [one, two] = await Promise.all([createKeyHost().prove(ask), createKeyHost().prove(ask)]);
    const later = await createKeyHost().prove(ask);
    const other = await createKeyHost().prove({ ...ask, environmentId: 'e2' });
    expect([two.thumbprint, later.thumbprint]).toEqual([one.thumbprint, one.thumbprint]);
    expect(other.thumbprint).not.toBe(one.thumbprint);
    expect([one.level, later.level]).toEqual(['bound', 'bound']);
  });

  it('cannot be taken out of the browser', async () => {
    const store = fakeIndexedDb();
    vi.stubGlobal('indexedDB', store);
    await createKeyHost().prove(ask);
    const { privateKey } = store.values.get('e1') as CryptoKeyPair;
    expect(privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow();
  });

  it.each([
    ['an extractable pair', () => webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])],
    ['another curve', () => webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign'])],
    ['something else', async () => ({ privateKey: 'x' })],
  ])('is made anew where %s lies in its place', async (_, make) => {
    const planted = await make();
    const store = fakeIndexedDb(new Map([['e1', planted]]));
    vi.stubGlobal('indexedDB', store);
    const { level } = await createKeyHost().prove(ask);
    expect(level).toBe('bound');
    expect(store.values.get('e1')).not.toBe(planted);
  });

  it('of a session is looked for again, in case that another tab made it', async () => {
    const store = fakeIndexedDb();
    vi.stubGlobal('indexedDB', store);
    const host = createKeyHost();
    const first = await host.prove(ask);
    store.values.clear();
    const elsewhere = await createKeyHost().prove(ask);
    expect((await host.prove({ ...ask, thumbprint: elsewhere.thumbprint })).thumbprint).toBe(elsewhere.thumbprint);
    expect((await host.prove({ ...ask, thumbprint: first.thumbprint })).thumbprint).toBe(first.thumbprint);
  });
});

describe('a key store that fails', () => {
  const throws = () => {
    throw new DOMException('blocked', 'SecurityError');
  };
  const failing = {
    'is not there': undefined,
    'throws when opened': { open: throws },
    'refuses to open': { open: () => answering('onerror', { error: new DOMException('no', 'UnknownError') }) },
    'is blocked': { open: () => answering('onblocked') },
    'never opens': { open: () => ({}) },
    'throws at a transaction': { open: () => answering('onsuccess', { result: { transaction: throws, close() {} } }) },
    'aborts a transaction': {
      open: () =>
        answering('onsuccess', {
          result: { transaction: () => answering('onabort', { error: new DOMException('full', 'QuotaExceededError'), objectStore: () => ({ get: () => ({}) }) }), close() {} },
        }),
    },
    'cannot hold keys': {
      open: () =>
        answering('onsuccess', {
          result: {
            transaction: () => answering('onabort', { error: new DOMException('clone', 'DataCloneError'), objectStore: () => ({ get: () => ({}), put: throws }) }),
            close() {},
          },
        }),
    },
    'never ends a transaction': {
      open: () => answering('onsuccess', { result: { transaction: () => ({ objectStore: () => ({ get: () => ({}) }) }), close() {} } }),
    },
  };
  function answering(event: string, more: object = {}): object {
    const request = { ...more } as Record<string, any>;
    setTimeout(() => request[event]?.());
    return request;
  }
  const prove = (host: KeyHost, thumbprint?: string) => host.prove({ ...ask, thumbprint });

  it.each(Object.entries(failing))('leaves a key for as long as the page lives: %s', async (_, indexedDb) => {
    vi.stubGlobal('indexedDB', indexedDb);
    const host = createKeyHost({ storeTimeoutMs: 5 });
    const first = await prove(host);
    expect(first.level).toBe('memory');
    const again = await prove(host, first.thumbprint);
    expect([again.level, again.thumbprint]).toEqual(['memory', first.thumbprint]);
  });

  it('gives back the key in it when it works again', async () => {
    const store = fakeIndexedDb();
    vi.stubGlobal('indexedDB', store);
    const bound = await prove(createKeyHost());
    vi.stubGlobal('indexedDB', failing['refuses to open']);
    const host = createKeyHost();
    const meanwhile = await prove(host, bound.thumbprint);
    expect([meanwhile.level, meanwhile.thumbprint === bound.thumbprint]).toEqual(['memory', false]);
    vi.stubGlobal('indexedDB', store);
    expect(await prove(host, bound.thumbprint)).toMatchObject({ level: 'bound', thumbprint: bound.thumbprint });
    // What was signed for in between can be signed for still.
    expect(await prove(host, meanwhile.thumbprint)).toMatchObject({ level: 'memory' });
  });

  it('is asked again for the next sign-in, and its key taken from then on', async () => {
    vi.stubGlobal('indexedDB', failing['never opens']);
    const host = createKeyHost({ storeTimeoutMs: 50 });
    const first = await prove(host);
    expect(await prove(host)).toMatchObject({ level: 'memory', thumbprint: first.thumbprint });
    vi.stubGlobal('indexedDB', fakeIndexedDb());
    const next = await prove(host);
    expect(next.level).toBe('bound');
    vi.stubGlobal('indexedDB', failing['never opens']);
    expect((await prove(host)).thumbprint).toBe(next.thumbprint);
    expect(await prove(host, first.thumbprint)).toMatchObject({ level: 'memory', thumbprint: first.thumbprint });
  });
});

it('says what to do where the page has no WebCrypto', async () => {
  vi.stubGlobal('crypto', {});
  await expect(createKeyHost().prove(ask)).rejects.toMatchObject({ code: 'crypto_unavailable', message: expect.stringContaining('https') });
});
