'use client';

import { type ReactNode, useEffect, useInsertionEffect, useMemo } from 'react';
import { type DynamicClient, internals } from '../client.js';
import { createProvidedClient } from '../create-client.js';
import { setDefaultClient } from '../default-client.js';
import type { DynamicClientOptions } from '../make-client.js';
import { ClientContext } from './context.js';
import { type AuthEvents, useAuthEvents } from './events.js';

/**
 * Where to sign in, and what to call when something happens. What concerns wallets and windows of the legacy SDK
 * is taken and does nothing.
 *
 * @example
 * ```ts
 * const settings: DynamicContextProviderSettings = { environmentId, apiBaseUrl: 'https://auth.example.com/api/v0' };
 * ```
 */
export interface DynamicContextProviderSettings extends Omit<DynamicClientOptions, 'apiBaseUrl' | 'autoInitialize' | 'coreConfig'> {
  /** Such as `https://auth.example.com/api/v0`. There is no default: no host but yours is called. */
  readonly apiBaseUrl: string;
  /** What to call when something happens. The newest functions count; they need not be stable. */
  readonly events?: AuthEvents | undefined;
  /** The legacy SDK's name of `storageKeySuffix`. */
  readonly localStorageSuffix?: string | undefined;
  /** Of the legacy SDK; there are no wallets here. */
  readonly walletConnectors?: readonly unknown[] | undefined;
  /** Of the legacy SDK; signing in always means a session here. */
  readonly initialAuthenticationMode?: 'connect-only' | 'connect-and-sign' | undefined;
}

/**
 * Either the settings of a client, or a client that you made with `createDynamicClient`.
 *
 * @example
 * ```ts
 * const props: DynamicContextProviderProps = { client, settings: { events: { onLogout } } };
 * ```
 */
export type DynamicContextProviderProps = {
  /** What uses the hooks. */
  readonly children?: ReactNode;
} & (
  | { readonly settings: DynamicContextProviderSettings; readonly client?: undefined }
  | { readonly client: DynamicClient; readonly settings?: Pick<DynamicContextProviderSettings, 'events'> }
);

/**
 * Gives the hooks below it one client. With `settings` it makes the client, starts it when it is mounted and
 * closes it when it is gone; a `client` that you made is started only, and stays yours to close.
 *
 * @example
 * ```tsx
 * <DynamicContextProvider settings={{ environmentId, apiBaseUrl: 'https://auth.example.com/api/v0' }}>
 *   <App />
 * </DynamicContextProvider>
 * ```
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function DynamicContextProvider({ settings, client: given, children }: DynamicContextProviderProps): ReactNode {
  // A caller without TypeScript may leave anything out; making the client says so in a sentence.
  const { events, localStorageSuffix, walletConnectors: _, initialAuthenticationMode: _mode, ...options } = (settings ??
    {}) as DynamicContextProviderSettings;
  // What is a word or a number makes another client when it changes; an object or a function may be new at every render.
  const key = JSON.stringify(Object.entries({ localStorageSuffix, ...options }).filter(([, value]) => !isMade(value)));
  const client = useMemo(
    () => (given ? internals(given) : createProvidedClient(localStorageSuffix ? { storageKeySuffix: localStorageSuffix, ...options } : options)),
    // The key stands for the options.
    [given, key],
  );
  // Before the effects of everything below, which may call functions of the default client.
  useInsertionEffect(() => setDefaultClient(client), [client]);
  useEffect(() => {
    const unmount = client.mount();
    return given ? undefined : unmount;
  }, [client, given]);
  useAuthEvents(client, events);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

function isMade(value: unknown): boolean {
  return typeof value === 'object' || typeof value === 'function';
}
