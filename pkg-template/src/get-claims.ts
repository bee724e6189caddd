import { type DynamicClient, internals } from './client.js';
import { getDefaultClient } from './default-client.js';
import type { SessionClaims } from './generated/wire.js';
import type { CallOptions } from './session.js';

/**
 * How the session token is verified.
 *
 * @example
 * ```ts
 * const claims = await getClaims(client, { issuer: 'auth.example.com/8a3f…' });
 * ```
 */
export interface GetClaimsOptions extends CallOptions {
  /** The token's `iss`, where the server's public URL is not `apiBaseUrl`: behind a proxy for instance. */
  readonly issuer?: string | undefined;
}

/**
 * The claims of the session token, after its signature was verified with the environment's public keys: for a page
 * that must be able to trust what it restored, also without a network once the keys were read. Nothing here replaces
 * your backend's own check.
 *
 * @example
 * ```ts
 * const { sub, exp } = await getClaims();
 * ```
 *
 * @throws {ByoaError} `session_token_invalid` with the `reason`, `session_keys_unavailable`, `crypto_unavailable`
 */
export async function getClaims(client: DynamicClient = getDefaultClient(), options?: GetClaimsOptions): Promise<SessionClaims> {
  const [core, { verifySessionToken }] = await Promise.all([internals(client).open(), import('./claims.js')]);
  return verifySessionToken({
    token: core.getMinAuthToken(),
    environmentId: client.environmentId,
    apiBaseUrl: client.apiBaseUrl,
    skewMs: core.inspect().skewMs,
    storage: pageStorage(),
    signal: options?.signal,
    issuer: options?.issuer,
  });
}

function pageStorage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    // Blocked: the keys are kept in memory only.
    return undefined;
  }
}
