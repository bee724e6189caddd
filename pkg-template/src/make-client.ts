import { type DynamicClient, LazyClient } from './client.js';
import type { Core, LogLevel } from './core.js';
import type { StorageAdapter, LogSink } from './host.js';
import { setDefaultClient } from './default-client.js';
import type { ClientConfig } from './generated/wire.js';

/**
 * How a client is made. The address of the API may stand beside the environment, or in `coreConfig` as for the
 * published SDK; it has no default.
 *
 * @example
 * ```ts
 * const options: DynamicClientOptions = { environmentId, apiBaseUrl: 'https://auth.example.com/api/v0' };
 * ```
 */
export interface DynamicClientOptions {
  /** UUID of the environment. */
  readonly environmentId: string;
  /** Such as `https://auth.example.com/api/v0`. There is no default: no host but yours is called. */
  readonly apiBaseUrl?: string | undefined;
  /** The published SDK's place for it. */
  readonly coreConfig?: { readonly apiBaseUrl?: string | undefined } | undefined;
  /** Keeps two apps of one origin and one environment apart: their sessions have keys of their own. */
  readonly storageKeySuffix?: string | undefined;
  /** How long a request may take, in milliseconds; 10 000 unless given. */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether the session is refreshed by itself before its token ends; `true` unless given. */
  readonly autoRefresh?: boolean | undefined;
  /**
   * Where the session is kept. `local` (unless given): `localStorage`, for every tab and the next visit. `session`: this
   * tab only. `memory`: this page only. Or a storage of your own.
   */
  readonly storage?: 'local' | 'session' | 'memory' | StorageAdapter | undefined;
  /** The least that is told of what the client does; nothing unless given. No token is told at any level. */
  readonly logLevel?: LogLevel | undefined;
  /** Who is told; the console unless given. */
  readonly log?: LogSink | undefined;
  /** Whether the client starts by itself, in a browser; `true` unless given. A server never starts one by itself. */
  readonly autoInitialize?: boolean | undefined;
  /** Taken for code written for the published SDK; nothing is sent anywhere. */
  readonly metadata?: Readonly<Record<string, string | undefined>> | undefined;
  /** Taken for code written for the published SDK; there is nothing to switch off. */
  readonly instrumentation?: { readonly enabled?: boolean | undefined } | undefined;
}

/** `createDynamicClient` for one way to get the core. */
export function createClientWith(load: () => Promise<Core>, options: DynamicClientOptions): DynamicClient {
  const client = makeClient(load, options);
  setDefaultClient(client);
  // Next turn: what is made now may still get its listeners.
  if (options.autoInitialize !== false && typeof window !== 'undefined') queueMicrotask(client.begin);
  return client;
}

/** A client that nothing knows of yet and that does nothing yet. */
export function makeClient(load: () => Promise<Core>, options: DynamicClientOptions): LazyClient {
  const { coreConfig, autoInitialize: _, metadata: _metadata, instrumentation: _instrumentation, ...config } = options ?? {};
  const apiBaseUrl = config.apiBaseUrl ?? coreConfig?.apiBaseUrl;
  return new LazyClient({ ...config, apiBaseUrl } as ClientConfig, load);
}
