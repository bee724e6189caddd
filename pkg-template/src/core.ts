import type {
  ClientConfig,
  ClientEvent,
  ClientSnapshot,
  LogoutResult,
  SignInWithExternalJwtArgs,
  UserFields,
  UserProfile,
} from './generated/wire.js';

/** What the wasm core's `externalAuth()` gives. */
export interface CoreExternalAuth {
  signInWithExternalJwt(args: SignInWithExternalJwtArgs): Promise<UserProfile>;
}

/** The wasm core's client, as far as this package calls it. */
export interface CoreClient {
  start(): unknown;
  getSnapshot(): ClientSnapshot;
  subscribe(listener: () => void): () => void;
  onEvent(listener: (event: ClientEvent) => void): () => void;
  externalAuth(): CoreExternalAuth;
  logout(): Promise<LogoutResult>;
  refresh(): Promise<UserProfile>;
  refreshUser(): Promise<UserProfile>;
  updateUser(fields: UserFields): Promise<UserProfile>;
  deleteUser(): Promise<void>;
  getAuthToken(): string | undefined;
  getMinAuthToken(): string | undefined;
  close(): void;
}

/** The loaded core. */
export interface Core {
  readonly ByoaClient: new (config: ClientConfig) => CoreClient;
}
