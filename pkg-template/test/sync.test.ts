import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LazyClient } from '../src/client.js';
import { type ExternalAuthProvider, type ExternalAuthSync, logout, signInWithExternalJwt, syncExternalAuth } from '../src/index.js';
import { FakeWasm, alice, config, deferred, refusal } from './fake-core.js';

vi.mock('../src/load-wasm.js', () => ({ loadWasm: vi.fn() }));

let wasm: FakeWasm;
let client: LazyClient;
let sync: ExternalAuthSync;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  wasm = new FakeWasm();
  client = new LazyClient(config, wasm.load);
});
afterEach(() => {
  sync?.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A JWT with that `sub`; nothing here looks at the rest of it. */
const jwtOf = (sub: string, nonce = '') => `h.${btoa(JSON.stringify({ sub, nonce }))}.s`;
const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
/** A rejection that may wait for whoever handles it. */
const rejecting = (error: Error) => {
  const rejected = Promise.reject(error);
  rejected.catch(() => {});
  return rejected;
};
const who = () => client.user?.externalUserId;

/** A provider that a test signs people in and out at. */
class Provider implements ExternalAuthProvider {
  answer: () => ReturnType<ExternalAuthProvider['getExternalJwt']> = () => null;
  asked = 0;
  readonly listeners = new Set<() => void>();
  readonly getExternalJwt = () => {
    this.asked += 1;
    return this.answer();
  };
  readonly subscribe = (changed: () => void) => {
    this.listeners.add(changed);
    return () => void this.listeners.delete(changed);
  };
  has(sub: string | null, nonce?: string) {
    this.answer = async () => (sub === null ? null : jwtOf(sub, nonce));
    for (const tell of this.listeners) tell();
  }
}

async function begun(provider: Provider, stored?: typeof alice) {
  wasm.stored = stored;
  sync = syncExternalAuth(provider, client);
  await tick();
  return provider;
}

describe('syncExternalAuth', () => {
  it('signs in who is signed in at the provider, follows a switch, and signs out', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    expect([who(), sync.getState()]).toEqual(['alice', { status: 'synced' }]);
    const reasons: string[] = [];
    client.on('logout', ({ reason }) => reasons.push(reason));
    provider.has('bob');
    await tick();
    expect([who(), reasons]).toEqual(['bob', ['provider-signed-out']]);
    provider.has(null);
    await tick(500);
    expect(who()).toBe('bob');
    await tick(600);
    expect([who(), sync.getState(), reasons]).toEqual([undefined, { status: 'signedOut' }, ['provider-signed-out', 'provider-signed-out']]);
  });

  it('keeps a restored session of the same user without an exchange', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider, alice);
    expect([wasm.only.exchanges, sync.getState()]).toEqual([0, { status: 'synced' }]);
  });

  it('exchanges once more before a session ends that was not refreshed, and when one has ended by age', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    wasm.only.emit({ type: 'sessionExpiring', expiresAt: Date.now() + 1000 });
    await tick();
    expect([wasm.only.exchanges, sync.getState()]).toEqual([2, { status: 'synced' }]);
    wasm.only.end('expired');
    await tick();
    expect([wasm.only.exchanges, who()]).toEqual([3, 'alice']);
  });

  it('passes your own id of the user on, or else the sub of the JWT', async () => {
    const provider = Object.assign(new Provider(), { getExternalUserId: async () => 'id-of-alice' });
    provider.has('alice');
    await begun(provider);
    expect(who()).toBe('id-of-alice');
  });

  it('leaves a session as it is while the provider throws, hangs or does not know, and shows it', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    const failure = new Error('provider down');
    provider.answer = () => {
      throw failure;
    };
    sync.resync();
    await tick();
    expect([who(), sync.getState()]).toEqual(['alice', { status: 'retrying', error: failure, attempt: 1 }]);
    provider.answer = () => new Promise(() => {});
    await tick(1_000);
    await tick(10_000);
    expect([who(), sync.getState()]).toMatchObject(['alice', { status: 'retrying', error: { code: 'timeout' }, attempt: 2 }]);
    provider.answer = () => undefined;
    await tick(2_000);
    expect(who()).toBe('alice');
    provider.has('alice');
    await tick();
    expect(sync.getState()).toEqual({ status: 'synced' });
  });

  it('does not take a provider that is waking up for one that has nobody', async () => {
    const provider = new Provider();
    provider.has(null);
    await begun(provider, alice);
    await tick(900);
    provider.has('alice');
    await tick(60_000);
    expect([who(), sync.getState(), wasm.only.exchanges]).toEqual(['alice', { status: 'synced' }, 0]);
  });

  it('waits longer after each failure, at most a minute, and tries at once when the network is back', async () => {
    const provider = new Provider();
    provider.answer = () => Promise.reject(new Error('offline'));
    await begun(provider);
    const waits: number[] = [];
    for (let seen = provider.asked, waited = 0; waits.length < 9; ) {
      await tick(500);
      waited += 500;
      if (provider.asked === seen) continue;
      waits.push(waited);
      [seen, waited] = [provider.asked, 0];
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
    const { asked } = provider;
    window.dispatchEvent(new Event('online'));
    await tick();
    expect(provider.asked).toBe(asked + 1);
  });

  it('tries a failed exchange again, and a refused JWT only when it is another', async () => {
    const provider = new Provider();
    await client.open();
    wasm.only.gate = rejecting(refusal('network_error', { retryable: true }));
    provider.has('alice');
    await begun(provider);
    expect(sync.getState()).toMatchObject({ status: 'retrying', error: { code: 'network_error' }, attempt: 1 });
    wasm.only.gate = rejecting(refusal('invalid_external_auth', { reason: 'jwt_aud_mismatch' }));
    await tick(1_000);
    expect([wasm.only.exchanges, sync.getState()]).toMatchObject([2, { status: 'retrying', error: { reason: 'jwt_aud_mismatch' } }]);
    await tick(120_000);
    expect([wasm.only.exchanges, sync.getState()]).toMatchObject([2, { status: 'retrying', error: { reason: 'jwt_aud_mismatch' } }]);
    wasm.only.gate = Promise.resolve();
    provider.has('alice', 'another');
    await tick();
    expect([wasm.only.exchanges, who()]).toEqual([3, 'alice']);
  });

  it('lets a user who signed out here stay out until the provider has another, or none', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    await logout(client);
    provider.has('alice', 'renewed');
    await tick(120_000);
    expect([who(), sync.getState()]).toEqual([undefined, { status: 'paused', reason: 'user-intent' }]);
    provider.has('bob');
    await tick();
    expect(who()).toBe('bob');
    await logout(client);
    provider.has(null);
    await tick(2_000);
    provider.has('bob');
    await tick();
    expect(who()).toBe('bob');
  });

  it('lets a user who signs out before the provider has answered stay out', async () => {
    const provider = new Provider();
    const late = deferred<string>();
    provider.answer = () => late.promise;
    await begun(provider, alice);
    await logout(client);
    late.resolve(jwtOf('alice'));
    provider.has('alice', 'renewed');
    await tick(120_000);
    expect([who(), sync.getState()]).toEqual([undefined, { status: 'paused', reason: 'user-intent' }]);
    provider.has('bob');
    await tick();
    expect(who()).toBe('bob');
  });

  it('lets a user who signed out in an earlier page stay out until the provider has another, or none', async () => {
    wasm.endedFor = 'user-intent';
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    provider.has('alice', 'renewed');
    await tick(120_000);
    expect([who(), wasm.only.exchanges, sync.getState()]).toEqual([undefined, 0, { status: 'paused', reason: 'user-intent' }]);
    provider.has('bob');
    await tick();
    expect([who(), sync.getState()]).toEqual(['bob', { status: 'synced' }]);
  });

  it('keeps for the next page that the provider had nobody after a sign-out', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    await logout(client);
    expect(wasm.only.lastReason).toBe('user-intent');
    provider.has(null);
    await tick(2_000);
    expect([sync.getState(), wasm.only.lastReason]).toEqual([{ status: 'signedOut' }, 'provider-signed-out']);
    provider.has('alice', 'signed in again');
    await tick();
    expect(who()).toBe('alice');
  });

  it.each(['expired', 'session-revoked', 'provider-signed-out'] as const)('signs in after an earlier page ended for %s', async (reason) => {
    wasm.endedFor = reason;
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    expect([who(), sync.getState()]).toEqual(['alice', { status: 'synced' }]);
  });

  it("leaves another tab's session of another user alone, and says so, until its own provider changes", async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    const otherTab = (externalUserId: string) =>
      wasm.only.become({ ...(wasm.only.snapshot as { status: 'signedIn' }), user: { ...alice, externalUserId } } as typeof wasm.only.snapshot);
    otherTab('bob');
    await tick();
    expect([who(), sync.getState()]).toEqual(['bob', { status: 'paused', reason: 'superseded' }]);
    const { asked } = provider;
    await wasm.only.refresh();
    await tick(120_000);
    provider.has('alice', 'renewed');
    await tick();
    expect([who(), sync.getState(), wasm.only.exchanges, provider.asked]).toEqual(['bob', { status: 'paused', reason: 'superseded' }, 1, asked + 1]);
    provider.has('carol');
    await tick();
    expect([who(), sync.getState()]).toEqual(['carol', { status: 'synced' }]);
    otherTab('bob');
    await tick();
    provider.has('bob');
    await tick();
    expect([who(), sync.getState(), wasm.only.exchanges]).toEqual(['bob', { status: 'synced' }, 2]);
  });

  it('is in step with a provider that switched in another tab and told nobody here', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    provider.answer = async () => jwtOf('bob');
    wasm.only.become({ ...(wasm.only.snapshot as { status: 'signedIn' }), user: { ...alice, externalUserId: 'bob' } } as typeof wasm.only.snapshot);
    await tick();
    expect([who(), sync.getState(), wasm.only.exchanges]).toEqual(['bob', { status: 'synced' }, 1]);
  });

  it('lets the server tell whose a new JWT is that names nobody', async () => {
    const provider = new Provider();
    provider.answer = async () => 'opaque-1';
    await begun(provider, alice);
    sync.resync();
    await tick();
    expect(wasm.only.exchanges).toBe(0);
    wasm.only.gate = rejecting(refusal('network_error', { retryable: true }));
    provider.answer = async () => 'opaque-2';
    sync.resync();
    await tick();
    expect([wasm.only.exchanges, sync.getState().status]).toEqual([1, 'retrying']);
    wasm.only.gate = Promise.resolve();
    await tick(1_000);
    expect([wasm.only.exchanges, sync.getState()]).toEqual([2, { status: 'synced' }]);
  });

  it('goes on when the app signs in by itself', async () => {
    const provider = new Provider();
    provider.has('alice');
    await begun(provider);
    await logout(client);
    await signInWithExternalJwt({ externalJwt: jwtOf('alice', 'by hand'), externalUserId: 'alice' }, client);
    await tick();
    expect([who(), sync.getState()]).toEqual(['alice', { status: 'synced' }]);
  });

  it('does not hear what an earlier question is answered late', async () => {
    const provider = new Provider();
    const late = deferred<string>();
    provider.answer = () => late.promise;
    await begun(provider);
    await tick(10_000);
    provider.has('alice');
    await tick(1_000);
    late.resolve(jwtOf('mallory'));
    await tick();
    expect(who()).toBe('alice');
  });

  it('asks a provider whose answers are changes of their own no more than five times at once, and then now and then', async () => {
    const provider = new Provider();
    provider.answer = async () => {
      for (const tell of provider.listeners) queueMicrotask(tell);
      return jwtOf('alice');
    };
    await begun(provider);
    await tick(100);
    expect(provider.asked).toBeLessThanOrEqual(5);
    expect(who()).toBe('alice');
    const { asked } = provider;
    await tick(60_000);
    expect(provider.asked - asked).toBeLessThanOrEqual(36);
    expect(wasm.only.exchanges).toBe(1);
  });

  it('asks nobody when it is stopped in the turn in which it was begun, and leaves nothing behind', async () => {
    const provider = new Provider();
    provider.has('alice');
    syncExternalAuth(provider, client).stop();
    await tick();
    expect([provider.asked, provider.listeners.size, wasm.loads]).toEqual([0, 0, 0]);
    await begun(provider);
    const status = vi.fn();
    sync.subscribe(status);
    sync.stop();
    expect(status).toHaveBeenCalledOnce();
    expect([sync.getState(), provider.listeners.size, vi.getTimerCount()]).toEqual([{ status: 'off' }, 0, 0]);
    provider.has(null);
    await tick(10_000);
    expect(who()).toBe('alice');
  });

  it('gives the same state until something changes, and tells of each change', async () => {
    const provider = new Provider();
    provider.has('alice');
    wasm.stored = alice;
    sync = syncExternalAuth(provider, client);
    const told: string[] = [];
    sync.subscribe(() => told.push(sync.getState().status));
    await tick();
    const { getState } = sync;
    const before = getState();
    sync.resync();
    await tick();
    expect(getState()).toBe(before);
    expect(told).toEqual(['syncing', 'synced']);
  });

  it('shows and outlives a core that cannot be loaded', async () => {
    const provider = new Provider();
    provider.has('alice');
    wasm.failure = refusal('wasm_unavailable');
    await begun(provider);
    expect(sync.getState()).toMatchObject({ status: 'retrying', error: { code: 'wasm_unavailable' } });
  });
});
