'use client';

import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { ExternalAuthProvider } from '../sync/runner.js';
import { SyncRunner } from '../sync/runner.js';
import { OFF, type SyncState } from '../sync/machine.js';
import { useProvided } from './context.js';
import { useLatest } from './store.js';

/**
 * How your provider is asked, and whether it is.
 *
 * @example
 * ```ts
 * const options: UseSyncExternalAuthOptions = { getExternalJwt, enabled: !isLoading };
 * ```
 */
export interface UseSyncExternalAuthOptions extends ExternalAuthProvider {
  /** Whether to follow the provider; `true` unless given. Switching it off leaves the session as it is. */
  readonly enabled?: boolean | undefined;
}

const onServer = () => OFF.state;

/**
 * Follows your own auth provider, as `syncExternalAuth` does, for as long as the component is there. The newest
 * functions count; they need not be stable, but `subscribe` is called once. Where `getExternalUserId` gives another
 * value than at the render before, the provider is asked again: a provider that lives in React needs no `subscribe`.
 *
 * Use it once, high up in the page.
 *
 * @example
 * ```tsx
 * const { isLoading, isAuthenticated, user, getIdTokenClaims } = useAuth0();
 * const sync = useSyncExternalAuth({
 *   enabled: !isLoading,
 *   getExternalJwt: async () => (isAuthenticated ? (await getIdTokenClaims())?.__raw : null),
 *   getExternalUserId: () => user?.sub ?? null,
 * });
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useSyncExternalAuth({ enabled = true, ...provider }: UseSyncExternalAuthOptions): SyncState {
  const client = useProvided('useSyncExternalAuth');
  const latest = useLatest<ExternalAuthProvider>(provider);
  const sync = useMemo(() => new SyncRunner(client, () => latest.current), [client, latest]);
  useEffect(() => {
    if (!enabled) return;
    sync.start();
    return sync.stop;
  }, [sync, enabled]);

  const userId = provider.getExternalUserId?.();
  // A promise is another one at every render, and says nothing.
  const seen = typeof userId === 'object' && userId !== null ? undefined : userId;
  useEffect(() => sync.resync(), [sync, seen]);
  return useSyncExternalStore(sync.subscribe, sync.getState, onServer);
}
