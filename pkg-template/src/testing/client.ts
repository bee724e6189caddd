/** A client without a core and without a network, which is and does what a test says. */
import { type DynamicClient, LazyClient } from '../client.js';
import type { Core, CoreClient } from '../core.js';
import type { ClientConfig, ClientEvent, ClientSnapshot, LogoutReason, SignInWithExternalJwtArgs, UserFields, UserProfile } from '../generated/wire.js';
import { type TestFailure, testError } from './error.js';
import { encodeJson, parse } from './jwt.js';

/**
 * Who is signed in: your id of the user, or the profile that the test needs. What is left out is made up.
 *
 * @example
 * ```ts
 * const user: TestUserProfile = { externalUserId: 'alice', alias: 'Alice' };
 * ```
 */
export type TestUserProfile = string | Partial<UserProfile>;

/**
 * Arguments of {@link createTestClient}; everything has a default.
 *
 * @example
 * ```ts
 * const options: TestClientOptions = { failure: { code: 'invalid_external_auth', reason: 'jwt_expired' } };
 * ```
 */
export interface TestClientOptions {
  /** Who is signed in at first; nobody where it is left out. */
  readonly user?: TestUserProfile | undefined;
  /** Why nobody is, where a session has ended. */
  readonly reason?: LogoutReason | undefined;
  /** Stays at `loading`, as before it is known whether anybody is signed in. */
  readonly loading?: boolean | undefined;
  /** What every sign-in fails with. */
  readonly failure?: TestFailure | undefined;
  /**
   * What a sign-in does; its error is the sign-in's. Left out, whoever signs in is the JWT's `sub` or, where that
   * is no JWT, the `externalUserId`.
   */
  readonly signIn?: ((args: SignInWithExternalJwtArgs) => TestUserProfile | Promise<TestUserProfile>) | undefined;
  /** When a session token ends, in milliseconds since 1970; an hour after the sign-in unless set. */
  readonly sessionExpiresAt?: number | undefined;
  readonly environmentId?: string | undefined;
  readonly apiBaseUrl?: string | undefined;
}

/**
 * A {@link DynamicClient} for tests, with the means to change what it says.
 *
 * @example
 * ```ts
 * act(() => client.endSession('session-revoked'));
 * ```
 */
export interface TestClient extends DynamicClient {
  /** Somebody is signed in from now on, as by a sign-in in another tab. */
  signInAs(user: TestUserProfile): void;
  /** Nobody is from now on. */
  endSession(reason?: LogoutReason): void;
  /** Tells listeners of something else, such as `{ type: 'sessionExpiring', expiresAt }`. */
  emitEvent(event: ClientEvent): void;
  /** What was signed in with until now; never a token of a real user. */
  readonly signIns: readonly SignInWithExternalJwtArgs[];
}

const HOUR_MS = 60 * 60_000;
const ENVIRONMENT_ID = '00000000-0000-4000-8000-00000000b0a0';

/**
 * Makes a client that needs no server and no WebAssembly: for the provider, and for every function and hook.
 *
 * @example
 * ```tsx
 * const client = createTestClient({ user: 'alice' });
 * render(<DynamicContextProvider client={client}><Profile /></DynamicContextProvider>);
 * ```
 */
export function createTestClient(options: TestClientOptions = {}): TestClient {
  const client = new FakeDynamicClient(options);
  // As the published SDK does it: whoever makes a client need not start it.
  if (!options.loading) client.begin();
  return client;
}

class FakeDynamicClient extends LazyClient implements TestClient {
  readonly #core: FakeCore;
  readonly #loading: boolean;

  constructor(options: TestClientOptions) {
    const { environmentId = ENVIRONMENT_ID, apiBaseUrl = 'https://auth.test/api/v0', loading = false } = options;
    const core = new FakeCore(options, environmentId);
    const never = new Promise<Core>(() => {});
    super({ environmentId, apiBaseUrl }, () => (loading ? never : Promise.resolve({ ByoaClient: returning(core) })));
    this.#core = core;
    this.#loading = loading;
  }

  // What a real client knows a moment later, this one knows at once: a test need not wait for its first render.
  override readonly getSnapshot = (): ClientSnapshot => (this.#loading ? this.getServerSnapshot() : this.#core.getSnapshot());
  override readonly subscribe = (listener: () => void): (() => void) => this.#core.subscribe(listener);
  override readonly core = (): CoreClient | undefined => (this.#loading ? undefined : this.#core);
  override get token(): string | null {
    return this.core()?.getMinAuthToken() ?? null;
  }

  get signIns(): readonly SignInWithExternalJwtArgs[] {
    return this.#core.signIns;
  }
  signInAs(user: TestUserProfile): void {
    this.#core.become(user);
  }
  endSession(reason: LogoutReason = 'session-revoked'): void {
    this.#core.end(reason);
  }
  emitEvent(event: ClientEvent): void {
    this.#core.emit(event);
  }
}

class FakeCore implements CoreClient {
  readonly signIns: SignInWithExternalJwtArgs[] = [];
  readonly #options: TestClientOptions;
  readonly #environmentId: string;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(event: ClientEvent) => void>();
  #snapshot: ClientSnapshot;
  /** What happened in the turn before the client listens. */
  readonly #untold: ClientEvent[] = [];
  #tokens: { readonly small: string; readonly fat: string } | undefined;
  #issued = 0;

  constructor(options: TestClientOptions, environmentId: string) {
    this.#options = options;
    this.#environmentId = environmentId;
    const { user, reason } = options;
    this.#snapshot = user === undefined ? { status: 'signedOut', ...(reason && { reason }) } : this.#signedIn(this.#profile(user));
  }

  start = (): void => {};
  getSnapshot = (): ClientSnapshot => this.#snapshot;
  subscribe = (listener: () => void) => added(this.#listeners, listener);
  onEvent = (listener: (event: ClientEvent) => void) => {
    const end = added(this.#eventListeners, listener);
    for (const event of this.#untold.splice(0)) listener(event);
    return end;
  };
  externalAuth = () => ({ signInWithExternalJwt: (args: SignInWithExternalJwtArgs) => this.#signIn(args) });
  getAuthToken = () => this.#tokens?.fat;
  getMinAuthToken = () => this.#tokens?.small;
  close = (): void => {};

  logout = async (reason: LogoutReason = 'user-intent') => {
    this.end(reason);
    return { revoked: true };
  };
  refresh = async () => {
    const user = this.#required();
    this.#snapshot = this.#signedIn(user);
    this.#changed({ type: 'tokenChanged' });
    return user;
  };
  refreshUser = async () => this.#required();
  updateUser = async (fields: UserFields) => {
    const kept = Object.entries({ ...this.#required(), ...fields }).filter(([, value]) => value !== '');
    const user = Object.freeze(Object.fromEntries(kept)) as unknown as UserProfile;
    this.#snapshot = this.#signedIn(user);
    this.#changed({ type: 'userChanged', user });
    return user;
  };
  deleteUser = async () => {
    this.#required();
    this.end('user-deleted');
  };
  requestElevatedToken = async () => {
    this.#required();
    return { elevatedAccessToken: 'elevated.test.token' };
  };
  getElevatedAccessToken = (): string | undefined => undefined;
  checkStepUp = async () => {
    this.#required();
    return { isRequired: false, credentials: [] };
  };
  settings = async () => ({ boundKeys: false, deviceProofs: false, sessionCookie: false, externalJwtCookie: false, stepUp: false });
  authorize = async () => (this.#tokens ? { authorization: `Bearer ${this.#tokens.small}` } : {});
  inspect = () => ({
    ...(this.#snapshot.status === 'signedIn' && { expiresAt: this.#snapshot.sessionExpiresAt, security: this.#snapshot.security }),
    skewMs: 0,
    storage: 'memory' as const,
  });

  become(user: TestUserProfile): UserProfile {
    const profile = this.#profile(user);
    this.#snapshot = this.#signedIn(profile);
    this.#changed({ type: 'authSuccess', user: profile });
    return profile;
  }

  end(reason: LogoutReason): void {
    if (this.#snapshot.status !== 'signedIn') return;
    this.#tokens = undefined;
    this.#snapshot = Object.freeze({ status: 'signedOut', reason });
    this.#changed({ type: 'logout', reason });
  }

  emit(event: ClientEvent): void {
    if (this.#eventListeners.size === 0) this.#untold.push(event);
    for (const listener of [...this.#eventListeners]) listener(event);
  }

  async #signIn(args: SignInWithExternalJwtArgs): Promise<UserProfile> {
    this.signIns.push(args);
    const { failure, signIn } = this.#options;
    if (failure) throw testError(failure);
    return this.become(signIn ? await signIn(args) : whoever(args));
  }

  #changed(event: ClientEvent): void {
    for (const listener of [...this.#listeners]) listener();
    this.emit(event);
  }

  #required(): UserProfile {
    if (this.#snapshot.status === 'signedIn') return this.#snapshot.user;
    throw testError({ code: 'not_signed_in' });
  }

  #signedIn(user: UserProfile): ClientSnapshot {
    const sessionExpiresAt = this.#options.sessionExpiresAt ?? Date.now() + HOUR_MS;
    this.#issued += 1;
    const claims = { sub: user.userId, sid: user.sessionId, scope: 'user:basic', exp: Math.floor(sessionExpiresAt / 1000), jti: String(this.#issued) };
    this.#tokens = { small: unsigned(claims), fat: unsigned({ ...claims, verified_credentials: user.verifiedCredentials }) };
    const snapshot: ClientSnapshot = { status: 'signedIn', user, sessionExpiresAt, security: { level: 'bearer' } };
    return Object.freeze(snapshot);
  }

  #profile(user: TestUserProfile): UserProfile {
    const given = typeof user === 'string' ? { externalUserId: user } : user;
    const externalUserId = given.externalUserId ?? 'test-user';
    const credential = { id: '00000000-0000-4000-8000-00000000c4ed', format: 'externalUser', public_identifier: externalUserId, signInEnabled: true };
    return Object.freeze({
      userId: '00000000-0000-4000-8000-0000000005e4',
      sessionId: '00000000-0000-4000-8000-000000005e55',
      environmentId: this.#environmentId,
      lastVerifiedCredentialId: credential.id,
      verifiedCredentials: [credential],
      newUser: false,
      scope: 'user:basic',
      ...given,
      externalUserId,
    });
  }
}

/** Who a sign-in would be for, by the rule that the client has itself: a JWT of somebody else is refused. */
function whoever({ externalJwt, externalUserId }: SignInWithExternalJwtArgs): TestUserProfile {
  const token = externalJwt === undefined ? undefined : parse(externalJwt);
  const sub = typeof token === 'object' && typeof token.claims['sub'] === 'string' ? token.claims['sub'] : undefined;
  if (sub !== undefined && externalUserId !== undefined && sub !== externalUserId) {
    throw testError({ code: 'invalid_external_auth', reason: 'external_user_mismatch', message: 'externalUserId is not the `sub` of the JWT' });
  }
  return sub ?? externalUserId ?? 'test-user';
}

function returning(core: CoreClient): Core['ByoaClient'] {
  // A constructor that returns an object gives that.
  return class {
    constructor(_config: ClientConfig) {
      return core;
    }
  } as unknown as Core['ByoaClient'];
}

/** In the form of a token, and good nowhere. */
function unsigned(claims: object): string {
  return `${encodeJson({ alg: 'none', typ: 'test' })}.${encodeJson(claims)}.`;
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}
