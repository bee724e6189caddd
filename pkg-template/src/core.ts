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
import type { Authorization } from './create-fetch.js';
import type { ProofMaker } from './keys.js';

export type { Authorization } from './create-fetch.js';
export type { ProofMaker } from './keys.js';

/** What the core is given besides its configuration. Whatever is left out is the browser's own. */
export interface CoreHost {
  /** Where the session is kept; `localStorage` unless given. */
  readonly storage?: SyncStorage | undefined;
  /** Loads the keys that sessions are bound with; called only where the environment asks for them. */
  readonly keys?: ProofMaker | undefined;
  /** The page and the tabs beside it; without it the core hears of nothing and has no lock. */
  readonly page?: PageHost | undefined;
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

/** What woke the core: another tab's write (0), the page (1), or the network (2). */
export type Wake = 0 | 1 | 2;

/** What the core hears of the page and of the tabs beside it. */
export interface PageHost {
  /** Whether somebody can see the page. */
  isVisible(): boolean;
  /** Calls back until the returned function is called. */
  watch(wake: (what: Wake) => void): () => void;
  /** Waits at most that long for a lock that all tabs share. @returns what releases it; never rejects */
  lock(name: string, waitMs: number): Promise<() => void>;
}

/**
 * How much is told, from most to least.
 *
 * @example
 * ```ts
 * const logLevel: LogLevel = 'info';
 * ```
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the environment announces, as far as the core does anything about it. */
export interface AnnouncedSettings {
  /** Sign-ins may bind their session to a key (RFC 9449). */
  readonly boundKeys: boolean;
  /** Sign-ins bring a nonce that the device's key has signed. */
  readonly deviceProofs: boolean;
  /** Sessions live in a cookie that no script can read. */
  readonly sessionCookie: boolean;
  /** The external JWT may come in a cookie: `signInWithExternalJwt()` needs none then. */
  readonly externalJwtCookie: boolean;
  /** Some operations need an elevated token. */
  readonly stepUp: boolean;
}

/**
 * Whether an operation needs a step-up, and how to get one.
 *
 * @example
 * ```ts
 * const { isRequired }: StepUpCheckResponse = await checkStepUpAuth({ scope: 'user:delete' });
 * ```
 */
export interface StepUpCheckResponse {
  readonly isRequired: boolean;
  readonly credentials: readonly StepUpCredential[];
  readonly defaultCredentialId?: string | undefined;
}

/**
 * A credential that can be shown again.
 *
 * @example
 * ```ts
 * const formats = (credentials: readonly StepUpCredential[]) => credentials.map(({ format }) => format);
 * ```
 */
export interface StepUpCredential {
  readonly id: string;
  readonly format: string;
}

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
  /** Exchanges a fresh external JWT for an elevated token, which is sent by itself with the operation it is for. */
  requestElevatedToken(args: { readonly externalJwt: string }): Promise<{ readonly elevatedAccessToken: string }>;
  /** An elevated token with this scope, where one is held; one for a single use once, unless `consume` is `false`. */
  getElevatedAccessToken(args: { readonly scope: string; readonly consume?: boolean | undefined }): string | undefined;
  /** Whether an operation needs an elevated token that is not held. */
  checkStepUp(args: { readonly scope: string }): Promise<StepUpCheckResponse>;
  /** What the environment announces; nothing, where it cannot be read. */
  settings(): Promise<AnnouncedSettings>;
  /** What shows the session to the app's own backend; the token is refreshed first where it has ended. */
  authorize(ask: { readonly method: string; readonly url: string; readonly nonce?: string | undefined }): Promise<Authorization>;
  /** The session's times; never a token. */
  inspect(): SessionTimeline;
  close(): void;
}

/** The loaded core. */
export interface Core {
  readonly ByoaClient: new (config: ClientConfig, host?: CoreHost) => CoreClient;
}
