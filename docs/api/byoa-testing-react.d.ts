// Generated from pkg-template/src by pkg-template/test/api.test.ts; do not edit.
// Everything that `import … from 'byoa/testing/react'` gives.

type ClientEvent = {
  "type": "authInit";
} | {
  "type": "authSuccess";
  user: UserProfile;
} | {
  "type": "authFailure";
  code: string;
  reason?: string;
} | {
  "type": "userChanged";
  user: UserProfile;
} | {
  "type": "tokenChanged";
} | {
  "type": "sessionExpiring";
  expiresAt: number;
} | {
  "type": "sessionRefreshFailed";
  code: string;
  retryAt: number;
} | {
  "type": "logout";
  reason: LogoutReason;
} | {
  "type": "warning";
  code: string;
  message: string;
};

interface Credentials { readonly externalJwt: string; readonly externalUserId: string; }

interface Failure {
  readonly operation?: string;
  readonly network?: boolean;
  readonly status?: number;
  readonly code?: ErrorCode | (string & {});
  readonly reason?: Reason | (string & {});
  readonly retryAfter?: number;
  readonly times?: number;
}

interface JwkSet { readonly keys: readonly PublicJwk[]; }

type Members = Record<string, unknown>;

interface PublicJwk {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

interface SeenRequest {
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly code: string | undefined;
}

type SignInWithExternalJwtArgs = { externalJwt?: string; externalUserId?: string; };

interface SignOptions {
  readonly claims?: Members;
  readonly header?: Members;
  readonly foreignKey?: boolean;
  readonly unsigned?: boolean;
}

type TestAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'EdDSA';

interface TestClient extends DynamicClient {
  signInAs(user: TestUserProfile): void;
  endSession(reason?: LogoutReason): void;
  emitEvent(event: ClientEvent): void;
  readonly signIns: readonly SignInWithExternalJwtArgs[];
}

interface TestClientOptions {
  readonly user?: TestUserProfile | undefined;
  readonly reason?: LogoutReason | undefined;
  readonly loading?: boolean | undefined;
  readonly failure?: TestFailure | undefined;
  readonly signIn?: ((args: SignInWithExternalJwtArgs) => TestUserProfile | Promise<TestUserProfile>) | undefined;
  readonly sessionExpiresAt?: number | undefined;
  readonly environmentId?: string | undefined;
  readonly apiBaseUrl?: string | undefined;
}

class TestClock {
  #private;
  constructor(start: number);
  readonly now: () => number;
  advance(milliseconds: number): Promise<void>;
  jump(milliseconds: number): void;
  install(): () => void;
}

interface TestFailure {
  readonly code: ErrorCode | (string & {});
  readonly reason?: Reason | (string & {}) | undefined;
  readonly status?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly message?: string | undefined;
}

class TestIssuer {
  #private;
  readonly issuer: string;
  readonly audience: string | undefined;
  constructor(options: TestIssuerOptions, key: SigningKey);
  jwks(): JwkSet;
  sign(sub: string, { claims, header, foreignKey, unsigned }?: SignOptions): Promise<string>;
  credentials(externalUserId: string, options?: SignOptions): Promise<Credentials>;
  rotate({ publishOld }?: { readonly publishOld?: boolean; }): Promise<void>;
}

interface TestIssuerOptions {
  readonly issuer?: string;
  readonly audience?: string | readonly string[];
  readonly algorithm?: TestAlgorithm;
  readonly lifetimeSeconds?: number;
  readonly now?: () => number;
}

function TestProvider({ children, client: given, events, ...options }: TestProviderProps): ReactNode;

interface TestProviderProps extends TestClientOptions {
  readonly children?: ReactNode;
  readonly client?: TestClient | undefined;
  readonly events?: AuthEvents | undefined;
}

class TestServer {
  #private;
  readonly issuer: TestIssuer;
  readonly settings: { readonly environmentId: string; readonly apiBaseUrl: string; };
  constructor(options: TestServerOptions, issuer: TestIssuer, key: SigningKey);
  get users(): readonly TestUser[];
  get requests(): readonly SeenRequest[];
  jwks(): JwkSet;
  failNext(failure?: Failure): void;
  hold(): () => void;
  endSessions(externalUserId?: string): void;
  install(): () => void;
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
}

interface TestServerOptions {
  readonly issuer?: TrustedIssuer | readonly TrustedIssuer[];
  readonly environmentId?: string;
  readonly apiBaseUrl?: string;
  readonly allowedOrigins?: readonly string[];
  readonly assumeEmailVerified?: boolean;
  readonly replay?: 'allow' | 'once';
  readonly stepUp?: readonly ('user:update' | 'user:delete')[];
  readonly sessionLifetimeSeconds?: number;
  readonly refreshWindowSeconds?: number;
  readonly idleLimitSeconds?: number;
  readonly refreshGraceSeconds?: number;
  readonly now?: () => number;
}

interface TestUser {
  readonly id: string;
  readonly issuer: string;
  readonly externalUserId: string;
  readonly profile: UserFields;
  readonly credentials: readonly JwtVerifiedCredential[];
  readonly firstVisit: string;
  readonly lastVisit: string;
}

type TestUserProfile = string | Partial<UserProfile>;

interface TrustedIssuer {
  readonly issuer: string;
  readonly audience?: string | undefined;
  jwks(): JwkSet | Promise<JwkSet>;
}

function createTestClient(options?: TestClientOptions): TestClient;

function createTestClock(start?: number | Date): TestClock;

function createTestIssuer(options?: TestIssuerOptions): Promise<TestIssuer>;

function createTestServer(options?: TestServerOptions): Promise<TestServer>;

function testError({ code, reason, status, retryable, message }: TestFailure): ByoaError;
