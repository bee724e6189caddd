import type { DynamicClient } from './client.js';
import { loadFloor } from './load-floor.js';
import { createClientWith, type DynamicClientOptions } from './make-client.js';

export * from './functions.js';

/**
 * `createDynamicClient` of `byoa` for hosts that compile no bytes (Cloudflare Workers, Vercel's edge): its core is JavaScript.
 * `byoa/slim` with `byoa/byoa.wasm` is the faster way there.
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function createDynamicClient(options: DynamicClientOptions): DynamicClient {
  return createClientWith(loadFloor, options);
}
