import { type DynamicClient, type LazyClient, internals } from './client.js';
import { findDefaultClient, getDefaultClient } from './default-client.js';
import { type Aborted } from './core.js';
import { errorBeforeCore } from './error.js';
import type { LogoutReason, SignInWithExternalJwtArgs, UserProfile } from './generated/wire.js';
import { type SdkUser, sdkUserOf } from './user.js';

/**
 * What a call may be given besides its arguments.
 *
 * @example
 * ```ts
 * const options: CallOptions = { signal: AbortSignal.timeout(3000) };
 * await refreshAuth(client, options);
 * ```
 */
export interface CallOptions {
  /** Ends the call; it then rejects with the code `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Who signs in.
 *
 * @example
 * ```ts
 * const props: SignInWithExternalJwtProps = { externalJwt, externalUserId: 'alice' };
 * ```
 */
export interface SignInWithExternalJwtProps extends CallOptions {
  /** The JWT that your own provider or backend issued; left out where the environment reads it from a cookie. */
  readonly externalJwt?: string | undefined;
  /** Your id of the user. Where it is given, a JWT with another `sub` is refused before anything is sent. */
  readonly externalUserId?: string | undefined;
}

/**
 * What the server answered to a sign-in or a refresh.
 *
 * @example
 * ```ts
 * const { user, expiresAt }: VerifyResponse = await signInWithExternalJwt({ externalJwt });
 * ```
 */
export interface VerifyResponse {
  /** Who. */
  readonly user: SdkUser;
  /** When the session token ends, in seconds since 1970. */
  readonly expiresAt: number;
  /** The small session token; absent where the session is kept in a cookie. */
  readonly minifiedJwt?: string | undefined;
  /** The session token with the profile's claims; absent where the session is kept in a cookie. */
  readonly jwt?: string | undefined;
}

/**
 * Exchanges your JWT for a session.
 *
 * @example
 * ```ts
 * const { user } = await signInWithExternalJwt({ externalJwt, externalUserId });
 * ```
 *
 * @throws {ByoaError} `invalid_external_auth` with a `reason` where the JWT is refused
 */
export async function signInWithExternalJwt(
  props: SignInWithExternalJwtProps = {},
  client: DynamicClient = getDefaultClient(),
): Promise<VerifyResponse> {
  const lazy = internals(client);
  return answered(lazy, await exchange(lazy, props));
}

/** The exchange, and the events that a function can tell more of than the core. */
export async function exchange(client: LazyClient, props: SignInWithExternalJwtProps): Promise<UserProfile> {
  // A caller without TypeScript may pass anything; the core says what is wrong with it.
  const { signal, ...args } = props ?? {};
  const { externalUserId } = args;
  client.emit('authInit', { externalUserId });
  try {
    const core = await client.open();
    return await abortable(signal, (aborted) => core.externalAuth().signInWithExternalJwt(args as SignInWithExternalJwtArgs, aborted));
  } catch (error) {
    client.emit('authFailure', { error, externalUserId });
    throw error;
  }
}

/**
 * Ends the session here always, and on the server where it can be reached; where it cannot, the event
 * `warning` says so with the code `revoke_failed`.
 *
 * @example
 * ```ts
 * await logout();
 * ```
 */
export async function logout(client: DynamicClient = getDefaultClient()): Promise<void> {
  await signOut(internals(client));
}

/** The same, for another reason than the user's wish. */
export async function signOut(client: LazyClient, reason?: Extract<LogoutReason, 'provider-signed-out'>): Promise<void> {
  await (await client.open()).logout(reason);
}

/**
 * Asks for a new session token now. Sessions are refreshed by themselves; this is for a claim that has changed.
 *
 * @example
 * ```ts
 * const { minifiedJwt } = await refreshAuth();
 * ```
 *
 * @throws {ByoaError} a failure that is no refusal leaves the session as it is
 */
export async function refreshAuth(client: DynamicClient = getDefaultClient(), options?: CallOptions): Promise<VerifyResponse> {
  const lazy = internals(client);
  const core = await lazy.open();
  return answered(lazy, await abortable(options?.signal, (aborted) => core.refresh(aborted)));
}

/**
 * Whether somebody is signed in, as far as is known now.
 *
 * @example
 * ```ts
 * if (!isSignedIn()) location.assign('/sign-in');
 * ```
 */
export function isSignedIn(client: DynamicClient = getDefaultClient()): boolean {
  return client.getSnapshot().status === 'signedIn';
}

/**
 * The session token with the profile's claims, for your backend; `undefined` while nobody is signed in, and
 * where the session is kept in a cookie.
 *
 * @example
 * ```ts
 * const claims = await fetch('/api/me', { headers: { authorization: `Bearer ${getAuthToken()}` } });
 * ```
 */
export function getAuthToken(client: DynamicClient | undefined = findDefaultClient()): string | undefined {
  return client && internals(client).core()?.getAuthToken();
}

/**
 * The small session token, for your backend: the same as `client.token`, but `undefined` where there is none.
 *
 * @example
 * ```ts
 * headers.set('authorization', `Bearer ${getMinAuthToken()}`);
 * ```
 */
export function getMinAuthToken(client: DynamicClient | undefined = findDefaultClient()): string | undefined {
  return client && internals(client).core()?.getMinAuthToken();
}

/** The answer, put together again from what the client keeps of it. */
export function answered(client: LazyClient, profile: UserProfile): VerifyResponse {
  const snapshot = client.getSnapshot();
  if (snapshot.status !== 'signedIn') {
    throw errorBeforeCore('SupersededError', 'superseded', 'The session ended while its answer was on the way.');
  }
  return {
    user: sdkUserOf(profile),
    expiresAt: Math.floor(snapshot.sessionExpiresAt / 1000),
    minifiedJwt: getMinAuthToken(client),
    jwt: getAuthToken(client),
  };
}

/** A call of the core that the caller's signal ends. The core gets a promise, as it must not meet a foreign rejection. */
export async function abortable<T>(signal: AbortSignal | undefined, call: (aborted?: Aborted) => Promise<T>): Promise<T> {
  if (!signal) return call();
  let abort!: () => void;
  const aborted = new Promise<void>((resolve) => (abort = resolve));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await call(aborted);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
