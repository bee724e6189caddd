import type { DynamicClient, LazyClient } from './client.js';
import { loadWasm } from './load-wasm.js';
import { createClientWith, type DynamicClientOptions, makeClient } from './make-client.js';

/**
 * Makes a client of one environment, and the default one of the functions of this package. Synchronous; what has
 * to be loaded is loaded afterwards, in a browser at once, and on a server by the first call that needs it.
 *
 * @example
 * ```ts
 * const client = createDynamicClient({ environmentId, apiBaseUrl: 'https://auth.example.com/api/v0' });
 * const { user } = await signInWithExternalJwt({ externalJwt, externalUserId });
 * ```
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function createDynamicClient(options: DynamicClientOptions): DynamicClient {
  return createClientWith(loadWasm, options);
}

/** The client of a provider, which is made while rendering: nothing knows of it yet and it does nothing yet. */
export function createProvidedClient(options: DynamicClientOptions): LazyClient {
  return makeClient(loadWasm, options);
}
