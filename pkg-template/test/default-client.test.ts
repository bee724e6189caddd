import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeWasm, config, credentials, settle } from './fake-core.js';

let wasm: FakeWasm;
vi.mock('../src/load-wasm.js', () => ({ loadWasm: () => wasm.load() }));

beforeEach(() => {
  wasm = new FakeWasm();
  vi.resetModules();
});
afterEach(() => vi.restoreAllMocks());

const byoa = () => import('../src/index.js');

it('is named in a sentence where there is none', async () => {
  const { getAuthToken, isSignedIn, logout } = await byoa();
  expect(() => isSignedIn()).toThrow(expect.objectContaining({ name: 'ClientNotFoundError', code: 'invalid_argument' }));
  await expect(logout()).rejects.toThrow('call createDynamicClient(');
  expect(getAuthToken()).toBeUndefined();
});

it('is the one that was made last', async () => {
  const { createDynamicClient, getDefaultClient, isSignedIn, signInWithExternalJwt } = await byoa();
  const first = createDynamicClient(config);
  const second = createDynamicClient(config);
  expect(getDefaultClient()).toBe(second);
  await signInWithExternalJwt(credentials);
  expect([isSignedIn(), isSignedIn(first), isSignedIn(second)]).toEqual([true, false, true]);
});

it('starts by itself in a browser, in the next turn and unless told otherwise', async () => {
  const { createDynamicClient } = await byoa();
  const client = createDynamicClient(config);
  expect([client.initStatus, wasm.loads]).toEqual(['uninitialized', 0]);
  await settle();
  expect([client.initStatus, wasm.loads]).toEqual(['finished', 1]);
  createDynamicClient({ ...config, autoInitialize: false });
  await settle();
  expect(wasm.loads).toBe(1);
});

it('takes the address of the API where the published SDK has it', async () => {
  const { createDynamicClient } = await byoa();
  const { environmentId, apiBaseUrl } = config;
  const client = createDynamicClient({ environmentId, coreConfig: { apiBaseUrl }, metadata: { name: 'App' }, instrumentation: { enabled: false } });
  expect(client.apiBaseUrl).toBe(apiBaseUrl);
  await settle();
  expect(wasm.only.config).toEqual(config);
  expect(() => createDynamicClient({ environmentId })).toThrow('byoa needs `apiBaseUrl`');
  expect(() => createDynamicClient(undefined as never)).toThrow('byoa needs `environmentId`');
});

it('reports on the console why it could not start', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  wasm.failure = new Error('blocked');
  const { createDynamicClient } = await byoa();
  const client = createDynamicClient(config);
  await settle();
  expect(client.initError).toBe(wasm.failure);
  expect(report).toHaveBeenCalledExactlyOnceWith(wasm.failure);
});
