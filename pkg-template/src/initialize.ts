import { type DynamicClient, internals } from './client.js';
import { getDefaultClient } from './default-client.js';

/**
 * Starts a client: loads the core and reads the stored session, without a network call. Needed only with
 * `autoInitialize: false` or on a server, and safe to call again; tries again where it failed before.
 *
 * @example
 * ```ts
 * const client = createDynamicClient({ environmentId, apiBaseUrl, autoInitialize: false });
 * await initializeClient(client);
 * ```
 *
 * @throws {ByoaError} `wasm_unavailable`
 */
export async function initializeClient(client: DynamicClient = getDefaultClient()): Promise<void> {
  await internals(client).open();
}

/**
 * Waits until it is known whether anybody is signed in. Does not start a client that nobody starts.
 *
 * @example
 * ```ts
 * await waitForClientInitialized();
 * if (isSignedIn()) showTheApp();
 * ```
 *
 * @throws {ByoaError} what the client could not start for
 */
export function waitForClientInitialized(client: DynamicClient = getDefaultClient()): Promise<void> {
  const lazy = internals(client);
  return new Promise((resolve, reject) => {
    const look = () => {
      if (lazy.initStatus === 'finished') resolve();
      else if (lazy.initStatus === 'failed') reject(lazy.initError);
      else return;
      end();
    };
    const end = lazy.on('initStatusChanged', look);
    look();
  });
}
