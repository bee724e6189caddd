/** An exchange server in memory: what `byoa-server` answers, for the calls that the client makes. */
import type { ErrorCode, Reason } from '../generated/wire.js';
import { Rejected, type TrustedIssuer, emailOf, verifyExternal } from './external-jwt.js';
import { fillGlobals, web } from './host.js';
import { TestIssuer, createTestIssuer } from './issuer.js';
import { type JwkSet, type Members, SigningKey, parse, verifies } from './jwt.js';
import { checkFields, knownFields } from './profile.js';
import { isSingleUse } from './scopes.js';
import { type Session, Store, type TestUser } from './sessions.js';

/** Arguments of {@link createTestServer}; everything has a default. */
export interface TestServerOptions {
  /** Whose JWTs it takes. Left out, it makes an issuer: {@link TestServer.issuer}. */
  readonly issuer?: TrustedIssuer | readonly TrustedIssuer[];
  /** UUID of its one environment. */
  readonly environmentId?: string;
  /** Where the client believes it to be. Nothing listens there. */
  readonly apiBaseUrl?: string;
  /** Origins that may sign in; any where it is left out. */
  readonly allowedOrigins?: readonly string[];
  /** Whether an `email` without `emailVerified` counts as verified. */
  readonly assumeEmailVerified?: boolean;
  /** `once`: an external JWT signs in once. */
  readonly replay?: 'allow' | 'once';
  /** Operations that need an elevated token. */
  readonly stepUp?: readonly ('user:update' | 'user:delete')[];
  /** How long a session token lives; 7200. */
  readonly sessionLifetimeSeconds?: number;
  /** How long a session can be refreshed; 30 days. */
  readonly refreshWindowSeconds?: number;
  /** How long after its token's end a session can still be refreshed; as long as the window unless set. */
  readonly idleLimitSeconds?: number;
  /** How long a replaced token still gets its successor; 30. */
  readonly refreshGraceSeconds?: number;
  /** The time in milliseconds since 1970; `Date.now`, which fake timers control. */
  readonly now?: () => number;
}

/** What the server is to do instead of answering. */
export interface Failure {
  /** Only this operation, such as `externalAuth/signin`, `refresh`, `users`; any where it is left out. */
  readonly operation?: string;
  /** The network fails: `fetch` rejects. */
  readonly network?: boolean;
  /** 500 unless set. */
  readonly status?: number;
  /** `internal_server_error` unless set. */
  readonly code?: ErrorCode | (string & {});
  /** Of a refused JWT. */
  readonly reason?: Reason | (string & {});
  /** `Retry-After`, in seconds. */
  readonly retryAfter?: number;
  /** For how many requests; 1. */
  readonly times?: number;
}

/** A request that came, without anything secret. */
export interface SeenRequest {
  /** Such as `externalAuth/signin`. */
  readonly operation: string;
  readonly method: string;
  /** Of the answer; 0 where the network was made to fail. */
  readonly status: number;
  readonly code: string | undefined;
}

const ENVIRONMENT_ID = '00000000-0000-4000-8000-00000000b0a0';
const API_BASE_URL = 'https://auth.test/api/v0';
const MAX_BODY_BYTES = 64 * 1024;
/** The least that a session lives which comes from a JWT in its leeway. */
const LEEWAY_SESSION_SECONDS = 60;
const DAY_SECONDS = 24 * 60 * 60;

interface Call {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly query: URLSearchParams;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** An answer that refuses. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly reason: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, sentence: string, { reason, headers = {} }: { reason?: string; headers?: Record<string, string> } = {}) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.headers = status === 401 ? { 'www-authenticate': 'Bearer', ...headers } : headers;
  }
}

const unauthorized = (why: string) => new Refusal(401, 'unauthorized', why);
const expired = () => unauthorized('the session token has expired; sign in again');

/**
 * Makes a server that exists in this process only.
 *
 * @example
 * const server = await createTestServer();
 * const uninstall = server.install(); // `fetch` to its address is answered by it
 * const client = createDynamicClient(server.settings);
 * await client.signInWithExternalJwt(await server.issuer.credentials('alice'));
 * uninstall();
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const own = options.now ? { now: options.now } : {};
  const issuer = await createTestIssuer({ audience: 'byoa-test', ...own });
  return new TestServer(options, issuer, await SigningKey.make('ES256', 'session-key-1'));
}

/** See {@link createTestServer}. */
export class TestServer {
  /** Its own issuer; nobody trusts it where others were given. */
  readonly issuer: TestIssuer;
  /** For `createDynamicClient` or a provider's `settings`. */
  readonly settings: { readonly environmentId: string; readonly apiBaseUrl: string };
  readonly #options: TestServerOptions;
  readonly #issuers: readonly TrustedIssuer[];
  readonly #key: SigningKey;
  readonly #now: () => number;
  readonly #store = new Store();
  readonly #seen: SeenRequest[] = [];
  #failures: (Failure & { left: number })[] = [];
  #gate: Promise<void> | undefined;

  /** Use {@link createTestServer}. */
  constructor(options: TestServerOptions, issuer: TestIssuer, key: SigningKey) {
    this.#options = options;
    this.issuer = issuer;
    this.#issuers = options.issuer === undefined ? [issuer] : [options.issuer].flat();
    this.#key = key;
    this.#now = options.now ?? (() => Date.now());
    this.settings = { environmentId: options.environmentId ?? ENVIRONMENT_ID, apiBaseUrl: options.apiBaseUrl ?? API_BASE_URL };
  }

  /** Who has signed in until now. */
  get users(): readonly TestUser[] {
    return this.#store.users();
  }

  /** What was asked, in order. */
  get requests(): readonly SeenRequest[] {
    return [...this.#seen];
  }

  /** The public keys of its session tokens. */
  jwks(): JwkSet {
    return { keys: [this.#key.publicJwk] };
  }

  /** Makes the next requests fail. */
  failNext(failure: Failure = {}): void {
    this.#failures.push({ ...failure, left: failure.times ?? 1 });
  }

  /** Keeps answers back until what it returns is called, so that a test sees what is shown meanwhile. */
  hold(): () => void {
    let release = () => {};
    this.#gate = new Promise<void>((resolve) => (release = resolve));
    return () => {
      this.#gate = undefined;
      release();
    };
  }

  /** Ends sessions as an administrator does: those of one external user id, or all. */
  endSessions(externalUserId?: string): void {
    if (externalUserId === undefined) return this.#store.endSessions();
    for (const user of this.users) if (user.externalUserId === externalUserId) this.#store.endSessions(user.id);
  }

  /**
   * Makes it the answer of the global `fetch` to its address, as from a page of this document's origin; everything
   * else goes where it went before. What jsdom lacks of the web platform is there meanwhile, too.
   *
   * @returns what puts everything back
   */
  install(): () => void {
    const empty = fillGlobals();
    const before = globalThis.fetch;
    globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
      const url = urlOf(input);
      if (!url.startsWith(`${this.settings.apiBaseUrl}/`)) return before(input, init);
      const origin = globalThis.location?.origin;
      // A browser keeps the answer from a page that may not read it.
      if (origin && !this.#allows(origin)) throw new TypeError('Failed to fetch');
      return this.#fetch(input, init, origin);
    }) as typeof fetch;
    return () => {
      globalThis.fetch = before;
      empty();
    };
  }

  /** Answers as the server would, whoever asks. */
  readonly fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => this.#fetch(input, init, undefined);

  async #fetch(input: RequestInfo | URL, init: RequestInit | undefined, origin: string | undefined): Promise<Response> {
    const request = typeof input === 'object' && 'method' in input ? input : undefined;
    const signal = init?.signal ?? request?.signal;
    const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
    const headers = new (web('Headers'))(init?.headers ?? request?.headers);
    if (origin && !headers.has('origin')) headers.set('x-test-origin', origin);
    const url = new URL(urlOf(input));
    const body = init?.body == null ? ((await request?.clone().text()) ?? '') : String(init.body);
    const operation = this.#operationOf(url);
    await raced(this.#gate, signal);
    const answer = await this.#answer(operation, { method, headers, body, query: url.searchParams });
    if (signal?.aborted) throw aborted(signal);
    this.#seen.push({ operation: operation ?? url.pathname, method, status: answer?.status ?? 0, code: codeOf(answer?.body) });
    if (!answer) throw new TypeError('Failed to fetch');
    const text = answer.body === undefined ? null : JSON.stringify(answer.body);
    const kept = { ...(text && { 'content-type': 'application/json' }), 'cache-control': 'no-store', date: new Date(this.#now()).toUTCString() };
    return new (web('Response'))(text, { status: answer.status, headers: { ...kept, ...answer.headers } });
  }

  #operationOf(url: URL): string | undefined {
    const base = new URL(`${this.settings.apiBaseUrl}/sdk/${this.settings.environmentId}/`).pathname;
    return url.pathname.toLowerCase().startsWith(base.toLowerCase()) ? url.pathname.slice(base.length) : undefined;
  }

  /** `undefined`: the network fails. */
  async #answer(operation: string | undefined, call: Call): Promise<Answer | undefined> {
    const failure = this.#failures.find((one) => one.operation === undefined || one.operation === operation);
    if (failure) {
      failure.left -= 1;
      this.#failures = this.#failures.filter(({ left }) => left > 0);
      return failure.network ? undefined : refused(failed(failure));
    }
    try {
      return await this.#route(operation, call);
    } catch (error) {
      if (error instanceof Rejected) return refused(new Refusal(422, 'invalid_external_auth', error.message, { reason: error.reason }));
      if (error instanceof Refusal) return refused(error);
      throw error;
    }
  }

  async #route(operation: string | undefined, call: Call): Promise<Answer> {
    if (operation === undefined) throw new Refusal(404, 'not_found', 'no such environment; check the environment id');
    const operations: Record<string, Record<string, (call: Call) => Answer | Promise<Answer>>> = {
      settings: { GET: () => ({ status: 200, body: this.#publicSettings() }) },
      healthcheck: { GET: () => ({ status: 200, body: { status: 'ok' } }) },
      '.well-known/jwks': { GET: () => this.#publicKeys() },
      '.well-known/jwks.json': { GET: () => this.#publicKeys() },
      nonce: { GET: () => ({ status: 200, body: { nonce: this.#nonce() } }) },
      nonces: { GET: ({ query }) => this.#nonces(query.get('count')) },
      'externalAuth/signin': { POST: (asked) => this.#signIn(asked) },
      'externalAuth/verify': { POST: (asked) => this.#stepUp(asked) },
      'stepUp/check': { POST: (asked) => this.#checkStepUp(asked) },
      users: { GET: (asked) => this.#showUser(asked), PUT: (asked) => this.#updateUser(asked), DELETE: (asked) => this.#deleteUser(asked) },
      refresh: { POST: (asked) => this.#refresh(asked) },
      session: { GET: async (asked) => (await this.#authenticate(asked), { status: 204 }) },
      revoke: { POST: (asked) => this.#revoke(asked) },
    };
    const methods = operations[operation];
    if (!methods) throw new Refusal(404, 'not_found', 'no such path');
    const handler = methods[call.method];
    if (handler) return handler(call);
    const allow = Object.keys(methods).join(',');
    throw new Refusal(405, 'method_not_allowed', 'this path does not know this method', { headers: { allow } });
  }

  #publicSettings(): unknown {
    const [first] = this.#issuers;
    const seconds = this.#lifetime;
    const [size, unit] = ([[86_400, 'days'], [3_600, 'hours'], [60, 'minutes']] as const).find(([unitSize]) => seconds % unitSize === 0) ?? [60, 'minutes'];
    const several = this.#issuers.map(({ issuer, audience }) => ({ iss: issuer, ...(audience && { audiences: [audience] }) }));
    return {
      environmentName: 'sandbox',
      ...{ chains: [], kyc: [], providers: [], networks: [], design: {}, general: {}, privacy: {} },
      sdk: { minApiVersion: this.#options.stepUp?.length ? '2026_04_01' : '2026_01_01' },
      security: {
        jwtDuration: { amount: Math.max(1, Math.ceil(seconds / size)), unit },
        auth: { storage: ['localstorage'] },
        deviceRegistrationRequired: false,
        // Keys are not bound here: the client then uses bearer tokens, as with a server without DPoP.
        dpop: { supported: false, nonceRequired: false, algorithms: [] },
        ...(first && {
          externalAuth: {
            enabled: true,
            iss: first.issuer,
            ...(first.audience && { aud: first.audience }),
            assumeEmailVerified: this.#options.assumeEmailVerified ?? false,
            ...(several.length > 1 && { issuers: several }),
          },
        }),
      },
    };
  }

  #publicKeys(): Answer {
    return { status: 200, body: this.jwks(), headers: { 'cache-control': 'public, max-age=300' } };
  }

  #nonces(count: string | null): Answer {
    const asked = count === null ? 1 : Number(count);
    if (!Number.isInteger(asked) || asked < 1) throw new Refusal(400, 'bad_request', 'count must be a number from 1 to 5');
    return { status: 200, body: { nonces: Array.from({ length: Math.min(5, asked) }, () => this.#nonce()) } };
  }

  #nonce(): string {
    return `nonce-${this.#store.id()}`;
  }

  async #signIn(call: Call): Promise<Answer> {
    const body = bodyOf(call, { jwt: 'string', sessionPublicKey: 'string' });
    const claims = await this.#verifyExternal(call, body['jwt']);
    const publicKey = (body['sessionPublicKey'] ?? call.headers.get('x-dyn-session-public-key') ?? undefined) as string | undefined;
    if (publicKey !== undefined && !/^0[23][0-9a-f]{64}$/.test(publicKey)) throw new Refusal(422, 'invalid_session_public_key', 'the session public key must be a compressed P-256 point in 66 lower-case hex digits');
    if (this.#options.replay === 'once' && !this.#store.use(useOf(claims, String(body['jwt'])))) throw new Rejected('jwt_replayed');

    const now = this.#seconds;
    const { user, isNew } = this.#store.visit(claims, emailOf(claims, this.#options.assumeEmailVerified ?? false), new Date(this.#now()).toISOString());
    const external = Math.ceil(claims.exp);
    const session = this.#store.open({
      userId: user.id,
      audience: originOf(call.headers) ?? new URL(this.settings.apiBaseUrl).origin,
      publicKey,
      credentialId: user.credentials[0]?.id ?? '',
      issuedAt: now,
      expiresAt: Math.min(now + this.#lifetime, external > now ? external : now + LEEWAY_SESSION_SECONDS),
      refreshExpiresAt: now + (this.#options.refreshWindowSeconds ?? 30 * DAY_SECONDS),
    });
    return { status: 200, body: await this.#statement(session, user, isNew) };
  }

  async #refresh(call: Call): Promise<Answer> {
    const { session, claims } = await this.#session(call);
    const now = this.#seconds;
    if (now >= session.refreshExpiresAt) throw unauthorized('the session is past its refresh deadline; sign in again');
    const { idleLimitSeconds = Infinity, refreshGraceSeconds: graceSeconds = 30 } = this.#options;
    if (session.expiresAt <= now && now - session.expiresAt >= idleLimitSeconds) {
      throw new Refusal(401, 'session_idle', 'the session was left alone for too long; sign in again');
    }
    const expiresAt = Math.min(now + this.#lifetime, session.refreshExpiresAt);
    if (this.#store.refresh(session, { presented: claims['jti'], now, expiresAt, graceSeconds }) === 'reused') {
      throw unauthorized('the session token was used again after it had been replaced, so the session was ended; sign in again');
    }
    // The answer with the newest token was lost, and it has ended since.
    if (session.expiresAt <= now) this.#store.refresh(session, { presented: session.tokenId, now, expiresAt, graceSeconds });
    return { status: 200, body: await this.#statement(session, this.#userOf(session), false) };
  }

  async #showUser(call: Call): Promise<Answer> {
    const session = await this.#authenticate(call);
    return { status: 200, body: shown(this.#userOf(session), session, this.settings.environmentId, false) };
  }

  async #updateUser(call: Call): Promise<Answer> {
    const session = await this.#authenticate(call);
    const fields = knownFields(bodyOf(call));
    const problem = checkFields(fields);
    if (problem) throw new Refusal(problem.status, problem.code, problem.sentence);
    const user = this.#userOf(session);
    const taken = this.users.some((other) => fields.username && other.id !== user.id && sameName(other.profile.username, fields.username));
    if (taken) throw new Refusal(422, 'username_already_exists', 'another user has this username; choose another');
    await this.#spendStepUp(call, session, 'user:update');
    const changed = this.#store.change(user, fields);
    return { status: 200, body: { ...(await this.#statement(session, changed, false)), nextView: 'done' } };
  }

  async #deleteUser(call: Call): Promise<Answer> {
    const session = await this.#authenticate(call);
    await this.#spendStepUp(call, session, 'user:delete');
    this.#store.remove(session.userId);
    return { status: 204 };
  }

  async #revoke(call: Call): Promise<Answer> {
    const claims = await this.#signedClaims(bearerOf(call.headers));
    const session = this.#store.session(claims?.['sid']);
    if (session) session.ended = true;
    return { status: 204 };
  }

  async #stepUp(call: Call): Promise<Answer> {
    const session = await this.#authenticate(call);
    const { jwt } = bodyOf(call, { jwt: 'string', sessionPublicKey: 'string' });
    const claims = await this.#verifyExternal(call, jwt);
    const user = this.#userOf(session);
    if (claims.iss !== user.issuer || claims.sub !== user.externalUserId) throw new Rejected('external_user_mismatch');
    const { jti } = claims;
    if (typeof jti !== 'string' || jti.length < 1 || jti.length > 255) throw new Rejected('jwt_jti_missing');
    const scopes = typeof claims['scope'] === 'string' ? [...new Set(claims['scope'].split(' ').filter(Boolean))] : [];
    const uses = scopes.map(isSingleUse);
    if (scopes.length === 0 || uses.includes(undefined)) throw new Refusal(422, 'invalid_scopes', 'a step-up asks for scopes that exist, as words with spaces between; correct `scope`');
    if (!this.#store.use(useOf(claims, String(jwt)))) throw new Rejected('jwt_replayed');
    const singleUse = uses.includes(true);
    const iat = this.#seconds;
    const elevatedAccessToken = await this.#key.sign(
      {
        ...this.#marks(session, user),
        aud: this.#tokenIssuer,
        jti: this.#store.id(),
        iat,
        exp: iat + (singleUse ? 5 : 10) * 60,
        scope: scopes.join(' '),
        singleUse,
      },
      { typ: 'elevated+jwt' },
    );
    return { status: 200, body: { elevatedAccessToken } };
  }

  async #checkStepUp(call: Call): Promise<Answer> {
    const session = await this.#authenticate(call);
    const { scope } = bodyOf(call, { scope: 'string' });
    if (typeof scope !== 'string') throw new Refusal(400, 'bad_request', 'the body has not the member scope');
    if (isSingleUse(scope) === undefined) throw new Refusal(422, 'invalid_scopes', 'there is no such scope');
    const isRequired = this.#needsStepUp(scope) && (await this.#elevated(call, session, scope)) === undefined;
    return { status: 200, body: { isRequired, credentials: [{ id: session.credentialId, format: 'externalUser' }], defaultCredentialId: session.credentialId } };
  }

  #needsStepUp(scope: string): boolean {
    return this.#options.stepUp?.some((needed) => needed === scope) ?? false;
  }

  async #spendStepUp(call: Call, session: Session, scope: string): Promise<void> {
    if (!this.#needsStepUp(scope)) return;
    const claims = await this.#elevated(call, session, scope);
    if (!claims) throw new Refusal(403, 'step_up_required', 'this operation needs an elevated token; get one from externalAuth/verify');
    if (claims['singleUse'] === true) this.#store.use(`elevated ${String(claims['jti'])}`);
  }

  /** The claims of an elevated token that does for this, its one use not over. */
  async #elevated(call: Call, session: Session, scope: string): Promise<Members | undefined> {
    const claims = await this.#signedClaims(call.headers.get('x-dyn-elevated-access-token') ?? undefined, 'elevated+jwt');
    if (!claims || claims['sid'] !== session.id || Number(claims['exp']) <= this.#seconds) return undefined;
    const isSpent = claims['singleUse'] === true && this.#store.used(`elevated ${String(claims['jti'])}`);
    return !isSpent && String(claims['scope']).split(' ').includes(scope) ? claims : undefined;
  }

  async #verifyExternal(call: Call, jwt: unknown) {
    const origin = originOf(call.headers);
    if (origin !== undefined && !this.#allows(origin)) throw new Refusal(403, 'forbidden', 'pages of this origin may not sign in to this environment');
    if (typeof jwt !== 'string' || jwt === '') throw new Rejected('jwt_missing');
    return verifyExternal(jwt, this.#issuers, this.#seconds);
  }

  /** The session of the newest token. */
  async #authenticate(call: Call): Promise<Session> {
    const { session, claims, isExpired } = await this.#session(call);
    if (isExpired) throw expired();
    if (claims['jti'] !== session.tokenId) throw unauthorized('a newer token replaced this session token; use that one, or refresh');
    return session;
  }

  /** The live session of a token, which may have been replaced or be past its end. */
  async #session(call: Call): Promise<{ readonly session: Session; readonly claims: Members; readonly isExpired: boolean }> {
    const token = bearerOf(call.headers);
    if (!token) throw unauthorized('no session token came with the request; send `Authorization: Bearer …`');
    const claims = await this.#signedClaims(token);
    if (!claims) throw unauthorized('the session token is not one of this environment; sign in');
    const session = this.#store.session(claims['sid']);
    if (!session || session.ended) throw unauthorized('the session has ended; sign in again');
    return { session, claims, isExpired: Number(claims['exp']) <= this.#seconds };
  }

  /** The claims of a token that it signed, also where that has expired. */
  async #signedClaims(token: string | undefined, typ = 'JWT'): Promise<Members | undefined> {
    const parsed = token === undefined ? undefined : parse(token);
    if (!parsed || typeof parsed === 'string') return undefined;
    const { header, claims } = parsed;
    const isOurs = header['alg'] === 'ES256' && header['kid'] === this.#key.publicJwk.kid && header['typ'] === typ && claims['iss'] === this.#tokenIssuer;
    return isOurs && (await verifies(this.#key.publicJwk, 'ES256', parsed)) ? claims : undefined;
  }

  #userOf(session: Session): TestUser {
    const user = this.#store.user(session.userId);
    if (!user) throw unauthorized('the session has ended; sign in again');
    return user;
  }

  /** What `signin`, `refresh` and `PUT users` answer. */
  async #statement(session: Session, user: TestUser, isNew: boolean): Promise<Members> {
    const verified = user.credentials.find(({ format }) => format === 'email')?.email;
    const { username, metadata, alias, firstName, lastName, country, jobTitle, phoneNumber, team, tShirtSize } = user.profile;
    const claims = {
      ...this.#marks(session, user),
      aud: session.audience,
      iat: session.issuedAt,
      exp: session.expiresAt,
      refreshExp: session.refreshExpiresAt,
      jti: session.tokenId,
      scope: 'user:basic',
      last_verified_credential_id: session.credentialId,
      signin_credential_id: session.credentialId,
      session_public_key: session.publicKey,
      email: verified,
      username,
    };
    const identity = {
      ...claims,
      verified_credentials: user.credentials,
      missing_fields: [],
      new_user: isNew,
      first_visit: user.firstVisit,
      last_visit: user.lastVisit,
      ...{ alias, given_name: firstName, family_name: lastName, country, job_title: jobTitle, phone_number: phoneNumber, team, t_shirt_size: tShirtSize, metadata },
    };
    return {
      user: shown(user, session, this.settings.environmentId, isNew),
      expiresAt: session.expiresAt,
      minifiedJwt: await this.#key.sign(claims),
      jwt: await this.#key.sign(identity),
    };
  }

  #marks(session: Session, user: TestUser): Members {
    const { environmentId } = this.settings;
    return { kid: this.#key.publicJwk.kid, iss: this.#tokenIssuer, sub: user.id, sid: session.id, environment_id: environmentId };
  }

  get #tokenIssuer(): string {
    return `${new URL(this.settings.apiBaseUrl).host}/${this.settings.environmentId}`;
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  get #lifetime(): number {
    return this.#options.sessionLifetimeSeconds ?? 7200;
  }

  #allows(origin: string): boolean {
    return this.#options.allowedOrigins?.includes(origin) ?? true;
  }
}

function shown(user: TestUser, session: Session, environmentId: string, newUser: boolean): Members {
  return {
    id: user.id,
    projectEnvironmentId: environmentId,
    verifiedCredentials: user.credentials,
    lastVerifiedCredentialId: session.credentialId,
    sessionId: session.id,
    ...user.profile,
    firstVisit: user.firstVisit,
    lastVisit: user.lastVisit,
    newUser,
    scope: 'user:basic',
    missingFields: [],
  };
}

function refused({ status, code, reason, message, headers }: Refusal): Answer {
  return { status, headers, body: { error: message, code, ...(reason && { payload: { additionalMessages: [reason] } }) } };
}

function failed({ status, code, reason, retryAfter }: Failure): Refusal {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return new Refusal(status ?? 500, code ?? 'internal_server_error', 'the test made this fail', { headers, ...(reason && { reason }) });
}

/** The JSON object of a body, its named members of the named types. */
function bodyOf({ headers, body }: Call, types: Record<string, 'string'> = {}): Members {
  if (!/^application\/json(;.*)?$/i.test(headers.get('content-type') ?? '')) throw new Refusal(415, 'unsupported_media_type', 'the body must be JSON; send it with Content-Type: application/json');
  if (body.length > MAX_BODY_BYTES) throw new Refusal(413, 'payload_too_large', 'the body is over 65536 bytes');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'bad_request', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refusal(400, 'bad_request', 'the body is not a JSON object');
  const members = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
  for (const [name, type] of Object.entries(types)) {
    if (name in members && typeof members[name] !== type) throw new Refusal(400, 'bad_request', 'the body has the wrong shape');
  }
  return members;
}

function bearerOf(headers: Headers): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}

/** A script may not set `Origin` in a browser: there the page's own stands in for it. */
function originOf(headers: Headers): string | undefined {
  return headers.get('origin') ?? headers.get('x-test-origin') ?? undefined;
}

function urlOf(input: RequestInfo | URL): string {
  return typeof input === 'object' && 'url' in input ? input.url : String(input);
}

function codeOf(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : undefined;
}

/** By its issuer and `jti`, or by what is signed where it has none. */
function useOf({ iss, jti }: Members, jwt: string): string {
  return typeof jti === 'string' ? `jti ${JSON.stringify([iss, jti])}` : `jwt ${jwt.slice(0, jwt.lastIndexOf('.'))}`;
}

function sameName(one: string | undefined, other: string): boolean {
  return one?.normalize('NFKC').toLowerCase() === other.normalize('NFKC').toLowerCase();
}

function aborted(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('The operation was aborted.', 'AbortError');
}

async function raced(gate: Promise<void> | undefined, signal: AbortSignal | null | undefined): Promise<void> {
  if (signal?.aborted) throw aborted(signal);
  if (!gate) return;
  await new Promise<void>((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(aborted(signal)), { once: true });
    void gate.then(resolve);
  });
}
