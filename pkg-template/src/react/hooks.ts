'use client';

import { useCallback, useMemo, useState } from 'react';
import type { DynamicClient } from '../client.js';
import type { ClientSnapshot, JsonValue, UserFields, UserProfile } from '../generated/wire.js';
import { updateUser } from '../profile.js';
import { type VerifyResponse, answered, exchange, logout } from '../session.js';
import { requestExternalAuthElevatedToken } from '../step-up.js';
import { useProvided } from './context.js';
import { statusOf, userOf, useSnapshotOf, wholeOf } from './store.js';

/**
 * What `useExternalAuth` gives.
 *
 * @example
 * ```ts
 * const { signInWithExternalJwt }: ExternalAuth = useExternalAuth();
 * ```
 */
export interface ExternalAuth {
  /**
   * Exchanges your JWT for a session. `externalUserId` is your id of the user, the JWT's `sub`; `externalJwt` is
   * left out where the environment reads it from a cookie. @throws {ByoaError}
   */
  readonly signInWithExternalJwt: (props: {
    readonly externalUserId: string;
    readonly externalJwt?: string | undefined;
  }) => Promise<UserProfile | undefined>;
  /** Exchanges a JWT of your backend for an elevated token, which a protected call then carries. @throws {ByoaError} */
  readonly verifyWithExternalJwt: (props: { readonly externalJwt: string }) => Promise<{ readonly elevatedAccessToken: string }>;
}

/**
 * What `useDynamicContext` gives.
 *
 * @example
 * ```ts
 * const { user, sdkHasLoaded }: DynamicContext = useDynamicContext();
 * ```
 */
export interface DynamicContext {
  /** Who is signed in. */
  readonly user: UserProfile | undefined;
  /** Whether it is known yet whether anybody is. */
  readonly sdkHasLoaded: boolean;
  /** Ends the session here always, and on the server where it can be reached. */
  readonly handleLogOut: () => Promise<void>;
  /** UUID of the environment. */
  readonly environmentId: string;
  /** Where the server's API is. */
  readonly apiBaseUrl: string;
  /** There are no wallets here. */
  readonly primaryWallet: null;
}

/**
 * Signing in with a JWT of your own. The object and its functions stay the same between renders.
 *
 * @example
 * ```tsx
 * const { signInWithExternalJwt } = useExternalAuth();
 * return <button onClick={() => signInWithExternalJwt({ externalJwt, externalUserId })}>Sign in</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useExternalAuth(): ExternalAuth {
  const client = useProvided('useExternalAuth');
  return useMemo(
    () => ({
      signInWithExternalJwt: (props) => exchange(client, props),
      verifyWithExternalJwt: (props) => requestExternalAuthElevatedToken(props, client),
    }),
    [client],
  );
}

/**
 * The user, whether that is known yet, and the way out.
 *
 * @example
 * ```tsx
 * const { user, sdkHasLoaded, handleLogOut } = useDynamicContext();
 * if (!sdkHasLoaded) return <p>One moment…</p>;
 * return user ? <button onClick={handleLogOut}>Sign out</button> : <SignIn />;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useDynamicContext(): DynamicContext {
  const client = useProvided('useDynamicContext');
  const user = useSnapshotOf(client, userOf);
  const sdkHasLoaded = useSnapshotOf(client, statusOf) !== 'loading';
  const handleLogOut = useCallback(() => logout(client), [client]);
  return useMemo(
    () => ({
      user,
      sdkHasLoaded,
      handleLogOut,
      environmentId: client.environmentId,
      apiBaseUrl: client.apiBaseUrl,
      primaryWallet: null,
    }),
    [client, user, sdkHasLoaded, handleLogOut],
  );
}

/**
 * Whether somebody is signed in.
 *
 * @example
 * ```tsx
 * return useIsLoggedIn() ? <Inbox /> : <Welcome />;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useIsLoggedIn(): boolean {
  return useSnapshotOf(useProvided('useIsLoggedIn'), statusOf) === 'signedIn';
}

/**
 * A function that reads the profile anew from the server.
 *
 * @example
 * ```tsx
 * const refreshUser = useRefreshUser();
 * return <button onClick={refreshUser}>Look again</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useRefreshUser(): () => Promise<UserProfile | undefined> {
  const client = useProvided('useRefreshUser');
  return useCallback(async () => (await client.open()).refreshUser(), [client]);
}

/**
 * A function that gets a new session token now. Sessions are refreshed by themselves; this is for a claim that
 * has changed.
 *
 * @example
 * ```tsx
 * const refreshAuth = useRefreshAuth();
 * return <button onClick={refreshAuth}>I was given a new role</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useRefreshAuth(): () => Promise<UserProfile | undefined> {
  const client = useProvided('useRefreshAuth');
  return useCallback(async () => (await client.open()).refresh(), [client]);
}

/**
 * A function that closes the client and starts it anew: what is stored is read again.
 *
 * @example
 * ```tsx
 * const reinitialize = useReinitialize();
 * return <button onClick={reinitialize}>Try again</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useReinitialize(): () => Promise<void> {
  const client = useProvided('useReinitialize');
  return useCallback(async () => {
    client.close();
    await client.open();
  }, [client]);
}

/**
 * What a change of the profile came to.
 *
 * @example
 * ```ts
 * const { updateUserProfileResponse }: UserUpdate = await updateUser({ alias: 'Alice' });
 * ```
 */
export interface UserUpdate {
  /** Whether the server asks for a code sent by e-mail; byoa-server never does. */
  readonly isEmailVerificationRequired: boolean;
  /** Whether the server asks for a code sent by SMS; byoa-server never does. */
  readonly isSmsVerificationRequired: boolean;
  /** Profile fields that the environment requires and the user still lacks. */
  readonly missingFields: readonly JsonValue[];
  /** The server's answer. */
  readonly updateUserProfileResponse: VerifyResponse;
}

/**
 * What `useUserUpdateRequest` gives.
 *
 * @example
 * ```ts
 * const { updateUser }: UserUpdateRequest = useUserUpdateRequest();
 * ```
 */
export interface UserUpdateRequest {
  /** Changes the fields given; the others stay. @throws {ByoaError} */
  readonly updateUser: (fields: UserFields) => Promise<UserUpdate>;
}

/**
 * Changing the profile. The object and its function stay the same between renders.
 *
 * @example
 * ```tsx
 * const { updateUser } = useUserUpdateRequest();
 * return <button onClick={() => updateUser({ alias: 'Alice' })}>Call me Alice</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useUserUpdateRequest(): UserUpdateRequest {
  const client = useProvided('useUserUpdateRequest');
  return useMemo(
    () => ({
      async updateUser(fields) {
        await updateUser({ userFields: fields }, client);
        const snapshot = client.getSnapshot();
        const profile = snapshot.status === 'signedIn' ? snapshot.user : ({} as UserProfile);
        return {
          isEmailVerificationRequired: false,
          isSmsVerificationRequired: false,
          missingFields: profile.missingFields ?? [],
          updateUserProfileResponse: answered(client, profile),
        };
      },
    }),
    [client],
  );
}

/**
 * What `useDeleteUserAccount` gives.
 *
 * @example
 * ```ts
 * const { deleteUser, isLoading }: DeleteUserAccount = useDeleteUserAccount();
 * ```
 */
export interface DeleteUserAccount {
  /** Deletes the signed-in user and ends the session; what goes wrong is in `error`. */
  readonly deleteUser: () => Promise<void>;
  /** Why the last attempt failed. */
  readonly error: unknown;
  /** Whether an attempt is under way. */
  readonly isLoading: boolean;
}

/**
 * Deleting the signed-in user.
 *
 * @example
 * ```tsx
 * const { deleteUser, isLoading, error } = useDeleteUserAccount();
 * return <button disabled={isLoading} onClick={deleteUser}>{error ? 'Try again' : 'Delete my account'}</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useDeleteUserAccount(): DeleteUserAccount {
  const client = useProvided('useDeleteUserAccount');
  const [{ error, isLoading }, setState] = useState<{ error: unknown; isLoading: boolean }>({ error: null, isLoading: false });
  const deleteUser = useCallback(async () => {
    setState({ error: null, isLoading: true });
    try {
      await (await client.open()).deleteUser();
      setState({ error: null, isLoading: false });
    } catch (failure) {
      setState({ error: failure, isLoading: false });
    }
  }, [client]);
  return useMemo(() => ({ deleteUser, error, isLoading }), [deleteUser, error, isLoading]);
}

/**
 * Everything the client knows, as one value: `loading`, `signedOut` with the reason, or `signedIn` with the user
 * and the session's end.
 *
 * @example
 * ```tsx
 * const snapshot = useAuthSnapshot();
 * if (snapshot.status === 'signedOut' && snapshot.reason === 'expired') return <p>You were away for long.</p>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useAuthSnapshot(): ClientSnapshot {
  return useSnapshotOf(useProvided('useAuthSnapshot'), wholeOf);
}

/**
 * The client itself, for the functions of `byoa`.
 *
 * @example
 * ```tsx
 * const client = useDynamicClient();
 * const claims = await getClaims(client);
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useDynamicClient(): DynamicClient {
  return useProvided('useDynamicClient');
}
