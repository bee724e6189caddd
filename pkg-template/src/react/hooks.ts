'use client';

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { AuthClient } from '../client.js';
import type { ClientSnapshot, LogoutResult, UserProfile } from '../generated/wire.js';
import { useProvided } from './context.js';

/** Argument of `signInWithExternalJwt`. */
export interface SignInWithExternalJwtProps {
  /** Your id of the user: the JWT's `sub`. */
  readonly externalUserId: string;
  /** The JWT that your own provider or backend issued. */
  readonly externalJwt: string;
}

/** What `useExternalAuth` gives. */
export interface ExternalAuth {
  /** Exchanges your JWT for a session. @throws {ByoaError} */
  readonly signInWithExternalJwt: (props: SignInWithExternalJwtProps) => Promise<UserProfile | undefined>;
}

/** What `useDynamicContext` gives. */
export interface DynamicContext {
  /** Who is signed in. */
  readonly user: UserProfile | undefined;
  /** Whether it is known yet whether anybody is. */
  readonly sdkHasLoaded: boolean;
  /** Ends the session here always, and on the server where it can be reached: `revoked` says so. */
  readonly handleLogOut: () => Promise<LogoutResult>;
  readonly environmentId: string;
  readonly apiBaseUrl: string;
}

/** Signing in with a JWT of your own. The object and its function stay the same between renders. */
export function useExternalAuth(): ExternalAuth {
  const { client, onAuthFailure } = useProvided('useExternalAuth');
  return useMemo(
    () => ({
      async signInWithExternalJwt(props) {
        try {
          return await client.signInWithExternalJwt(props);
        } catch (error) {
          const externalUserId = props?.externalUserId;
          onAuthFailure({ type: 'externalAuth', option: externalUserId, externalUserId }, { error });
          throw error;
        }
      },
    }),
    [client, onAuthFailure],
  );
}

/** The user, whether that is known yet, and the way out. */
export function useDynamicContext(): DynamicContext {
  const { client } = useProvided('useDynamicContext');
  const snapshot = useSnapshotOf(client);
  return useMemo(
    () => ({
      user: userOf(snapshot),
      sdkHasLoaded: snapshot.status !== 'loading',
      handleLogOut: client.logout,
      environmentId: client.environmentId,
      apiBaseUrl: client.apiBaseUrl,
    }),
    [client, snapshot],
  );
}

/** Whether somebody is signed in. */
export function useIsLoggedIn(): boolean {
  const { client } = useProvided('useIsLoggedIn');
  return useSnapshotOf(client).status === 'signedIn';
}

/** A function that reads the profile anew from the server. */
export function useRefreshUser(): () => Promise<UserProfile | undefined> {
  const { client } = useProvided('useRefreshUser');
  return useCallback(() => client.refreshUser(), [client]);
}

/** Everything the client knows, as one value: `loading`, `signedOut` with the reason, or `signedIn` with user and end. */
export function useAuthSnapshot(): ClientSnapshot {
  return useSnapshotOf(useProvided('useAuthSnapshot').client);
}

/** The client itself: tokens, updates of the profile, events. */
export function useAuthClient(): AuthClient {
  return useProvided('useAuthClient').client;
}

function useSnapshotOf(client: AuthClient): ClientSnapshot {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getServerSnapshot);
}

function userOf(snapshot: ClientSnapshot): UserProfile | undefined {
  return snapshot.status === 'signedIn' ? snapshot.user : undefined;
}
