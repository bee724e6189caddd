'use client';

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { LazyClient } from '../client.js';
import type { ByoaError } from '../error.js';
import type { InitStatus } from '../events.js';
import { useProvided } from '../react/context.js';
import type { SdkUser } from '../user.js';

/**
 * A value that the client knows; the same object until something changes.
 *
 * @example
 * ```ts
 * const { data: user, isLoading }: StateResult<SdkUser | null> = useUser();
 * ```
 */
export interface StateResult<Data> {
  /** The value. */
  readonly data: Data;
  /** Whether it is not known yet. */
  readonly isLoading: boolean;
  /** Why it cannot be known. */
  readonly error: ByoaError | null;
}

const userOf = (client: LazyClient) => client.user;
const expiryOf = (client: LazyClient) => client.sessionExpiresAt;
const statusOf = (client: LazyClient) => client.initStatus;
const errorOf = (client: LazyClient) => client.initError;
const nothing = () => null;
const uninitialized = () => 'uninitialized' as const;

/** @param read gives the same value until something changes */
function useClientState<Data>(client: LazyClient, read: (client: LazyClient) => Data, onServer: () => Data): StateResult<Data> {
  const subscribe = useCallback(
    (changed: () => void) => {
      const ends = [client.subscribe(changed), client.on('initStatusChanged', changed)];
      return () => ends.forEach((end) => end());
    },
    [client],
  );
  const data = useSyncExternalStore(subscribe, () => read(client), onServer);
  const status = useSyncExternalStore<InitStatus>(subscribe, () => statusOf(client), uninitialized);
  const error = useSyncExternalStore<ByoaError | null>(subscribe, () => errorOf(client), nothing);
  const isLoading = status === 'uninitialized' || status === 'in-progress';
  return useMemo(() => ({ data, isLoading, error }), [data, isLoading, error]);
}

/**
 * Who is signed in, or `null`.
 *
 * @example
 * ```tsx
 * const { data: user, isLoading } = useUser();
 * return isLoading ? <p>One moment…</p> : <p>{user ? `Hello ${user.alias}` : 'Hello'}</p>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useUser(): StateResult<SdkUser | null> {
  return useClientState(useProvided('useUser'), userOf, nothing);
}

/**
 * How far the client has come.
 *
 * @example
 * ```tsx
 * const { data: initStatus } = useInitStatus();
 * return initStatus === 'failed' ? <p>Signing in does not work here.</p> : <App />;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useInitStatus(): StateResult<InitStatus> {
  return useClientState(useProvided('useInitStatus'), statusOf, uninitialized);
}

/**
 * When the session token ends, or `null`.
 *
 * @example
 * ```tsx
 * const { data: expiresAt } = useSessionExpiresAt();
 * return <time>{expiresAt?.toLocaleTimeString()}</time>;
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useSessionExpiresAt(): StateResult<Date | null> {
  return useClientState(useProvided('useSessionExpiresAt'), expiryOf, nothing);
}
