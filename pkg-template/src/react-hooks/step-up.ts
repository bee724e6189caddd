'use client';

import { useCallback, useEffect, useMemo } from 'react';
import type { LazyClient } from '../client.js';
import type { StepUpCheckResponse } from '../core.js';
import { useProvided } from '../react/context.js';
import { userOf, useSnapshotOf } from '../react/store.js';
import { checkStepUpAuth, requestExternalAuthElevatedToken } from '../step-up.js';
import { type Mutation, useMutation } from './mutation.js';

const elevate = (client: LazyClient, props: { readonly externalJwt: string }) => requestExternalAuthElevatedToken(props, client);
const check = (client: LazyClient, props: { readonly scope: string }) => checkStepUpAuth(props, client);

/**
 * `requestExternalAuthElevatedToken` as a mutation.
 *
 * @example
 * ```tsx
 * const { mutateAsync: elevate } = useRequestExternalAuthElevatedToken();
 * await elevate({ externalJwt });
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useRequestExternalAuthElevatedToken(): Mutation<{ readonly elevatedAccessToken: string }, { readonly externalJwt: string }> {
  return useMutation('useRequestExternalAuthElevatedToken', elevate);
}

/**
 * An answer of the server, asked for when the component is mounted.
 *
 * @example
 * ```ts
 * const { data, isLoading, refetch }: QueryResult<StepUpCheckResponse> = useCheckStepUpAuth({ scope: 'user:delete' });
 * ```
 */
export interface QueryResult<Data> {
  /** The answer; `undefined` while there is none. */
  readonly data: Data | undefined;
  /** Whether it is being asked for. */
  readonly isLoading: boolean;
  /** Why there is none. */
  readonly error: Error | null;
  /** Asks again. */
  readonly refetch: () => Promise<Data>;
}

/**
 * `checkStepUpAuth` as a query: asked for while somebody is signed in, and again for another user or scope.
 *
 * @example
 * ```tsx
 * const { data } = useCheckStepUpAuth({ scope: 'user:delete' });
 * return <p>{data?.isRequired ? 'We will ask your bank first.' : 'One click is enough.'}</p>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useCheckStepUpAuth({ scope }: { readonly scope: string }): QueryResult<StepUpCheckResponse> {
  const user = useSnapshotOf(useProvided('useCheckStepUpAuth'), userOf)?.userId;
  const { mutateAsync, data, isPending: isLoading, error } = useMutation('useCheckStepUpAuth', check);
  const refetch = useCallback(() => mutateAsync({ scope }), [mutateAsync, scope]);
  useEffect(() => {
    // What goes wrong is in `error`.
    if (user !== undefined) refetch().catch(() => {});
  }, [refetch, user]);
  return useMemo(() => ({ data, isLoading, error, refetch }), [data, isLoading, error, refetch]);
}
