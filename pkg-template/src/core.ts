import type {
  ClientConfig,
  ClientEvent,
  ClientSnapshot,
  LogoutReason,
  LogoutResult,
  SessionTimeline,
  SignInWithExternalJwtArgs,
  StorageKind,
  UserFields,
  UserProfile,
} from './generated/wire.js';
import type { KeyHost } from './keys.js';

export type { KeyHost } from './keys.js';

/** What the core is given besides its configuration. Whatever is left out is the browser's own. */
export interface CoreHost {
  /** Where the session is kept; `localStorage` unless given. */
  readonly storage?: SyncStorage | undefined;
  /** Loads the keys that sessions are bound with; called only where the environment asks for them. */
  readonly keys?: (() => Promise<KeyHost>) | undefined;
  /** Told what the core does; nothing is, unless given. No token is in it. */
  readonly log?: ((level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void) | undefined;
}

/** A storage as `localStorage` is. A method that throws is taken for blocked or full. */
export interface SyncStorage {
  /** What {@link SessionTimeline} calls it; `custom` unless given. */
  readonly kind?: StorageKind | undefined;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** How much is told, from most to least. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the wasm core's `externalAuth()` gives. */
export interface CoreExternalAuth {
  signInWithExternalJwt(args: SignInWithExternalJwtArgs, aborted?: Aborted): Promise<UserProfile>;
}

/** Settles when the caller does not want the answer any more; the call then rejects with code `aborted`. */
export type Aborted = Promise<unknown> | undefined;

/** The wasm core's client, as far as this package calls it. */
export interface CoreClient {
  start(): unknown;
  getSnapshot(): ClientSnapshot;
  subscribe(listener: () => void): () => void;
  onEvent(listener: (event: ClientEvent) => void): () => void;
  externalAuth(): CoreExternalAuth;
  logout(reason?: LogoutReason): Promise<LogoutResult>;
  refresh(aborted?: Aborted): Promise<UserProfile>;
  refreshUser(aborted?: Aborted): Promise<UserProfile>;
  updateUser(fields: UserFields, aborted?: Aborted): Promise<UserProfile>;
  deleteUser(aborted?: Aborted): Promise<void>;
  getAuthToken(): string | undefined;
  getMinAuthToken(): string | undefined;
  /** The session's times; never a token. */
  inspect(): SessionTimeline;
  close(): void;
}

/** The loaded core. */
export interface Core {
  readonly ByoaClient: new (config: ClientConfig, host?: CoreHost) => CoreClient;
}
