import type { Core, CoreClient, CoreHost } from './core.js';
import { type ByoaError, errorBeforeCore } from './error.js';
import type { DynamicEventName, DynamicEvents, InitStatus } from './events.js';
import { hostOf, type HostOptions, told } from './host.js';
import type { ClientConfig, ClientEvent, ClientSnapshot, SessionTimeline } from './generated/wire.js';
import { type SdkUser, sdkUserOf } from './user.js';

/**
 * A client of one environment: what is known now. What can be done with it are the functions of this package,
 * which take it as their last argument. Making one touches nothing, so it may be made anywhere, also on a server.
 *
 * @example
 * ```ts
 * const client: DynamicClient = createDynamicClient({ environmentId, apiBaseUrl });
 * client.subscribe(() => render(client.user));
 * ```
 */
export interface DynamicClient {
  /** UUID of the environment. */
  readonly environmentId: string;
  /** Where the server's API is. */
  readonly apiBaseUrl: string;
  /** How far the client has come. */
  readonly initStatus: InitStatus;
  /** Why it could not start. */
  readonly initError: ByoaError | null;
  /** Who is signed in; the same object until something changes. */
  readonly user: SdkUser | null;
  /** The small session token, for the `Authorization` header of your own backend. */
  readonly token: string | null;
  /** When the session token ends; the same object until something changes. */
  readonly sessionExpiresAt: Date | null;
  /** All that is known now, as one value; the same object until something changes. */
  getSnapshot(): ClientSnapshot;
  /** What a server renders, and the browser at first: `{ status: 'loading' }`. */
  getServerSnapshot(): ClientSnapshot;
  /** Calls back after each change of the snapshot. @returns what ends it */
  subscribe(listener: () => void): () => void;
  /** The session's times, for a page that shows them or a report of a fault; `undefined` before the start. Never a token. */
  inspect(): SessionTimeline | undefined;
  /** Lets go of timers, listeners in the browser and the core's memory. The stored session stays; a later call opens anew. */
  close(): void;
}

const LOADING: ClientSnapshot = Object.freeze({ status: 'loading' });

/** What else this package knows of a client. */
export function internals(client: DynamicClient): LazyClient {
  // By what it can do and not by its class: apps wrap clients, and a page may hold two copies of this package.
  if (typeof (client as Partial<LazyClient> | undefined)?.open === 'function') return client as LazyClient;
  throw errorBeforeCore('InvalidArgumentError', 'invalid_argument', 'This is not a byoa client: pass what createDynamicClient() gave.');
}

/** A {@link DynamicClient} whose core comes from `load`. */
export class LazyClient implements DynamicClient {
  readonly environmentId: string;
  readonly apiBaseUrl: string;
  readonly #config: ClientConfig & HostOptions;
  readonly #load: () => Promise<Core>;
  readonly #listeners = new Set<Entry<void>>();
  readonly #events = new Map<DynamicEventName, Set<Entry<never>>>();
  #opening: Promise<CoreClient> | undefined;
  #core: CoreClient | undefined;
  #initStatus: InitStatus = 'uninitialized';
  #initError: ByoaError | null = null;
  #mounts = 0;
  /** What the listeners were told of last. */
  #told: Told = { user: null, token: null, expiresAt: null };
  #expiry: Date | null = null;
  /** The core's newest snapshot, and the same as it is given. */
  #seen: ClientSnapshot = LOADING;
  #shown: ClientSnapshot = LOADING;

  constructor(config: ClientConfig & HostOptions, load: () => Promise<Core>) {
    this.environmentId = required(config?.environmentId, 'environmentId');
    this.apiBaseUrl = required(config?.apiBaseUrl, 'apiBaseUrl');
    this.#config = config;
    this.#load = load;
  }

  get initStatus(): InitStatus {
    return this.#initStatus;
  }
  get initError(): ByoaError | null {
    return this.#initError;
  }
  get user(): SdkUser | null {
    const snapshot = this.getSnapshot();
    return snapshot.status === 'signedIn' ? sdkUserOf(snapshot.user) : null;
  }
  get token(): string | null {
    return this.#core?.getMinAuthToken() ?? null;
  }
  get sessionExpiresAt(): Date | null {
    const snapshot = this.getSnapshot();
    const time = snapshot.status === 'signedIn' ? snapshot.sessionExpiresAt : undefined;
    if (this.#expiry?.getTime() !== time) this.#expiry = time === undefined ? null : new Date(time);
    return this.#expiry;
  }

  // Arrow functions: React and others call these without `this`.
  readonly getSnapshot = (): ClientSnapshot => {
    const now = this.#core?.getSnapshot() ?? LOADING;
    if (now !== this.#seen) {
      this.#shown = sharing(this.#shown, now);
      this.#seen = now;
    }
    return this.#shown;
  };
  readonly getServerSnapshot = (): ClientSnapshot => LOADING;
  readonly subscribe = (listener: () => void): (() => void) => add(this.#listeners, listener);
  readonly inspect = (): SessionTimeline | undefined => this.#core?.inspect();
  /** The core, as soon as it has started: what has loaded meanwhile is asked at once. */
  readonly core = (): CoreClient | undefined => this.#core;

  readonly on = <Name extends DynamicEventName>(event: Name, listener: (told: DynamicEvents[Name]) => void): (() => void) => {
    const entries = this.#events.get(event) ?? new Set();
    this.#events.set(event, entries);
    return add(entries as Set<Entry<DynamicEvents[Name]>>, listener);
  };
  readonly off = <Name extends DynamicEventName>(event: Name, listener: (told: DynamicEvents[Name]) => void): void => {
    const entries = this.#events.get(event) as Set<Entry<DynamicEvents[Name]>> | undefined;
    for (const entry of entries ?? []) if (entry.listener === listener) entries?.delete(entry);
  };
  readonly emit = <Name extends DynamicEventName>(event: Name, told: DynamicEvents[Name]): void => {
    const entries = this.#events.get(event) as Set<Entry<DynamicEvents[Name]>> | undefined;
    if (entries) tell(entries, told);
  };

  readonly close = (): void => {
    const core = this.#core;
    this.#opening = undefined;
    this.#core = undefined;
    core?.close();
    if (this.#initStatus !== 'failed') this.#become('uninitialized');
    if (core) tell(this.#listeners, undefined);
  };

  /** Starts now, and closes when the last of those that mounted has called what this returns. */
  readonly mount = (): (() => void) => {
    this.#mounts += 1;
    this.begin();
    return once(() => {
      this.#mounts -= 1;
      // StrictMode unmounts and mounts again in one turn: what is wanted at its end counts.
      queueMicrotask(() => this.#mounts === 0 && this.close());
    });
  };

  /** Starts without anybody who waits for it. */
  readonly begin = (): void => void this.open().catch((error: unknown) => console.error(error));

  /** The started core. Loads it on the first call; tries again where that failed before. */
  readonly open = (): Promise<CoreClient> => {
    if (this.#opening) return this.#opening;
    const isCurrent = () => this.#opening === opening;
    const opening: Promise<CoreClient> = this.#load()
      .then(({ ByoaClient }) => {
        const begin = (host: CoreHost) => {
          if (!isCurrent()) throw closedMeanwhile();
          return this.#begin(new ByoaClient(this.#config, host), host.log);
        };
        const host = hostOf(this.#config, (code, message) => this.emit('warning', { code, message }));
        return host instanceof Promise ? host.then(begin) : begin(host);
      })
      .then((core) => {
        if (isCurrent()) this.#become('finished');
        return core;
      })
      .catch((error: unknown) => {
        if (isCurrent()) {
          this.#become('failed', error as ByoaError);
          this.close();
        }
        throw error;
      });
    this.#opening = opening;
    this.#become('in-progress');
    return opening;
  };

  async #begin(core: CoreClient, log: CoreHost['log']): Promise<CoreClient> {
    core.subscribe(() => this.#changed());
    core.onEvent((event) => {
      if (log) log(...told(event));
      this.#happened(event);
    });
    this.#core = core;
    await core.start();
    return core;
  }

  #become(initStatus: InitStatus, initError: ByoaError | null = null): void {
    if (this.#initError !== initError) {
      this.#initError = initError;
      this.emit('initErrorChanged', { initError });
    }
    if (this.#initStatus === initStatus) return;
    this.#initStatus = initStatus;
    this.emit('initStatusChanged', { initStatus });
  }

  /** Tells of what differs from what was told last. */
  #changed(): void {
    const before = this.#told;
    const { user, token, sessionExpiresAt } = this;
    this.#told = { user, token, expiresAt: sessionExpiresAt };
    tell(this.#listeners, undefined);
    if (before.expiresAt !== sessionExpiresAt) this.emit('sessionExpiresAtChanged', { sessionExpiresAt });
    if (before.token !== token) this.emit('tokenChanged', { token });
    if (before.user !== user) this.emit('userChanged', { user });
  }

  #happened(event: ClientEvent): void {
    switch (event.type) {
      case 'authSuccess':
        return this.emit('authSuccess', { user: sdkUserOf(event.user) });
      case 'sessionExpiring':
        return this.emit('sessionExpiring', { expiresAt: new Date(event.expiresAt) });
      case 'sessionRefreshFailed':
        return this.emit('sessionRefreshFailed', { code: event.code, retryAt: new Date(event.retryAt) });
      case 'logout':
        return this.emit('logout', { reason: event.reason });
      case 'warning':
        return this.emit('warning', { code: event.code, message: event.message });
      // The rest is told where it can be told with more: a change from the snapshot, a sign-in's begin and
      // failure by the function that was called.
    }
  }
}

/** The new snapshot with the old one's user where that is the same: a new token is no change of the user. */
function sharing(before: ClientSnapshot, now: ClientSnapshot): ClientSnapshot {
  if (before.status !== 'signedIn' || now.status !== 'signedIn') return now;
  const { user } = before;
  return JSON.stringify(user) === JSON.stringify(now.user) ? Object.freeze({ ...now, user }) : now;
}

interface Told {
  readonly user: SdkUser | null;
  readonly token: string | null;
  readonly expiresAt: Date | null;
}

/** One for each call of `add`: the same listener may be added twice and taken away once. */
interface Entry<T> {
  readonly listener: (told: T) => void;
}

function add<T>(entries: Set<Entry<T>>, listener: (told: T) => void): () => void {
  const entry = { listener };
  entries.add(entry);
  return () => void entries.delete(entry);
}

function tell<T>(entries: Set<Entry<T>>, told: T): void {
  for (const { listener } of [...entries]) {
    try {
      listener(told);
    } catch (error) {
      // A listener that fails is its owner's trouble; the others are told all the same.
      console.error(error);
    }
  }
}

function required(value: unknown, name: 'environmentId' | 'apiBaseUrl'): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  const example = name === 'apiBaseUrl' ? '"https://auth.example.com/api/v0"' : 'the UUID that `byoa-server env list` shows';
  throw errorBeforeCore('InvalidArgumentError', 'invalid_argument', `byoa needs \`${name}\`: set it to ${example}.`);
}

function closedMeanwhile(): Error {
  return errorBeforeCore('SupersededError', 'superseded', 'The client was closed before this call began.');
}

function once(action: () => void): () => void {
  let pending = true;
  return () => {
    if (!pending) return;
    pending = false;
    action();
  };
}
