import { type DynamicClient, internals } from './client.js';
import type { CreateFetchOptions } from './create-fetch.js';
import { getDefaultClient } from './default-client.js';

/**
 * A `fetch` that adds the session token, and its proof where the session is bound to a key, to requests to the listed
 * origins. Every other request goes out as it is, and so does one that has an `Authorization` of its own. The token is
 * refreshed first where it has ended, and once more after a 401; a redirect is not followed with a token.
 *
 * @example
 * ```ts
 * const fetch = createFetch({ origins: ['https://api.example.com'] });
 * const orders = await fetch('https://api.example.com/orders');
 * ```
 *
 * @throws {ByoaError} `invalid_argument`, at the first request, where something in the list is no origin
 */
export function createFetch(options: CreateFetchOptions, client: DynamicClient = getDefaultClient()): typeof globalThis.fetch {
  const lazy = internals(client);
  let made: Promise<typeof globalThis.fetch> | undefined;
  const make = async () => {
    const { createFetch: create } = await import('./create-fetch.js');
    return create(options, {
      authorize: async (ask) => (await lazy.open()).authorize(ask),
      refresh: async () => (await lazy.open()).refresh(),
    });
  };
  const forget = (error: unknown) => {
    // A chunk that did not load may load the next time.
    made = undefined;
    throw error;
  };
  return async (input, init) => (await (made ??= make().catch(forget)))(input, init);
}
