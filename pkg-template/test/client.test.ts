import { afterEach, describe, expect, it, vi } from 'vitest';
import { LazyClient } from '../src/client.js';
import { isByoaError } from '../src/error.js';
import {
  APIError,
  BaseError,
  InvalidExternalAuthError,
  type LogoutReason,
  UnauthorizedError,
  checkUserScopes,
  deleteUser,
  getAuthToken,
  getMinAuthToken,
  initializeClient,
  isSignedIn,
  logout,
  offEvent,
  onEvent,
  onceEvent,
  refreshAuth,
  refreshUser,
  signInWithExternalJwt,
  updateUser,
  waitForClientInitialized,
} from '../src/index.js';
import { FakeWasm, alice, config, credentials, deferred, refusal, settle } from './fake-core.js';

vi.mock('../src/load-wasm.js', () => ({ loadWasm: vi.fn() }));
afterEach(() => vi.restoreAllMocks());

function makeClient() {
  const wasm = new FakeWasm();
  return { wasm, client: new LazyClient(config, wasm.load) };
}

async function signedInClient() {
  const made = makeClient();
  await signInWithExternalJwt(credentials, made.client);
  return made;
}

describe('a client', () => {
  it('loads nothing until it is started', async () => {
    const { wasm, client } = makeClient();
    client.getSnapshot();
    client.subscribe(() => {})();
    onEvent({ event: 'logout', listener: () => {} }, client)();
    expect(getAuthToken(client)).toBeUndefined();
    expect([client.user, client.token, client.sessionExpiresAt, client.inspect()]).toEqual([null, null, null, undefined]);
    await settle();
    expect(wasm.loads).toBe(0);
  });

  it('is loading until the stored session is read', async () => {
    const { wasm, client } = makeClient();
    wasm.stored = alice;
    expect(client.getSnapshot()).toEqual({ status: 'loading' });
    expect(isSignedIn(client)).toBe(false);
    await initializeClient(client);
    expect(client.getSnapshot()).toMatchObject({ status: 'signedIn', user: alice });
    expect(isSignedIn(client)).toBe(true);
  });

  it('gives the same values until something changes', async () => {
    const { client } = makeClient();
    expect(client.getSnapshot()).toBe(client.getSnapshot());
    expect(client.getSnapshot()).toBe(client.getServerSnapshot());
    await initializeClient(client);
    const signedOut = client.getSnapshot();
    expect(client.getSnapshot()).toBe(signedOut);
    await signInWithExternalJwt(credentials, client);
    expect(client.getSnapshot()).not.toBe(signedOut);
    expect(client.user).toBe(client.user);
    expect(client.sessionExpiresAt).toBe(client.sessionExpiresAt);
  });

  it('loads once for calls made at once, and queues them', async () => {
    const { wasm, client } = makeClient();
    const [, { user }, refreshed] = await Promise.all([initializeClient(client), signInWithExternalJwt(credentials, client), refreshUser(client)]);
    expect([user.externalUserId, refreshed.id]).toEqual(['alice', alice.userId]);
    expect(wasm.loads).toBe(1);
    expect(wasm.only.config).toEqual(config);
  });

  it('tries again after a failed load', async () => {
    const { wasm, client } = makeClient();
    wasm.failure = new Error('blocked');
    await expect(initializeClient(client)).rejects.toBe(wasm.failure);
    await expect(logout(client)).rejects.toBe(wasm.failure);
    wasm.failure = undefined;
    await expect(signInWithExternalJwt(credentials, client)).resolves.toMatchObject({ user: { externalUserId: 'alice' } });
    expect(wasm.loads).toBe(3);
  });

  it('says how far it has come, and why it failed', async () => {
    const { wasm, client } = makeClient();
    const told: unknown[] = [];
    onEvent({ event: 'initStatusChanged', listener: ({ initStatus }) => told.push(initStatus) }, client);
    onEvent({ event: 'initErrorChanged', listener: ({ initError }) => told.push(initError) }, client);
    wasm.failure = new Error('blocked');
    const waiting = waitForClientInitialized(client);
    expect(client.initStatus).toBe('uninitialized');
    await initializeClient(client).catch(() => {});
    await expect(waiting).rejects.toBe(wasm.failure);
    expect([client.initStatus, client.initError]).toEqual(['failed', wasm.failure]);
    const failure = wasm.failure;
    wasm.failure = undefined;
    const [again] = await Promise.all([initializeClient(client), initializeClient(client)]);
    expect(again).toBeUndefined();
    await waitForClientInitialized(client);
    expect(told).toEqual(['in-progress', failure, 'failed', null, 'in-progress', 'finished']);
  });

  it("passes the core's errors through unchanged", async () => {
    const { wasm, client } = makeClient();
    await initializeClient(client);
    const refused = refusal('invalid_external_auth', { reason: 'jwt_expired', status: 422 });
    wasm.only.gate = Promise.reject(refused);
    const caught: unknown = await signInWithExternalJwt(credentials, client).catch((error: unknown) => error);
    expect(caught).toBe(refused);
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
    await initializeClient(client);
    expect(listener).toHaveBeenCalledTimes(2);
    expect(report).toHaveBeenCalledWith(failure);
    leave();
    leave();
    wasm.only.become({ status: 'signedOut' });
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('closes the core and opens a new one when it is called again', async () => {
    const { wasm, client } = makeClient();
    await initializeClient(client);
    client.close();
    client.close();
    expect(wasm.only.closed).toBe(true);
    expect([client.getSnapshot(), client.initStatus]).toEqual([{ status: 'loading' }, 'uninitialized']);
    await initializeClient(client);
    expect(wasm.clients).toHaveLength(2);
    expect(client.getSnapshot()).toEqual({ status: 'signedOut' });
  });

  it('refuses what waited for the core when it was closed, and makes no core then', async () => {
    const wasm = new FakeWasm();
    const loaded = deferred();
    const client = new LazyClient(config, async () => {
      await loaded.promise;
      return wasm.load();
    });
    const waiting = signInWithExternalJwt(credentials, client);
    client.close();
    loaded.resolve();
    await expect(waiting).rejects.toMatchObject({ name: 'SupersededError', code: 'superseded', retryable: false });
    expect(wasm.clients).toHaveLength(0);
  });

  it.each(['environmentId', 'apiBaseUrl'] as const)('says that %s is missing, and how to set it', (name) => {
    for (const missing of [undefined, '', 7]) {
      const incomplete = { ...config, [name]: missing } as unknown as typeof config;
      expect(() => new LazyClient(incomplete, new FakeWasm().load)).toThrow(expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringMatching(new RegExp(`^byoa needs \`${name}\`: set it to .+\\.$`)),
      }));
    }
  });

  it('says so when something else is passed for it', () => {
    expect(() => onEvent({ event: 'logout', listener: () => {} }, {} as LazyClient)).toThrow('This is not a byoa client');
  });
});

describe('the functions', () => {
  it('answer a sign-in and a refresh in the shape of the published SDK', async () => {
    const { client } = makeClient();
    const answer = await signInWithExternalJwt(credentials, client);
    expect(answer).toEqual({ user: client.user, expiresAt: 1_800_000_000, minifiedJwt: 'small-1', jwt: 'fat-1' });
    expect(answer.user).toMatchObject({ id: alice.userId, projectEnvironmentId: alice.environmentId, externalUserId: 'alice' });
    expect(answer.user.verifiedCredentials[0]).toMatchObject({ publicIdentifier: 'alice', public_identifier: 'alice' });
    expect(answer.user.firstVisit).toEqual(new Date('2026-01-02T03:04:05.000Z'));
    expect(await refreshAuth(client)).toMatchObject({ minifiedJwt: 'small-2', jwt: 'fat-2' });
    expect([client.token, getMinAuthToken(client), getAuthToken(client)]).toEqual(['small-2', 'small-2', 'fat-2']);
  });

  it('hand on what they are given: a JWT alone, or nothing where it comes in a cookie', async () => {
    const { wasm, client } = makeClient();
    await initializeClient(client);
    const signIn = vi.spyOn(wasm.only, 'signIn');
    await signInWithExternalJwt({ externalJwt: 'a.b.c' }, client);
    await signInWithExternalJwt(undefined, client);
    expect(signIn.mock.calls).toEqual([[{ externalJwt: 'a.b.c' }], [{}]]);
  });

  it('read, change and delete the user', async () => {
    const { client } = await signedInClient();
    expect(await refreshUser(client)).toMatchObject({ id: alice.userId, alias: 'Alice' });
    expect(await updateUser({ userFields: { alias: 'Al' } }, client)).toBeUndefined();
    expect(client.user?.alias).toBe('Al');
    await deleteUser(client);
    expect(client.getSnapshot()).toEqual({ status: 'signedOut', reason: 'user-deleted' });
  });

  it('end a call whose signal is aborted, also one that was before', async () => {
    const { wasm, client } = await signedInClient();
    wasm.only.gate = new Promise(() => {});
    const controller = new AbortController();
    const refreshing = refreshAuth(client, { signal: controller.signal });
    await settle();
    controller.abort();
    await expect(refreshing).rejects.toMatchObject({ code: 'aborted' });
    await expect(refreshAuth(client, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('leave no listener on a signal that lives longer', async () => {
    const { client } = await signedInClient();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await refreshAuth(client, { signal });
    expect(removed.mock.calls).toEqual(added.mock.calls);
    expect(added).toHaveBeenCalledOnce();
  });

  it('refuse an answer whose session ended on the way', async () => {
    const { wasm, client } = await signedInClient();
    client.subscribe(() => client.getSnapshot().status === 'signedIn' && wasm.only.end('session-revoked'));
    await expect(refreshAuth(client)).rejects.toMatchObject({ code: 'superseded' });
  });

  it('know the scopes of a user', () => {
    const user = { scope: 'user:basic org:admin' };
    expect(checkUserScopes({ scopes: ['user:basic'], user })).toBe(true);
    expect(checkUserScopes({ scopes: ['user:basic', 'other'], user })).toBe(false);
    expect(checkUserScopes({ scopes: ['user:basic'], user: {} })).toBe(false);
  });
});

describe('the events', () => {
  it('come after the state has changed, in the order of the published SDK', async () => {
    const { client } = makeClient();
    const told: unknown[] = [];
    const names = ['authInit', 'sessionExpiresAtChanged', 'tokenChanged', 'userChanged', 'authSuccess', 'authFailure', 'logout'] as const;
    for (const event of names) onEvent({ event, listener: (what) => told.push([event, what, client.getSnapshot().status]) }, client);
    await initializeClient(client);
    expect(told.splice(0)).toEqual([]);
    await signInWithExternalJwt(credentials, client);
    const { user, sessionExpiresAt } = client;
    expect(told.splice(0)).toEqual([
      ['authInit', { externalUserId: 'alice' }, 'signedOut'],
      ['sessionExpiresAtChanged', { sessionExpiresAt }, 'signedIn'],
      ['tokenChanged', { token: 'small-1' }, 'signedIn'],
      ['userChanged', { user }, 'signedIn'],
      ['authSuccess', { user }, 'signedIn'],
    ]);
    await refreshAuth(client);
    expect(told.splice(0).map(([name]: any) => name)).toEqual(['sessionExpiresAtChanged', 'tokenChanged']);
    await updateUser({ userFields: { alias: 'Al' } }, client);
    expect(told.splice(0).map(([name]: any) => name)).toEqual(['userChanged']);
    await logout(client);
    expect(told.splice(0)).toEqual([
      ['sessionExpiresAtChanged', { sessionExpiresAt: null }, 'signedOut'],
      ['tokenChanged', { token: null }, 'signedOut'],
      ['userChanged', { user: null }, 'signedOut'],
      ['logout', { reason: 'user-intent' satisfies LogoutReason }, 'signedOut'],
    ]);
  });

  it('tell of a failure with the error that the promise rejects with', async () => {
    const { wasm, client } = makeClient();
    await initializeClient(client);
    const error = refusal('invalid_external_auth');
    wasm.only.gate = Promise.reject(error);
    const listener = vi.fn();
    onEvent({ event: 'authFailure', listener }, client);
    await expect(signInWithExternalJwt(credentials, client)).rejects.toBe(error);
    expect(listener).toHaveBeenCalledExactlyOnceWith({ error, externalUserId: 'alice' });
  });

  it('pass on what the core says of the session, with dates', async () => {
    const { wasm, client } = await signedInClient();
    const told: unknown[] = [];
    for (const event of ['sessionExpiring', 'sessionRefreshFailed', 'warning'] as const) onEvent({ event, listener: (what) => told.push(what) }, client);
    wasm.only.emit({ type: 'sessionExpiring', expiresAt: 5 });
    wasm.only.emit({ type: 'sessionRefreshFailed', code: 'network_error', retryAt: 6 });
    wasm.only.emit({ type: 'warning', code: 'revoke_failed', message: 'No.' });
    expect(told).toEqual([{ expiresAt: new Date(5) }, { code: 'network_error', retryAt: new Date(6) }, { code: 'revoke_failed', message: 'No.' }]);
  });

  it('end with what onEvent gave, with offEvent, and after once', async () => {
    const { wasm, client } = await signedInClient();
    const [one, two, three] = [vi.fn(), vi.fn(), vi.fn()];
    const end = onEvent({ event: 'warning', listener: one }, client);
    onEvent({ event: 'warning', listener: two }, client);
    onceEvent({ event: 'warning', listener: three }, client);
    const warn = () => wasm.only.emit({ type: 'warning', code: 'c', message: 'm' });
    warn();
    warn();
    end();
    offEvent({ event: 'warning', listener: two }, client);
    warn();
    expect([one, two, three].map((listener) => listener.mock.calls.length)).toEqual([2, 2, 1]);
  });

  it('may call back in', async () => {
    const { client } = makeClient();
    const ended = deferred();
    onEvent({ event: 'authSuccess', listener: () => void logout(client).then(() => ended.resolve()) }, client);
    await expect(signInWithExternalJwt(credentials, client)).rejects.toMatchObject({ code: 'superseded' });
    await ended.promise;
    expect(client.user).toBeNull();
  });
});

describe('the error classes', () => {
  it('tell one kind from another, as in the published SDK', () => {
    const refused = refusal('invalid_external_auth', { status: 422 });
    const unauthorized = refusal('unauthorized', { status: 401 });
    const offline = refusal('network_error');
    const kinds = (error: unknown) => [BaseError, APIError, InvalidExternalAuthError, UnauthorizedError].map((kind) => error instanceof kind);
    expect(kinds(refused)).toEqual([true, true, true, false]);
    expect(kinds(unauthorized)).toEqual([true, true, false, true]);
    expect(kinds(offline)).toEqual([true, false, false, false]);
    expect(kinds(new Error('of the app'))).toEqual([false, false, false, false]);
    expect(kinds(undefined)).toEqual([false, false, false, false]);
  });
});
