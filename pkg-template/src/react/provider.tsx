'use client';

import { type ReactNode, useCallback, useEffect, useMemo } from 'react';
import type { AuthClient } from '../client.js';
import { createAuthClient } from '../create-auth-client.js';
import type { ClientConfig } from '../generated/wire.js';
import { AuthContext } from './context.js';
import { type AuthEvents, type AuthFailureData, type AuthFailureReason, useAuthEvents, useLatest } from './events.js';

/** Where to sign in, and what to call when something happens. */
export interface DynamicContextProviderSettings extends ClientConfig {
  readonly events?: AuthEvents | undefined;
}

/** Either the settings of a client, or a client that you made with `createAuthClient`. */
export type DynamicContextProviderProps = { readonly children?: ReactNode } & (
  | { readonly settings: DynamicContextProviderSettings; readonly client?: undefined }
  | { readonly client: AuthClient; readonly settings?: Pick<DynamicContextProviderSettings, 'events'> }
);

/**
 * Gives the hooks below it one client. With `settings` it makes the client, starts it when it is mounted and
 * closes it when it is gone; a `client` that you made is started only, and stays yours to close.
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function DynamicContextProvider({ settings, client: given, children }: DynamicContextProviderProps): ReactNode {
  // A caller without TypeScript may leave anything out; making the client says so in a sentence.
  const { environmentId, apiBaseUrl } = (settings ?? {}) as DynamicContextProviderSettings;
  const client = useMemo(
    () => given ?? createAuthClient({ environmentId, apiBaseUrl }),
    [given, environmentId, apiBaseUrl],
  );
  useEffect(() => {
    const unmount = client.mount();
    return client === given ? undefined : unmount;
  }, [client, given]);

  const events = useLatest(settings?.events);
  useAuthEvents(client, events);
  const onAuthFailure = useCallback(
    (data: AuthFailureData, reason: AuthFailureReason) => events.current?.onAuthFailure?.(data, reason),
    [events],
  );

  const provided = useMemo(() => ({ client, onAuthFailure }), [client, onAuthFailure]);
  return <AuthContext.Provider value={provided}>{children}</AuthContext.Provider>;
}
