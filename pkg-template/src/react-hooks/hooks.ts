'use client';

import type { LazyClient } from '../client.js';
import type { UserFields } from '../generated/wire.js';
import { type OTPVerification, deleteUser, updateUser } from '../profile.js';
import { type SignInWithExternalJwtProps, type VerifyResponse, logout, refreshAuth, signInWithExternalJwt } from '../session.js';
import { type Mutation, useMutation } from './mutation.js';

const signIn = (client: LazyClient, props: SignInWithExternalJwtProps | void) => signInWithExternalJwt(props ?? {}, client);
const change = (client: LazyClient, props: { readonly userFields: UserFields }) => updateUser(props, client);
const signOut = (client: LazyClient) => logout(client);
const refresh = (client: LazyClient) => refreshAuth(client);
const remove = (client: LazyClient) => deleteUser(client);

/**
 * `signInWithExternalJwt` as a mutation.
 *
 * @example
 * ```tsx
 * const { mutate: signIn, isPending, error } = useSignInWithExternalJwt();
 * return <button disabled={isPending} onClick={() => signIn({ externalJwt, externalUserId })}>Sign in</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useSignInWithExternalJwt(): Mutation<VerifyResponse, SignInWithExternalJwtProps | void> {
  return useMutation('useSignInWithExternalJwt', signIn);
}

/**
 * `logout` as a mutation.
 *
 * @example
 * ```tsx
 * const { mutate: logout } = useLogout();
 * return <button onClick={() => logout()}>Sign out</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useLogout(): Mutation<void, void> {
  return useMutation('useLogout', signOut);
}

/**
 * `refreshAuth` as a mutation.
 *
 * @example
 * ```tsx
 * const { mutateAsync: refreshAuth } = useRefreshAuth();
 * const { minifiedJwt } = await refreshAuth();
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useRefreshAuth(): Mutation<VerifyResponse, void> {
  return useMutation('useRefreshAuth', refresh);
}

/**
 * `updateUser` as a mutation.
 *
 * @example
 * ```tsx
 * const { mutate: updateUser, error } = useUpdateUser();
 * return <button onClick={() => updateUser({ userFields: { alias: 'Alice' } })}>Call me Alice</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useUpdateUser(): Mutation<OTPVerification | undefined, { readonly userFields: UserFields }> {
  return useMutation('useUpdateUser', change);
}

/**
 * `deleteUser` as a mutation.
 *
 * @example
 * ```tsx
 * const { mutate: deleteUser, isPending } = useDeleteUser();
 * return <button disabled={isPending} onClick={() => deleteUser()}>Delete my account</button>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useDeleteUser(): Mutation<void, void> {
  return useMutation('useDeleteUser', remove);
}
