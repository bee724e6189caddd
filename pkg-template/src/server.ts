import type { DynamicClient } from './client.js';
import { loadNowhere } from './load-nowhere.js';
import { createClientWith, type DynamicClientOptions } from './make-client.js';

export * from './functions.js';

/**
 * `createDynamicClient` of `byoa` for React Server Components: the client can be handed around, and never has a session.
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function createDynamicClient(options: DynamicClientOptions): DynamicClient {
  return createClientWith(loadNowhere, options);
}
