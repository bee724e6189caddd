import type { Core, CoreClient } from './core.js';
import { errorBeforeCore } from './error.js';
import type {
  ClientConfig,
  ClientEvent,
  ClientSnapshot,
  LogoutReason,
  LogoutResult,
  SessionTimeline,
  SignInWithExternalJwtArgs,
  UserFields,
  UserProfile,
} from './generated/wire.js';

/**
 * A client of one environment. Making one touches nothing, so it may be made anywhere, also on a server;
 * the core is loaded by {@link AuthClient.start} or by the first call that needs it.
 */
export interface AuthClient extends Readonly<ClientConfig> {
  /** Loads the core and reads the stored session. Safe to call again; tries again where it failed before. */
  start(): Promise<void>;
  /** What is known now; the same object until something changes. `{ status: 'loading' }` before the start. */
  getSnapshot(): ClientSnapshot;
  /** What a server renders, and the browser at first: `{ status: 'loading' }`. */
  getServerSnapshot(): ClientSnapshot;
  /** Calls back after each change of the snapshot. @returns what ends it */
  subscribe(listener: () => void): () => void;
  /** Calls back with what happened. @returns what ends it */
  onEvent(listener: (event: ClientEvent) => void): () => void;
  /** Exchanges your JWT for a session. @throws {ByoaError} */
  signInWithExternalJwt(args: SignInWithExternalJwtArgs): Promise<UserProfile>;
  /** Ends the session here always, and on the server where it can be reached: `revoked` says so. */
  logout(options?: { readonly reason?: LogoutReason }): Promise<LogoutResult>;
  /** Asks for a new session token. @throws {ByoaError} */
  refresh(): Promise<UserProfile>;
  /** Reads the profile anew. @throws {ByoaError} */
  refreshUser(): Promise<UserProfile>;
  /** Changes the fields given; the others stay. @throws {ByoaError} */
  updateUser(fields: UserFields): Promise<UserProfile>;
  /** Deletes the signed-in user. @throws {ByoaError} */
  deleteUser(): Promise<void>;
  /** The session token with the profile's claims, for your backend. */
  getAuthToken(): string | undefined;
  /** The small session token, for your backend. */
  getMinAuthToken(): string | undefined;
  /** Lets go of timers, listeners in the browser and the core's memory. The stored session stays; a later call opens anew. */
  close(): void;
  /** The session's times, for a page that shows them or a report of a fault; never a token. */
  inspect(): SessionTimeline | undefined;
  /** Starts now, and closes when the last of those that mounted has called what this returns. */
  mount(): () => void;
}

const LOADING: ClientSnapshot = Object.freeze({ status: 'loading' });

/** An {@link AuthClient} whose core comes from `load`. */
export class LazyAuthClient implements AuthClient {
  readonly environmentId: string;
  readonly apiBaseUrl: string;
  readonly #config: ClientConfig;
  readonly #load: () => Promise<Core>;
  readonly #listeners = new Set<Listener<void>>();
  readonly #eventListeners = new Set<Listener<ClientEvent>>();
  #opening: Promise<CoreClient> | undefined;
  #core: CoreClient | undefined;
  #mounts = 0;

  constructor(config: ClientConfig, load: () => Promise<Core>) {
    this.environmentId = required(config?.environmentId, 'environmentId');
    this.apiBaseUrl = required(config?.apiBaseUrl, 'apiBaseUrl');
    this.#config = { ...config };
    this.#load = load;
  }

  // Arrow functions: React and others call these without `this`.
  readonly getSnapshot = (): ClientSnapshot => this.#core?.getSnapshot() ?? LOADING;
  readonly getServerSnapshot = (): ClientSnapshot => LOADING;
  readonly subscribe = (listener: () => void): (() => void) => add(this.#listeners, listener);
  readonly onEvent = (listener: (event: ClientEvent) => void): (() => void) => add(this.#eventListeners, listener);

  start = async (): Promise<void> => void (await this.#open());
  signInWithExternalJwt = async (args: SignInWithExternalJwtArgs) =>
    (await this.#open()).externalAuth().signInWithExternalJwt(args);
  logout = async ({ reason }: { readonly reason?: LogoutReason } = {}) => (await this.#open()).logout(reason);
  refresh = async () => (await this.#open()).refresh();
  refreshUser = async () => (await this.#open()).refreshUser();
  updateUser = async (fields: UserFields) => (await this.#open()).updateUser(fields);
  deleteUser = async () => (await this.#open()).deleteUser();
  getAuthToken = () => this.#core?.getAuthToken();
  inspect = () => this.#core?.inspect();
  getMinAuthToken = () => this.#core?.getMinAuthToken();

  close = (): void => {
    const core = this.#core;
    this.#opening = undefined;
    this.#core = undefined;
    core?.close();
  };

  mount = (): (() => void) => {
    this.#mounts += 1;
    this.start().catch((error: unknown) => console.error(error));
    return once(() => {
      this.#mounts -= 1;
      // StrictMode unmounts and mounts again in one turn: what is wanted at its end counts.
      queueMicrotask(() => this.#mounts === 0 && this.close());
    });
  };

  #open(): Promise<CoreClient> {
    if (this.#opening) return this.#opening;
    const isCurrent = () => this.#opening === opening;
    const opening: Promise<CoreClient> = this.#load()
      .then(({ ByoaClient }) => {
        if (!isCurrent()) throw closedMeanwhile();
        return this.#begin(new ByoaClient(this.#config));
      })
      .catch((error: unknown) => {
        if (isCurrent()) this.close();
        throw error;
      });
    this.#opening = opening;
    return opening;
  }

  async #begin(core: CoreClient): Promise<CoreClient> {
    core.subscribe(() => tell(this.#listeners, undefined));
    core.onEvent((event) => tell(this.#eventListeners, event));
    this.#core = core;
    await core.start();
    return core;
  }
}

type Listener<T> = (told: T) => void;

function add<T>(listeners: Set<Listener<T>>, listener: Listener<T>): () => void {
  // A function of its own for each call: the same listener may be added twice and taken away once.
  const entry: Listener<T> = (told) => listener(told);
  listeners.add(entry);
  return () => void listeners.delete(entry);
}

function tell<T>(listeners: Set<Listener<T>>, told: T): void {
  for (const listener of [...listeners]) {
    try {
      listener(told);
    } catch (error) {
      // A listener that fails is its owner's trouble; the others are told all the same.
      console.error(error);
    }
  }
}

function required(value: unknown, name: keyof ClientConfig): string {
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
