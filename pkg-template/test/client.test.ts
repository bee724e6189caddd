import { afterEach, describe, expect, it, vi } from 'vitest';
import { isByoaError } from '../src/error.js';
import { LazyAuthClient } from '../src/client.js';
import { FakeWasm, alice, config, credentials, deferred, settle } from './fake-core.js';

afterEach(() => vi.restoreAllMocks());

function makeClient() {
  const wasm = new FakeWasm();
  return { wasm, client: new LazyAuthClient(config, wasm.load) };
}

describe('a client', () => {
  it('loads nothing until it is started', async () => {
    const { wasm, client } = makeClient();
    client.getSnapshot();
    client.subscribe(() => {})();
    expect(client.getAuthToken()).toBeUndefined();
    await settle();
    expect(wasm.loads).toBe(0);
  });

  it('is loading until the stored session is read', async () => {
    const { wasm, client } = makeClient();
    wasm.stored = alice;
    expect(client.getSnapshot()).toEqual({ status: 'loading' });
    await client.start();
    expect(client.getSnapshot()).toMatchObject({ status: 'signedIn', user: alice });
  });

  it('gives the same snapshot until something changes', async () => {
    const { client } = makeClient();
    expect(client.getSnapshot()).toBe(client.getSnapshot());
    expect(client.getSnapshot()).toBe(client.getServerSnapshot());
    await client.start();
    const signedOut = client.getSnapshot();
    expect(client.getSnapshot()).toBe(signedOut);
    await client.signInWithExternalJwt(credentials);
    expect(client.getSnapshot()).not.toBe(signedOut);
  });

  it('loads once for calls made at once, and queues them', async () => {
    const { wasm, client } = makeClient();
    const [, user, refreshed] = await Promise.all([client.start(), client.signInWithExternalJwt(credentials), client.refresh()]);
    expect([user, refreshed]).toEqual([alice, alice]);
    expect(wasm.loads).toBe(1);
    expect(wasm.only.config).toEqual(config);
  });

  it('tries again after a failed load', async () => {
    const { wasm, client } = makeClient();
    wasm.failure = new Error('blocked');
    await expect(client.start()).rejects.toBe(wasm.failure);
    await expect(client.logout()).rejects.toBe(wasm.failure);
    wasm.failure = undefined;
    await expect(client.signInWithExternalJwt(credentials)).resolves.toBe(alice);
    expect(wasm.loads).toBe(3);
  });

  it("passes the core's errors through unchanged", async () => {
    const { wasm, client } = makeClient();
    await client.start();
    const refusal = Object.assign(new Error('The token has expired.'), { code: 'invalid_external_auth', reason: 'jwt_expired', status: 422, retryable: false });
    wasm.only.gate = Promise.reject(refusal);
    const caught: unknown = await client.signInWithExternalJwt(credentials).catch((error: unknown) => error);
    expect(caught).toBe(refusal);
    expect(isByoaError(caught) && caught.reason).toBe('jwt_expired');
  });

  it('tells its listeners, also after one of them failed, until they leave', async () => {
    const { wasm, client } = makeClient();
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const failure = new Error('listener');
    const listener = vi.fn();
    client.subscribe(() => {
      throw failure;
    });
    const leave = client.subscribe(listener);
    client.subscribe(listener);
    await client.start();
    expect(listener).toHaveBeenCalledTimes(2);
    expect(report).toHaveBeenCalledWith(failure);
    leave();
    leave();
    wasm.only.become({ status: 'signedOut' });
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('closes the core and opens a new one when it is called again', async () => {
    const { wasm, client } = makeClient();
    await client.start();
    client.close();
    client.close();
    expect(wasm.only.closed).toBe(true);
    expect(client.getSnapshot()).toEqual({ status: 'loading' });
    await client.start();
    expect(wasm.clients).toHaveLength(2);
    expect(client.getSnapshot()).toEqual({ status: 'signedOut' });
  });

  it('refuses what waited for the core when it was closed, and makes no core then', async () => {
    const wasm = new FakeWasm();
    const loaded = deferred();
    const client = new LazyAuthClient(config, async () => {
      await loaded.promise;
      return wasm.load();
    });
    const waiting = client.signInWithExternalJwt(credentials);
    client.close();
    loaded.resolve();
    await expect(waiting).rejects.toMatchObject({ name: 'SupersededError', code: 'superseded', retryable: false });
    expect(wasm.clients).toHaveLength(0);
  });

  it.each(['environmentId', 'apiBaseUrl'] as const)('says that %s is missing, and how to set it', (name) => {
    for (const missing of [undefined, '', 7]) {
      const incomplete = { ...config, [name]: missing } as unknown as typeof config;
      expect(() => new LazyAuthClient(incomplete, new FakeWasm().load)).toThrow(expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringMatching(new RegExp(`^byoa needs \`${name}\`: set it to .+\\.$`)),
      }));
    }
  });
});
