import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LazyClient } from '../src/client.js';
import { getClaims, signInWithExternalJwt } from '../src/index.js';
import { FakeWasm, config, credentials } from './fake-core.js';

const verify = vi.hoisted(() => vi.fn());
vi.mock('../src/load-wasm.js', () => ({ loadWasm: vi.fn() }));
vi.mock('../src/claims.js', () => ({ verifySessionToken: verify }));

let client: LazyClient;
beforeEach(() => {
  client = new LazyClient(config, new FakeWasm().load);
  verify.mockReset().mockResolvedValue({ sub: 'u' });
});
afterEach(() => vi.unstubAllGlobals());

it('verifies the token that the client has now, in the time of the server', async () => {
  await signInWithExternalJwt(credentials, client);
  const { signal } = new AbortController();
  await expect(getClaims(client, { signal })).resolves.toEqual({ sub: 'u' });
  expect(verify).toHaveBeenCalledExactlyOnceWith({ token: 'small-1', ...config, skewMs: 0, storage: localStorage, signal });
  await getClaims(client, { issuer: 'public.example.com/e' });
  expect(verify).toHaveBeenLastCalledWith(expect.objectContaining({ issuer: 'public.example.com/e' }));
});

it('asks for no storage where that is blocked', async () => {
  vi.stubGlobal('localStorage', undefined);
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, get: () => { throw new DOMException('blocked', 'SecurityError'); } });
  await getClaims(client);
  expect(verify).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ token: undefined, storage: undefined }));
});
