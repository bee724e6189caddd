'use client';

import { createContext, useContext } from 'react';
import type { LazyClient } from '../client.js';

/** Which client the hooks below a provider ask. The state itself stays in the client. */
export const ClientContext = createContext<LazyClient | undefined>(undefined);

/**
 * What a hook throws where there is no provider above it.
 *
 * @example
 * ```ts
 * const isMissing = (error: unknown) => error instanceof MissingProviderError;
 * ```
 */
export class MissingProviderError extends Error {
  override readonly name = 'MissingProviderError';
  /** A stable word, as every error of this package has one. */
  readonly code = 'missing_provider';
}

/** @throws {MissingProviderError} with a sentence that names the hook and the mend */
export function useProvided(hook: string): LazyClient {
  const client = useContext(ClientContext);
  if (client) return client;
  throw new MissingProviderError(
    `${hook} must be used inside <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}> or <DynamicProvider client={client}>.`,
  );
}
