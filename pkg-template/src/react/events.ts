'use client';

import { useEffect, useRef } from 'react';
import type { AuthClient } from '../client.js';
import type { LogoutResult, UserProfile } from '../generated/wire.js';

/** Argument of `onAuthSuccess`. */
export interface AuthSuccess {
  readonly user: UserProfile;
  readonly isAuthenticated: true;
  readonly handleLogOut: () => Promise<LogoutResult>;
  /** There are no wallets here. */
  readonly primaryWallet: null;
}

/** What was tried when `onAuthFailure` is called. */
export interface AuthFailureData {
  readonly type: 'externalAuth';
  readonly option: string;
  readonly externalUserId: string;
}

/** Why it failed: the error that the promise rejects with too. */
export interface AuthFailureReason {
  readonly error: unknown;
}

/** Callbacks of the provider's `settings.events`. */
export interface AuthEvents {
  /** A sign-in succeeded; not called for a session that a reload restored. */
  readonly onAuthSuccess?: ((success: AuthSuccess) => void) | undefined;
  /** A sign-in through `useExternalAuth` failed. */
  readonly onAuthFailure?: ((data: AuthFailureData, reason: AuthFailureReason) => void) | undefined;
  /** A session ended, for whatever reason. The user is absent where a stored session was found expired. */
  readonly onLogout?: ((user: UserProfile | undefined) => void) | undefined;
  /** The profile of the signed-in user changed. */
  readonly onUserProfileUpdate?: ((user: UserProfile) => void) | undefined;
}

/** The newest value, for callbacks that run later. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** Calls the app's callbacks for what happens in the client. */
export function useAuthEvents(client: AuthClient, events: { readonly current: AuthEvents | undefined }): void {
  useEffect(() => {
    // A logout is told after the fact, when the snapshot no longer says who it was.
    let user: UserProfile | undefined;
    const remember = () => {
      const snapshot = client.getSnapshot();
      if (snapshot.status === 'signedIn') user = snapshot.user;
    };
    remember();
    const endRemembering = client.subscribe(remember);
    const endListening = client.onEvent((event) => {
      const callbacks = events.current;
      switch (event.type) {
        case 'authSuccess':
          return callbacks?.onAuthSuccess?.({
            user: event.user,
            isAuthenticated: true,
            handleLogOut: client.logout,
            primaryWallet: null,
          });
        case 'userChanged':
          return callbacks?.onUserProfileUpdate?.(event.user);
        case 'logout':
          callbacks?.onLogout?.(user);
          user = undefined;
      }
    });
    return () => {
      endRemembering();
      endListening();
    };
  }, [client, events]);
}
