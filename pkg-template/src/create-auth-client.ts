import { type AuthClient, LazyAuthClient } from './client.js';
import type { ClientConfig } from './generated/wire.js';
import { loadWasm } from './load-wasm.js';

/**
 * Makes a client of one environment. Synchronous, and free of effects until it is started.
 *
 * @example
 * const client = createAuthClient({ environmentId, apiBaseUrl: 'https://auth.example.com/api/v0' });
 * const user = await client.signInWithExternalJwt({ externalJwt, externalUserId });
 *
 * @throws {ByoaError} `invalid_argument` where a setting is missing
 */
export function createAuthClient(config: ClientConfig): AuthClient {
  return new LazyAuthClient(config, loadWasm);
}
