import type { DynamicClient } from './client.js';
import { errorBeforeCore } from './error.js';

let current: DynamicClient | undefined;

/**
 * The client that was made last; what every function takes where none is passed. In React it is the one of
 * the provider that is mounted.
 *
 * On a server pass the client instead: this one belongs to the process and not to a request.
 *
 * @example
 * ```ts
 * const { user } = getDefaultClient();
 * ```
 *
 * @throws {ByoaError} `invalid_argument`, named `ClientNotFoundError`, where none was made
 */
export function getDefaultClient(): DynamicClient {
  if (current) return current;
  throw errorBeforeCore(
    'ClientNotFoundError',
    'invalid_argument',
    'There is no byoa client yet: call createDynamicClient({ environmentId, apiBaseUrl }) first, or pass a client.',
  );
}

/** The same without the sentence. */
export function findDefaultClient(): DynamicClient | undefined {
  return current;
}

/** Makes this the default. @returns what takes it back, unless another has become the default meanwhile */
export function setDefaultClient(client: DynamicClient): () => void {
  const before = current;
  current = client;
  return () => {
    if (current === client) current = before === client ? undefined : before;
  };
}
