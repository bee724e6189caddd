'use client';

import { useEffect } from 'react';
import { type LazyClient } from '../client.js';
import type { UserProfile } from '../generated/wire.js';
import { logout } from '../session.js';
import { useProvided } from './context.js';
import { useLatest } from './store.js';

/**
 * Argument of `onAuthSuccess`.
 *
 * @example
 * ```ts
 * const onAuthSuccess = ({ user }: AuthSuccess) => console.log(user.externalUserId);
 * ```
 */
export interface AuthSuccess {
  /** Who. */
  readonly user: UserProfile;
  /** Always. */
  readonly isAuthenticated: true;
  /** Ends the session. */
  readonly handleLogOut: () => Promise<void>;
  /** There are no wallets here. */
  readonly primaryWallet: null;
}

/**
 * What was tried: the first argument of `onAuthInit` and `onAuthFailure`.
 *
 * @example
 * ```ts
 * const onAuthInit = ({ externalUserId }: AuthAttempt) => console.log(externalUserId);
 * ```
 */
export interface AuthAttempt {
  /** There is no other way in. */
  readonly type: 'externalAuth';
  /** The same as `externalUserId`, as in the legacy SDK. */
  readonly option: string;
  /** Your id of the user, where the caller gave it. */
  readonly externalUserId: string;
}

/**
 * Why it failed: the error that the promise rejects with too.
 *
 * @example
 * ```ts
 * const onAuthFailure = (_: AuthAttempt, { error }: AuthFailureReason) => report(error);
 * ```
 */
export interface AuthFailureReason {
  /** A `ByoaError`, unless something of the app's own failed. */
  readonly error: unknown;
}

/**
 * What can happen, with the arguments that its listeners get.
 *
 * @example
 * ```ts
 * const [user]: DynamicReactEvents['logout'] = [undefined];
 * ```
 */
export interface DynamicReactEvents {
  /** A sign-in begins. */
  readonly authInit: readonly [attempt: AuthAttempt];
  /** Somebody is signed in, by a sign-in here or in another tab; not for a session that a reload restored. */
  readonly authSuccess: readonly [success: AuthSuccess];
  /** A sign-in failed. */
  readonly authFailure: readonly [attempt: AuthAttempt, reason: AuthFailureReason];
  /** A session ended, for whatever reason. The user is absent where a stored session was found expired. */
  readonly logout: readonly [user: UserProfile | undefined];
  /** The profile of the signed-in user changed. */
  readonly userProfileUpdate: readonly [user: UserProfile];
}

/**
 * Callbacks of the provider's `settings.events`.
 *
 * @example
 * ```ts
 * const events: AuthEvents = { onLogout: (user) => console.log('bye', user?.externalUserId) };
 * ```
 */
export type AuthEvents = {
  readonly [Name in keyof DynamicReactEvents as `on${Capitalize<Name>}`]?: ((...told: DynamicReactEvents[Name]) => void) | undefined;
};

type Tell = <Name extends keyof DynamicReactEvents>(name: Name, ...told: DynamicReactEvents[Name]) => void;

/** Follows a client in the words of the legacy SDK. @returns what ends it */
function follow(client: LazyClient, tell: Tell): () => void {
  const profile = () => {
    const snapshot = client.getSnapshot();
    return snapshot.status === 'signedIn' ? snapshot.user : undefined;
  };
  // A logout is told after the fact, when the snapshot no longer says who it was.
  let last = profile();
  const attempt = (externalUserId = ''): AuthAttempt => ({ type: 'externalAuth', option: externalUserId, externalUserId });
  const ends = [
    client.subscribe(() => {
      const user = profile();
      const before = last;
      if (user) last = user;
      // The same session with another profile; a new session is a success and not an update.
      if (user && before && user !== before && user.sessionId === before.sessionId) tell('userProfileUpdate', user);
    }),
    client.on('authInit', ({ externalUserId }) => tell('authInit', attempt(externalUserId))),
    client.on('authSuccess', () => {
      const user = profile();
      if (user) tell('authSuccess', { user, isAuthenticated: true, handleLogOut: () => logout(client), primaryWallet: null });
    }),
    client.on('authFailure', ({ error, externalUserId }) => tell('authFailure', attempt(externalUserId), { error })),
    client.on('logout', () => {
      const user = last;
      last = profile();
      tell('logout', user);
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** Calls the app's callbacks for what happens in the client. */
export function useAuthEvents(client: LazyClient, events: AuthEvents | undefined): void {
  const latest = useLatest(events);
  useEffect(
    () =>
      follow(client, (name, ...told) => {
        const callback = latest.current?.[`on${name[0]?.toUpperCase()}${name.slice(1)}` as keyof AuthEvents];
        (callback as ((...told: readonly unknown[]) => void) | undefined)?.(...told);
      }),
    [client, latest],
  );
}

/**
 * Calls back whenever it happens, for as long as the component is there. The newest callback counts; it need
 * not be stable.
 *
 * @example
 * ```tsx
 * useDynamicEvents('logout', (user) => console.log('bye', user?.externalUserId));
 * ```
 */
export function useDynamicEvents<Name extends keyof DynamicReactEvents>(
  event: Name,
  callback: (...told: DynamicReactEvents[Name]) => void,
): void {
  const client = useProvided('useDynamicEvents');
  const latest = useLatest(callback);
  useEffect(
    () =>
      follow(client, (name, ...told) => {
        if ((name as string) === event) latest.current(...(told as unknown as DynamicReactEvents[Name]));
      }),
    [client, event, latest],
  );
}
