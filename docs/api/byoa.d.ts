// Generated from pkg-template/src by pkg-template/test/api.test.ts; do not edit.
// Everything that `import … from 'byoa'` gives.

const APIError: ErrorKind;

const BaseError: ErrorKind;

interface ByoaError extends Error {
  readonly code: ErrorCode | (string & {});
  readonly reason?: Reason | (string & {}) | undefined;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryable: boolean;
}

interface CallOptions { readonly signal?: AbortSignal | undefined; }

type ClientSnapshot = {
  "status": "loading";
} | {
  "status": "signedOut";
  reason?: LogoutReason;
} | {
  "status": "signedIn";
  user: UserProfile;
  sessionExpiresAt: number;
  security: Security;
};

type Confirmation = { jkt: string; };

interface CreateFetchOptions {
  readonly origins: readonly string[];
  readonly fetch?: typeof globalThis.fetch | undefined;
}

interface DynamicClient {
  readonly environmentId: string;
  readonly apiBaseUrl: string;
  readonly initStatus: InitStatus;
  readonly initError: ByoaError | null;
  readonly user: SdkUser | null;
  readonly token: string | null;
  readonly sessionExpiresAt: Date | null;
  getSnapshot(): ClientSnapshot;
  getServerSnapshot(): ClientSnapshot;
  subscribe(listener: () => void): () => void;
  inspect(): SessionTimeline | undefined;
  close(): void;
}

interface DynamicClientOptions {
  readonly environmentId: string;
  readonly apiBaseUrl?: string | undefined;
  readonly coreConfig?: { readonly apiBaseUrl?: string | undefined; } | undefined;
  readonly storageKeySuffix?: string | undefined;
  readonly requestTimeoutMs?: number | undefined;
  readonly autoRefresh?: boolean | undefined;
  readonly storage?: 'local' | 'session' | 'memory' | StorageAdapter | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly log?: LogSink | undefined;
  readonly autoInitialize?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string | undefined>> | undefined;
  readonly instrumentation?: { readonly enabled?: boolean | undefined; } | undefined;
}

type DynamicEventName = keyof DynamicEvents;

interface DynamicEvents {
  readonly initStatusChanged: { readonly initStatus: InitStatus; };
  readonly initErrorChanged: { readonly initError: ByoaError | null; };
  readonly sessionExpiresAtChanged: { readonly sessionExpiresAt: Date | null; };
  readonly tokenChanged: { readonly token: string | null; };
  readonly userChanged: { readonly user: SdkUser | null; };
  readonly authInit: { readonly externalUserId: string | undefined; };
  readonly authSuccess: { readonly user: SdkUser; };
  readonly authFailure: { readonly error: unknown; readonly externalUserId: string | undefined; };
  readonly sessionExpiring: { readonly expiresAt: Date; };
  readonly sessionRefreshFailed: { readonly code: string; readonly retryAt: Date; };
  readonly logout: { readonly reason: LogoutReason; };
  readonly warning: { readonly code: string; readonly message: string; };
}

type ErrorCode =
  | "invalid_external_auth"
  | "bad_request"
  | "unauthorized"
  | "session_idle"
  | "invalid_dpop_proof"
  | "use_dpop_nonce"
  | "forbidden"
  | "step_up_required"
  | "not_found"
  | "method_not_allowed"
  | "request_timeout"
  | "payload_too_large"
  | "unsupported_media_type"
  | "invalid_session_public_key"
  | "invalid_scopes"
  | "invalid_device_nonce"
  | "invalid_update"
  | "invalid_username"
  | "username_already_exists"
  | "metadata_size_exceeded"
  | "too_many_requests"
  | "issuer_keys_unavailable"
  | "service_unavailable"
  | "internal_server_error"
  | "invalid_argument"
  | "network_error"
  | "timeout"
  | "aborted"
  | "invalid_response"
  | "not_signed_in"
  | "superseded"
  | "wasm_unavailable"
  | "session_key_unavailable"
  | "session_token_invalid"
  | "session_keys_unavailable"
  | "crypto_unavailable"
  | "redirect_refused";

interface ErrorKind { [Symbol.hasInstance](error: unknown): error is ByoaError; }

interface EventSubscription<Name extends DynamicEventName> {
  readonly event: Name;
  readonly listener: (told: DynamicEvents[Name]) => void;
}

interface ExternalAuthProvider {
  readonly getExternalJwt: () => string | null | undefined | Promise<string | null | undefined>;
  readonly getExternalUserId?: (() => string | null | undefined | Promise<string | null | undefined>) | undefined;
  readonly subscribe?: ((changed: () => void) => (() => void) | void) | undefined;
}

interface ExternalAuthSync {
  getState(): SyncState;
  subscribe(listener: () => void): () => void;
  resync(): void;
  stop(): void;
}

interface GetClaimsOptions extends CallOptions { readonly issuer?: string | undefined; }

type InitStatus = 'uninitialized' | 'in-progress' | 'finished' | 'failed';

const InvalidExternalAuthError: ErrorKind;

type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue; };

type JwtVerifiedCredential = {
  id: string;
  format: "externalUser" | "email" | (string & {});
  public_identifier?: string;
  email?: string;
  signInEnabled: boolean;
  verifiedAt?: string;
  lastSelectedAt?: string;
};

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

type LogSink = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

type LogoutReason = "user-intent" | "expired" | "session-revoked" | "user-deleted" | "provider-signed-out";

interface OTPVerification {
  readonly verificationUUID: string;
  readonly email?: string | undefined;
  readonly phoneNumber?: string | undefined;
}

type Reason =
  | "jwt_missing"
  | "jwt_malformed"
  | "jwt_too_large"
  | "jwt_header_invalid"
  | "jwt_payload_invalid"
  | "jwt_duplicate_member"
  | "jwt_alg_not_allowed"
  | "jwt_alg_mismatch"
  | "jwt_crit_unsupported"
  | "jwt_typ_not_allowed"
  | "jwt_kid_invalid"
  | "jwt_kid_unknown"
  | "jwt_kid_ambiguous"
  | "jwt_key_unusable"
  | "jwt_signature_invalid"
  | "jwt_iss_missing"
  | "jwt_iss_mismatch"
  | "jwt_sub_missing"
  | "jwt_sub_invalid"
  | "jwt_exp_missing"
  | "jwt_exp_invalid"
  | "jwt_expired"
  | "jwt_not_yet_valid"
  | "jwt_issued_in_future"
  | "jwt_time_invalid"
  | "jwt_lifetime_too_long"
  | "jwt_jti_missing"
  | "jwt_aud_missing"
  | "jwt_aud_invalid"
  | "jwt_aud_mismatch"
  | "jwt_replayed"
  | "external_user_mismatch"
  | "external_auth_disabled";

interface SdkCredential extends JwtVerifiedCredential { readonly publicIdentifier?: string | undefined; }

interface SdkUser extends Omit<UserProfile, 'userId' | 'environmentId' | 'firstVisit' | 'lastVisit' | 'verifiedCredentials'> {
  readonly id: string;
  readonly projectEnvironmentId: string;
  readonly verifiedCredentials: SdkCredential[];
  readonly firstVisit?: Date | undefined;
  readonly lastVisit?: Date | undefined;
}

type Security = { level: SecurityLevel; };

type SecurityLevel = "bound" | "memory" | "bearer";

type SessionClaims = {
  kid: string;
  aud: string;
  iss: string;
  sub: string;
  sid: string;
  iat: number;
  exp: number;
  refreshExp: number;
  jti: string;
  environment_id: string;
  scope: string;
  last_verified_credential_id: string;
  signin_credential_id: string;
  session_public_key?: string;
  cnf?: Confirmation;
  sdkVersion?: string;
  email?: string;
  username?: string;
};

type SessionTimeline = {
  issuedAt?: number;
  expiresAt?: number;
  nextRefreshAt?: number;
  refreshExpiresAt?: number;
  skewMs: number;
  storage: StorageKind;
  security?: Security;
};

interface SignInWithExternalJwtProps extends CallOptions {
  readonly externalJwt?: string | undefined;
  readonly externalUserId?: string | undefined;
}

interface StepUpCheckResponse {
  readonly isRequired: boolean;
  readonly credentials: readonly StepUpCredential[];
  readonly defaultCredentialId?: string | undefined;
}

interface StepUpCredential { readonly id: string; readonly format: string; }

interface StorageAdapter {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

type StorageKind = "local" | "session" | "memory" | "custom";

type SyncState = {
  readonly status: 'off';
} | {
  readonly status: 'syncing';
} | {
  readonly status: 'synced';
} | {
  readonly status: 'signedOut';
} | {
  readonly status: 'retrying';
  readonly error: unknown;
  readonly attempt: number;
} | {
  readonly status: 'paused';
  readonly reason: LogoutReason | 'superseded';
};

const UnauthorizedError: ErrorKind;

type UserFields = {
  alias?: string;
  country?: string;
  email?: string;
  firstName?: string;
  jobTitle?: string;
  lastName?: string;
  phoneNumber?: string;
  tShirtSize?: string;
  team?: string;
  username?: string;
  policiesConsent?: boolean;
  metadata?: { [key in string]: JsonValue; };
};

type UserProfile = {
  sessionId: string;
  verifiedCredentials: Array<JwtVerifiedCredential>;
  userId?: string;
  environmentId?: string;
  externalUserId?: string;
  lastVerifiedCredentialId?: string;
  newUser?: boolean;
  scope?: string;
  alias?: string;
  country?: string;
  email?: string;
  firstName?: string;
  jobTitle?: string;
  lastName?: string;
  phoneNumber?: string;
  tShirtSize?: string;
  team?: string;
  username?: string;
  policiesConsent?: boolean;
  firstVisit?: string;
  lastVisit?: string;
  metadata?: { [key in string]: JsonValue; };
  missingFields?: Array<JsonValue>;
};

interface VerifyResponse {
  readonly user: SdkUser;
  readonly expiresAt: number;
  readonly minifiedJwt?: string | undefined;
  readonly jwt?: string | undefined;
}

function checkStepUpAuth(props: { readonly scope: string; }, client?: DynamicClient): Promise<StepUpCheckResponse>;

function checkUserScopes({ scopes, user
}: { readonly scopes: readonly string[]; readonly user: Pick<SdkUser, 'scope'>;
}): boolean;

function createDynamicClient(options: DynamicClientOptions): DynamicClient;

function createFetch(options: CreateFetchOptions, client?: DynamicClient): typeof globalThis.fetch;

function deleteUser(client?: DynamicClient, options?: CallOptions): Promise<void>;

function getAuthToken(client?: DynamicClient | undefined): string | undefined;

function getClaims(client?: DynamicClient, options?: GetClaimsOptions): Promise<SessionClaims>;

function getDefaultClient(): DynamicClient;

function getElevatedAccessToken(props: { readonly scope: string; readonly consume?: boolean | undefined;
}, client?: DynamicClient): string | undefined;

function getMinAuthToken(client?: DynamicClient | undefined): string | undefined;

function initializeClient(client?: DynamicClient): Promise<void>;

function isByoaError(error: unknown): error is ByoaError;

function isSignedIn(client?: DynamicClient): boolean;

function logout(client?: DynamicClient): Promise<void>;

function offEvent<Name extends DynamicEventName>({ event, listener
}: EventSubscription<Name>, client?: DynamicClient): void;

function onEvent<Name extends DynamicEventName>({ event, listener
}: EventSubscription<Name>, client?: DynamicClient): () => void;

function onceEvent<Name extends DynamicEventName>({ event, listener
}: EventSubscription<Name>, client?: DynamicClient): () => void;

function refreshAuth(client?: DynamicClient, options?: CallOptions): Promise<VerifyResponse>;

function refreshUser(client?: DynamicClient, options?: CallOptions): Promise<SdkUser>;

function requestExternalAuthElevatedToken(props: { readonly externalJwt: string;
}, client?: DynamicClient): Promise<{ readonly elevatedAccessToken: string; }>;

function signInWithExternalJwt(props?: SignInWithExternalJwtProps, client?: DynamicClient): Promise<VerifyResponse>;

function syncExternalAuth(provider: ExternalAuthProvider, client?: DynamicClient): ExternalAuthSync;

function updateUser({ userFields, signal
}: CallOptions & { readonly userFields: UserFields;
}, client?: DynamicClient): Promise<OTPVerification | undefined>;

function waitForClientInitialized(client?: DynamicClient): Promise<void>;
