import { type DynamicClient, type LazyClient, internals } from './client.js';
import { getDefaultClient } from './default-client.js';
import type { ByoaError } from './error.js';
import type { LogoutReason } from './generated/wire.js';
import type { SdkUser } from './user.js';

/**
 * How far a client has come: `finished` says that it is known whether anybody is signed in.
 *
 * @example
 * ```ts
 * const ready = client.initStatus === 'finished';
 * ```
 */
export type InitStatus = 'uninitialized' | 'in-progress' | 'finished' | 'failed';

/**
 * What can happen, with what its listeners are called with. Listeners are called after the state has changed.
 *
 * @example
 * ```ts
 * const end: (told: DynamicEvents['logout']) => void = ({ reason }) => console.log(reason);
 * onEvent({ event: 'logout', listener: end });
 * ```
 */
export interface DynamicEvents {
  /** The client has come further. */
  readonly initStatusChanged: { readonly initStatus: InitStatus };
  /** The client could not start, or could after all. */
  readonly initErrorChanged: { readonly initError: ByoaError | null };
  /** The session token ends at another time than before. */
  readonly sessionExpiresAtChanged: { readonly sessionExpiresAt: Date | null };
  /** The session token is another than before. */
  readonly tokenChanged: { readonly token: string | null };
  /** Another user, none, or another profile of the same. */
  readonly userChanged: { readonly user: SdkUser | null };
  /** A sign-in begins. */
  readonly authInit: { readonly externalUserId: string | undefined };
  /** Somebody is signed in, by a sign-in here or in another tab; not for a session that a reload restored. */
  readonly authSuccess: { readonly user: SdkUser };
  /** A sign-in failed; the promise rejects with the same error. */
  readonly authFailure: { readonly error: unknown; readonly externalUserId: string | undefined };
  /** The session ends soon and was not refreshed yet. */
  readonly sessionExpiring: { readonly expiresAt: Date };
  /** A refresh failed; the session goes on, and the refresh is tried again. */
  readonly sessionRefreshFailed: { readonly code: string; readonly retryAt: Date };
  /** A session ended. */
  readonly logout: { readonly reason: LogoutReason };
  /** Something did not go as it should and the client went on without it. */
  readonly warning: { readonly code: string; readonly message: string };
}

/**
 * The name of an event.
 *
 * @example
 * ```ts
 * const watched: DynamicEventName[] = ['authSuccess', 'logout'];
 * ```
 */
export type DynamicEventName = keyof DynamicEvents;

/**
 * An event and who is told of it.
 *
 * @example
 * ```ts
 * const subscription: EventSubscription<'logout'> = { event: 'logout', listener: ({ reason }) => console.log(reason) };
 * ```
 */
export interface EventSubscription<Name extends DynamicEventName> {
  /** Which. */
  readonly event: Name;
  /** Called with what happened. One that throws is reported on the console; the others are told all the same. */
  readonly listener: (told: DynamicEvents[Name]) => void;
}

/**
 * Calls the listener whenever it happens.
 *
 * @example
 * ```ts
 * const stop = onEvent({ event: 'logout', listener: ({ reason }) => location.assign(`/bye?why=${reason}`) });
 * ```
 *
 * @returns what ends it
 */
export function onEvent<Name extends DynamicEventName>(
  { event, listener }: EventSubscription<Name>,
  client: DynamicClient = getDefaultClient(),
): () => void {
  return internals(client).on(event, listener);
}

/**
 * Calls the listener the next time it happens, and then no more.
 *
 * @example
 * ```ts
 * onceEvent({ event: 'authSuccess', listener: ({ user }) => greet(user) });
 * ```
 *
 * @returns what ends it before that
 */
export function onceEvent<Name extends DynamicEventName>(
  { event, listener }: EventSubscription<Name>,
  client: DynamicClient = getDefaultClient(),
): () => void {
  const lazy: LazyClient = internals(client);
  const end = lazy.on(event, (told) => {
    end();
    listener(told);
  });
  return end;
}

/**
 * Ends what {@link onEvent} began with the same listener.
 *
 * @example
 * ```ts
 * offEvent({ event: 'logout', listener: sayGoodbye });
 * ```
 */
export function offEvent<Name extends DynamicEventName>(
  { event, listener }: EventSubscription<Name>,
  client: DynamicClient = getDefaultClient(),
): void {
  internals(client).off(event, listener);
}
