import type { DynamicClient } from './client.js';
import { loadGivenWasm } from './load-given.js';
import { createClientWith, type DynamicClientOptions } from './make-client.js';

export * from './functions.js';
export { initializeWasm } from './load-given.js';
export type { WasmSource } from './load-given.js';

/**
 * `createDynamicClient` of `byoa`, whose core is the one that {@link initializeWasm} was given.
 *
 * @example
 * ```ts
 * await initializeWasm(fetch('/assets/byoa.wasm'));
 * const client = createDynamicClient({ environmentId, apiBaseUrl: 'https://auth.example.com/api/v0' });
 * ```
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function createDynamicClient(options: DynamicClientOptions): DynamicClient {
  return createClientWith(loadGivenWasm, options);
}
