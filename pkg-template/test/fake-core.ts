// A core without wasm and without a network: it does what the test says, and counts.
import type { Core, CoreClient } from '../src/core.js';
import type {
  ClientConfig,
  ClientEvent,
  ClientSnapshot,
  LogoutReason,
  SessionTimeline,
  SignInWithExternalJwtArgs,
  UserFields,
  UserProfile,
} from '../src/generated/wire.js';

export const config: ClientConfig = {
  environmentId: '00000000-0000-4000-8000-00000000b0a0',
  apiBaseUrl: 'http://localhost:4602/api/v0',
};

export const alice: UserProfile = {
  sessionId: '6131bb1d-0000-4000-8000-000000000001',
  userId: '34999b11-0000-4000-8000-000000000001',
  environmentId: config.environmentId,
  externalUserId: 'alice',
  firstVisit: '2026-01-02T03:04:05.000Z',
  verifiedCredentials: [{ id: '5f2c8a52-0000-4000-8000-000000000001', format: 'externalUser', public_identifier: 'alice', signInEnabled: true }],
};

export const credentials = { externalJwt: 'header.payload.signature', externalUserId: 'alice' };

export class FakeClient implements CoreClient {
  snapshot: ClientSnapshot = { status: 'loading' };
  closed = false;
  exchanges = 0;
  /** How many tokens were given: the number of the newest. */
  tokens = 0;
  /** What a sign-in waits for before it succeeds. */
  gate: Promise<unknown> = Promise.resolve();
  readonly listeners = new Set<() => void>();
  readonly eventListeners = new Set<(event: ClientEvent) => void>();
  readonly config: ClientConfig;
  readonly stored: UserProfile | undefined;
  /** Why an earlier page's session ended. */
  readonly endedFor: LogoutReason | undefined;
  /** The reason that a next page would find. */
  lastReason: LogoutReason | undefined;
  /** Rejects when the client is closed, as the core does with what is under way. */
  readonly #ended: Promise<never>;
  readonly #end: (reason: unknown) => void;

  constructor(config: ClientConfig, stored?: UserProfile, endedFor?: LogoutReason) {
    this.config = config;
    this.stored = stored;
    this.endedFor = this.lastReason = endedFor;
    const { promise, reject } = deferred<never>();
    promise.catch(() => {});
    [this.#ended, this.#end] = [promise, reject];
  }

  start = async () => this.become(this.stored ? signedIn(this.stored) : this.endedFor ? { status: 'signedOut', reason: this.endedFor } : { status: 'signedOut' });
  getSnapshot = () => this.snapshot;
  subscribe = (listener: () => void) => added(this.listeners, listener);
  onEvent = (listener: (event: ClientEvent) => void) => added(this.eventListeners, listener);
  externalAuth = () => ({ signInWithExternalJwt: (args: SignInWithExternalJwtArgs) => this.signIn(args) });
  refresh = async (aborted?: Promise<unknown>) => {
    await Promise.race([this.gate, aborted?.then(() => { throw refusal('aborted'); }) ?? this.gate]);
    this.tokens += 1;
    this.become(signedIn(this.#user, this.tokens));
    this.emit({ type: 'tokenChanged' });
    return this.#user;
  };
  refreshUser = async () => {
    const user = { ...this.#user, alias: 'Alice' };
    this.become(signedIn(user, this.tokens));
    this.emit({ type: 'userChanged', user });
    return user;
  };
  updateUser = async (fields: UserFields) => {
    const user = { ...this.#user, ...fields } as UserProfile;
    this.become(signedIn(user, this.tokens));
    this.emit({ type: 'userChanged', user });
    return user;
  };
  deleteUser = async () => {
    await this.gate;
    this.end('user-deleted');
  };
  requestElevatedToken = async () => ({ elevatedAccessToken: 'elevated' });
  getElevatedAccessToken = () => undefined as string | undefined;
  checkStepUp = async () => ({ isRequired: false, credentials: [] });
  settings = async () => ({ boundKeys: false, deviceProofs: false, sessionCookie: false, externalJwtCookie: false, stepUp: false });
  authorize = async () => ({ authorization: `Bearer small-${this.tokens}` });
  inspect = (): SessionTimeline => ({ skewMs: 0, storage: 'local' });
  getAuthToken = () => (this.snapshot.status === 'signedIn' ? `fat-${this.tokens}` : undefined);
  getMinAuthToken = () => (this.snapshot.status === 'signedIn' ? `small-${this.tokens}` : undefined);
  close = () => {
    this.closed = true;
    this.#end(refusal('superseded'));
  };

  logout = async (reason: LogoutReason = 'user-intent') => {
    this.lastReason = reason;
    this.end(reason);
    return { revoked: true };
  };

  async signIn(args: Partial<SignInWithExternalJwtArgs>) {
    this.exchanges += 1;
    this.emit({ type: 'authInit' });
    try {
      await Promise.race([this.gate, this.#ended]);
    } catch (error) {
      this.emit({ type: 'authFailure', code: 'refused' });
      throw error;
    }
    const user = args.externalUserId === undefined || args.externalUserId === alice.externalUserId ? alice : { ...alice, externalUserId: args.externalUserId };
    this.tokens += 1;
    this.become(signedIn(user, this.tokens));
    this.emit({ type: 'authSuccess', user });
    return user;
  }

  /** The session ends, for that reason. */
  end(reason: LogoutReason) {
    this.become({ status: 'signedOut', reason });
    this.emit({ type: 'logout', reason });
  }

  get #user(): UserProfile {
    return this.snapshot.status === 'signedIn' ? this.snapshot.user : alice;
  }

  become(snapshot: ClientSnapshot) {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }

  emit(event: ClientEvent) {
    for (const listener of this.eventListeners) listener(event);
  }
}

/** A core that is loaded by {@link FakeWasm.load}. */
export class FakeWasm {
  loads = 0;
  readonly clients: FakeClient[] = [];
  /** Who a stored session belongs to. */
  stored: UserProfile | undefined;
  /** Why the session of an earlier page ended. */
  endedFor: LogoutReason | undefined;
  /** What the next loads fail with. */
  failure: Error | undefined;
  /** Given to every client made from now on. */
  gate: Promise<unknown> = Promise.resolve();

  load = async (): Promise<Core> => {
    this.loads += 1;
    if (this.failure) throw this.failure;
    const { clients } = this;
    const made = (config: ClientConfig) => {
      const client = new FakeClient(config, this.stored, this.endedFor);
      client.gate = this.gate;
      clients.push(client);
      return client;
    };
    return { ByoaClient: class { constructor(config: ClientConfig) { return made(config); } } as unknown as Core['ByoaClient'] };
  };

  get only(): FakeClient {
    const [client] = this.clients;
    if (!client || this.clients.length !== 1) throw new Error(`${this.clients.length} clients were made`);
    return client;
  }
}

/** A promise and what settles it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is due now happen. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An error as the core makes them. */
export function refusal(code: string, more: object = {}) {
  return Object.assign(new Error(code), { code, retryable: false, ...more });
}

function signedIn(user: UserProfile, tokens = 0): ClientSnapshot {
  return { status: 'signedIn', user: Object.freeze({ ...user }), sessionExpiresAt: 1_800_000_000_000 + tokens, security: { level: 'bearer' } };
}

function added<T>(set: Set<T>, item: T) {
  set.add(item);
  return () => void set.delete(item);
}
