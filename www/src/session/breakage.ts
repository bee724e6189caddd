// What this page can break of its own browser. Nothing of byoa is replaced: only what the browser gives it.
import { useSyncExternalStore } from 'react';
import { note } from './log';

export interface Breakage {
  readonly network: 'up' | 'down' | 'failing';
  /** The answer of the next request is thrown away, after the server has acted. */
  readonly losesNext: boolean;
  readonly clockOffMs: number;
  readonly storage: 'working' | 'blocked';
}

const HOUR_MS = 3_600_000;
const listeners = new Set<() => void>();
let now: Breakage = { network: 'up', losesNext: false, clockOffMs: 0, storage: 'working' };

export function useBreakage(): Breakage {
  return useSyncExternalStore(subscribe, () => now);
}

export function setNetwork(network: Breakage['network']): void {
  change({ network });
  note('you', { up: 'mended the network', down: 'dropped the network', failing: 'made the server answer 503' }[network]);
  if (network === 'up') dispatchEvent(new Event('online'));
  if (network === 'down') dispatchEvent(new Event('offline'));
}

export function loseNextAnswer(): void {
  change({ losesNext: true });
  note('you', 'asked for the next answer to get lost');
}

export function stepClock(clockOffMs: number): void {
  change({ clockOffMs });
  note('you', clockOffMs === 0 ? 'put the clock right' : `put the clock ${Math.abs(clockOffMs) / HOUR_MS} h ${clockOffMs > 0 ? 'ahead' : 'back'}`);
}

export function setStorage(storage: Breakage['storage']): void {
  change({ storage });
  note('you', storage === 'blocked' ? 'blocked the storage' : 'let the storage work again');
}

/** Puts the switches between the page and its browser. @param apiBaseUrl whose requests are broken */
export function install(apiBaseUrl: string): void {
  const RealDate = Date;
  window.Date = new Proxy(RealDate, {
    construct: (target, given) => (given.length === 0 ? new target(target.now() + now.clockOffMs) : Reflect.construct(target, given)),
    get: (target, name) => (name === 'now' ? () => target.now() + now.clockOffMs : Reflect.get(target, name, target)),
  });

  const methods = ['getItem', 'setItem', 'removeItem'] as const;
  for (const method of methods) {
    const real = Storage.prototype[method] as (...given: unknown[]) => unknown;
    Storage.prototype[method] = function (this: Storage, ...given: unknown[]) {
      if (now.storage === 'blocked') throw new DOMException('Storage is blocked.', 'SecurityError');
      return real.apply(this, given);
    } as never;
  }

  const realFetch = window.fetch;
  window.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const method = input instanceof Request ? input.method : (init?.method ?? 'GET');
    if (!url.startsWith(apiBaseUrl)) return realFetch(input, init);
    const what = `${method} ${url.split('/').at(-1)?.split('?')[0]}`;
    if (now.network === 'down') {
      note('network', `${what}: not sent`, 'bad');
      throw new TypeError('Failed to fetch');
    }
    if (now.network === 'failing') {
      note('network', `${what}: 503`, 'bad');
      return new Response('upstream trouble', { status: 503 });
    }
    const isLost = now.losesNext;
    if (isLost) change({ losesNext: false });
    const response = await realFetch(input, init);
    note('network', `${what}: ${response.status}${isLost ? ', and the answer got lost' : ''}`, isLost || !response.ok ? 'bad' : undefined);
    if (isLost) throw new TypeError('Failed to fetch');
    return response;
  };
}

function change(part: Partial<Breakage>): void {
  now = { ...now, ...part };
  listeners.forEach((tell) => tell());
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
