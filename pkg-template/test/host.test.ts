import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CoreHost, Wake } from '../src/core.js';
import { type HostOptions, type StorageAdapter, hostOf, told } from '../src/host.js';
import { alice, config, settle } from './fake-core.js';

const KEY = `byoa:${config.environmentId}:session`;

const host = (options: HostOptions = {}, warn = vi.fn()): Promise<CoreHost> => Promise.resolve(hostOf({ ...config, ...options }, warn));

async function watching(options: HostOptions = {}) {
  const woken: Wake[] = [];
  const { page, storage } = await host(options);
  const end = page!.watch((what) => woken.push(what));
  return { woken, end, storage: storage! };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
  sessionStorage.clear();
});

describe('the page', () => {
  it('wakes the core when it is shown, thawed or online again, until it is told to stop', async () => {
    const { woken, end } = await watching();
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('resume'));
    window.dispatchEvent(new Event('pageshow'));
    window.dispatchEvent(new Event('online'));
    expect(woken).toEqual([1, 1, 1, 2]);
    end();
    window.dispatchEvent(new Event('online'));
    expect(woken).toHaveLength(4);
  });

  it('tells of what another tab wrote of this environment, or that it cleared everything, and of nothing else', async () => {
    const { woken, end } = await watching();
    for (const key of [KEY, null, 'another', 'byoa:22222222-0000-4000-8000-000000000000:session']) {
      window.dispatchEvent(new StorageEvent('storage', { key }));
    }
    expect(woken).toEqual([0, 0]);
    end();
  });

  it('is visible where there is no telling', async () => {
    const { page } = await host();
    expect(page!.isVisible()).toBe(true);
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    expect(page!.isVisible()).toBe(false);
    vi.stubGlobal('document', undefined);
    expect(page!.isVisible()).toBe(true);
    expect(() => page!.watch(() => {})()).not.toThrow();
  });
});

describe('the lock', () => {
  const lockOf = async () => (await host()).page!.lock;
  /** Locks as the browser has them: one holder, the rest wait. */
  function fakeLocks(grants: boolean) {
    const request = vi.fn((_: string, options: { signal: AbortSignal }, granted: () => Promise<void>) =>
      grants
        ? granted()
        : new Promise<void>((_, reject) => options.signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))),
    );
    vi.stubGlobal('navigator', { locks: { request } });
    return request;
  }

  it('is held until it is released', async () => {
    const request = fakeLocks(true);
    const release = await (await lockOf())('name', 1000);
    const held = request.mock.results[0]!.value as Promise<void>;
    let over = false;
    void held.then(() => (over = true));
    await settle();
    expect(over).toBe(false);
    release();
    await held;
    expect(request.mock.calls[0]![0]).toBe('name');
  });

  it('is done without when whoever has it does not give it back', async () => {
    vi.useFakeTimers();
    fakeLocks(false);
    const waiting = (await lockOf())('name', 3000);
    await vi.advanceTimersByTimeAsync(3000);
    expect(() => waiting.then((release) => release())).not.toThrow();
    await expect(waiting).resolves.toBeTypeOf('function');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is done without where there are none, or where they are refused', async () => {
    const lock = await lockOf();
    for (const locks of [undefined, { request: () => Promise.reject(new DOMException('', 'SecurityError')) }, { request: () => { throw new Error('sandboxed'); } }]) {
      vi.stubGlobal('navigator', { locks });
      await expect(lock('name', 3000)).resolves.toBeTypeOf('function');
    }
  });
});

describe('the storage', () => {
  it('is the core’s own unless another is asked for', async () => {
    expect((await host()).storage).toBeUndefined();
    expect((await host({ storage: 'local' })).storage).toBeUndefined();
  });

  it('is the tab’s or the page’s where that is asked for', async () => {
    for (const kind of ['session', 'memory'] as const) {
      const { storage } = await host({ storage: kind });
      expect(storage!.kind).toBe(kind);
      expect(storage!.getItem('a')).toBeNull();
      storage!.setItem('a', '1');
      expect(storage!.getItem('a')).toBe('1');
      expect(sessionStorage.getItem('a')).toBe(kind === 'session' ? '1' : null);
      storage!.removeItem('a');
      expect(storage!.getItem('a')).toBeNull();
    }
  });
});

describe('a storage of the app’s own', () => {
  let items: Map<string, string>;
  let writes: string[];
  let adapter: StorageAdapter;

  beforeEach(() => {
    items = new Map();
    writes = [];
    adapter = {
      getItem: async (key) => items.get(key) ?? null,
      async setItem(key, value) {
        // The first write takes longest, and is still the first.
        await (writes.length ? undefined : new Promise((resolve) => setTimeout(resolve, 20)));
        writes.push(value);
        items.set(key, value);
      },
      async removeItem(key) {
        writes.push(`without ${key}`);
        items.delete(key);
      },
    };
  });

  it('is read before the core begins, and written in order behind its back', async () => {
    items.set(KEY, 'stored');
    const { storage } = await host({ storage: adapter });
    expect([storage!.kind, storage!.getItem(KEY)]).toEqual(['custom', 'stored']);
    storage!.setItem(KEY, 'one');
    storage!.setItem(KEY, 'two');
    storage!.removeItem(KEY);
    expect(storage!.getItem(KEY)).toBeNull();
    await vi.waitFor(() => expect(writes).toEqual(['one', 'two', `without ${KEY}`]));
  });

  it('has the settings for every suffix and the rest for its own, as the core writes them', async () => {
    const prefix = `byoa:${config.environmentId}:`;
    items.set(`${prefix}settings`, 'settings').set(`${prefix}session.x`, 'session').set(`${prefix}session`, 'of another');
    const { storage } = await Promise.resolve(hostOf({ ...config, storageKeySuffix: 'x', storage: adapter }, vi.fn()));
    const found = ['settings', 'session.x', 'settings.x', 'session'].map((name) => storage!.getItem(prefix + name));
    expect(found).toEqual(['settings', 'session', null, null]);
  });

  it('tells other tabs that it changed and never what', async () => {
    const heard: unknown[] = [];
    const channel = new BroadcastChannel(`byoa:${config.environmentId}:`);
    channel.onmessage = ({ data }) => heard.push(data);
    const other = await watching({ storage: adapter });
    const { storage } = await host({ storage: adapter });
    storage!.setItem(KEY, 'secret');
    await vi.waitFor(() => expect(other.woken).toEqual([0]));
    expect(heard).toEqual(['changed']);
    expect(other.storage.getItem(KEY)).toBe('secret');
    other.end();
    channel.close();
  });

  it('may fail: that is reported without what was to be written, and the core goes on in memory', async () => {
    const warn = vi.fn();
    adapter = { ...adapter, setItem: () => Promise.reject(new Error('secret')) };
    const { storage } = await host({ storage: adapter }, warn);
    storage!.setItem(KEY, 'secret');
    storage!.setItem(KEY, 'secret again');
    expect(storage!.getItem(KEY)).toBe('secret again');
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    await settle();
    expect(warn.mock.calls).toEqual([['storage_unavailable', 'the storage adapter failed (Error); the session ends with this page']]);
  });

  it('that cannot be read is one that refuses', async () => {
    const { storage } = await host({ storage: { ...adapter, getItem: () => Promise.reject(new Error('locked')) } });
    expect(() => storage!.getItem(KEY)).toThrow();
  });
});

describe('the log', () => {
  it('is silent unless a level is asked for', async () => {
    expect((await host({ log: vi.fn() })).log).toBeUndefined();
  });

  it('tells what is at its level or above', async () => {
    const log = vi.fn();
    const { log: tell } = await host({ log, logLevel: 'warn' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) tell!(level, level, {});
    expect(log.mock.calls.map(([level]) => level)).toEqual(['warn', 'error']);
  });

  it('tells of events their times, codes and reasons, and not whose profile it is', () => {
    expect(told({ type: 'authSuccess', user: alice })).toEqual(['info', 'authSuccess', {}]);
    expect(told({ type: 'logout', reason: 'expired' })).toEqual(['info', 'logout', { reason: 'expired' }]);
    expect(told({ type: 'sessionRefreshFailed', code: 'timeout', retryAt: 5 })).toEqual(['warn', 'sessionRefreshFailed', { code: 'timeout', retryAt: 5 }]);
  });
});
