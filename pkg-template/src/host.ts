import type { CoreHost, LogLevel, PageHost, ProofMaker, SyncStorage, Wake } from './core.js';
import type { ClientConfig, ClientEvent } from './generated/wire.js';

/**
 * A storage of the app's own, such as one that encrypts or that a shell provides. It may answer later; what the
 * client writes is written in order, behind its back.
 *
 * @example
 * ```ts
 * const storage: StorageAdapter = {
 *   getItem: (key) => preferences.get(key),
 *   setItem: (key, value) => preferences.set(key, value),
 *   removeItem: (key) => preferences.remove(key),
 * };
 * ```
 */
export interface StorageAdapter {
  /** The value of a key, or null. */
  getItem(key: string): string | null | Promise<string | null>;
  /** Sets the value of a key. */
  setItem(key: string, value: string): void | Promise<void>;
  /** Removes a key. */
  removeItem(key: string): void | Promise<void>;
}

/**
 * Who is told what a client does: an event's name, and its times, codes and reasons.
 *
 * @example
 * ```ts
 * const log: LogSink = (level, message, fields) => logger.log(level, message, fields);
 * ```
 */
export type LogSink = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

/** Told of what did not go as it should, as the core's own `warning`s are. */
export type Warn = (code: string, message: string) => void;

/** What of a client's options is not the core's. */
export interface HostOptions {
  readonly storage?: 'local' | 'session' | 'memory' | StorageAdapter | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly log?: LogSink | undefined;
}

/** What the core gets of the browser. An adapter of the app's own is loaded and read before. */
export function hostOf(config: ClientConfig & HostOptions, warn: Warn): CoreHost | Promise<CoreHost> {
  const { storage } = config;
  const log = logOf(config);
  if (storage && typeof storage === 'object') return hostOn(storage, config, log, warn);
  return { storage: STORAGES[storage ?? 'local']?.(), page: browserPage(config), keys, log };
}

async function hostOn(storage: StorageAdapter, config: ClientConfig, log: LogSink | undefined, warn: Warn): Promise<CoreHost> {
  const { mirrorOf } = await import('./storage-mirror.js');
  const mirror = await mirrorOf(config, storage, warn);
  return { storage: mirror.storage, page: browserPage(config, mirror.changed), keys, log };
}

/** Keys are a module of their own, loaded when a session is first bound. */
const keys: ProofMaker = async (...ask) => (await import('./keys.js')).prove(...ask);

const STORAGES: Record<string, () => SyncStorage | undefined> = {
  // The core looks `localStorage` up anew for every access.
  local: () => undefined,
  session: () => ({
    kind: 'session',
    getItem: (key) => sessionStorage.getItem(key),
    setItem: (key, value) => sessionStorage.setItem(key, value),
    removeItem: (key) => sessionStorage.removeItem(key),
  }),
  memory: () => {
    const items = new Map<string, string>();
    return {
      kind: 'memory',
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => void items.set(key, value),
      removeItem: (key) => void items.delete(key),
    };
  },
};

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

function logOf({ logLevel, log }: HostOptions): LogSink | undefined {
  if (!logLevel) return undefined;
  const sink = log ?? ((level, message, fields) => console[level](`byoa: ${message}`, fields));
  return (level, message, fields) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(logLevel)) sink(level, message, fields);
  };
}

/** What is told of an event: its times, codes and reasons, and not whose profile it is. */
export function told(event: ClientEvent): Parameters<LogSink> {
  const { type, user: _, ...fields } = event as ClientEvent & { user?: unknown };
  const isTrouble = type === 'warning' || type === 'authFailure' || type === 'sessionRefreshFailed';
  return [isTrouble ? 'warn' : 'info', type, fields];
}

/** What can wake the core. */
const [CHANGED, PAGE, ONLINE]: readonly [Wake, Wake, Wake] = [0, 1, 2];

/** The page and the tabs beside it. On a server and in a worker most of it is not there: then nothing is heard. */
function browserPage({ environmentId }: ClientConfig, changed?: (wake: () => void) => () => void): PageHost {
  return {
    isVisible: () => globalThis.document?.visibilityState !== 'hidden',
    watch(wake) {
      const ends: (() => void)[] = [];
      const listen = (target: EventTarget | undefined, name: string, what: Wake, counts?: (event: Event) => boolean) => {
        const heard = (event: Event) => {
          if (!counts || counts(event)) wake(what);
        };
        target?.addEventListener?.(name, heard);
        ends.push(() => target?.removeEventListener?.(name, heard));
      };
      for (const name of ['visibilitychange', 'resume']) listen(globalThis.document, name, PAGE);
      listen(globalThis, 'pageshow', PAGE);
      listen(globalThis, 'online', ONLINE);
      // No key: the whole storage was cleared.
      const isOurs = ({ key }: StorageEvent) => key === null || key.startsWith(`byoa:${environmentId.trim().toLowerCase()}:`);
      if (changed) ends.push(changed(() => wake(CHANGED)));
      else listen(globalThis, 'storage', CHANGED, (event) => isOurs(event as StorageEvent));
      return () => ends.forEach((end) => end());
    },
    lock,
  };
}

/** Refused where the page may not have locks, given up after a while, or stolen: all the same to the core. */
function lock(name: string, waitMs: number): Promise<() => void> {
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const without = () => {
      clearTimeout(timer);
      resolve(() => {});
    };
    const timer = setTimeout(() => {
      waiting.abort();
      without();
    }, waitMs);
    const granted = () =>
      new Promise<void>((release) => {
        clearTimeout(timer);
        resolve(release);
      });
    try {
      const { locks } = navigator;
      locks.request(name, { signal: waiting.signal }, granted).catch(without);
    } catch {
      without();
    }
  });
}
