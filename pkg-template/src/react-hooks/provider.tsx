'use client';

import { type ReactNode, useMemo } from 'react';
import { type DynamicClient, internals } from '../client.js';
import { ClientContext } from '../react/context.js';

/**
 * Props of {@link DynamicProvider}.
 *
 * @example
 * ```ts
 * const props: DynamicProviderProps = { client: createDynamicClient({ environmentId, apiBaseUrl }) };
 * ```
 */
export interface DynamicProviderProps {
  /** What `createDynamicClient` gave, made once outside of components. */
  readonly client: DynamicClient;
  /** What uses the hooks. */
  readonly children?: ReactNode;
}

/**
 * Gives the hooks below it your client. It neither starts nor closes it: `createDynamicClient` starts it in a
 * browser, unless you told it not to.
 *
 * @example
 * ```tsx
 * const client = createDynamicClient({ environmentId, apiBaseUrl });
 *
 * export const Root = () => (
 *   <DynamicProvider client={client}>
 *     <App />
 *   </DynamicProvider>
 * );
 * ```
 */
export function DynamicProvider({ client, children }: DynamicProviderProps): ReactNode {
  const lazy = useMemo(() => internals(client), [client]);
  return <ClientContext.Provider value={lazy}>{children}</ClientContext.Provider>;
}
