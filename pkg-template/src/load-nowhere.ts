import type { Core } from './core.js';
import { errorBeforeCore } from './error.js';

/**
 * What React Server Components get in the core's place: a session there would be the server's own, and every
 * visitor's at once.
 */
export async function loadNowhere(): Promise<Core> {
  throw errorBeforeCore(
    'WasmUnavailableError',
    'wasm_unavailable',
    'A session belongs to a browser, and this is a React Server Component: call byoa in a client component ' +
      "('use client'), and verify its session token on the server with a JWKS library.",
  );
}
