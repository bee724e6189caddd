import type { Core } from './core.js';
import { errorBeforeCore } from './error.js';

let loading: Promise<Core> | undefined;

/**
 * Loads the wasm core: once, on the first call. A failure is not remembered, so that a later call tries again.
 *
 * @throws {ByoaError} `wasm_unavailable`
 */
export function loadWasm(): Promise<Core> {
  loading ??= load().catch((cause: unknown) => {
    loading = undefined;
    throw unavailable(cause);
  });
  return loading;
}

async function load(): Promise<Core> {
  const [core, { wasmBase64 }] = await Promise.all([
    import('./generated/byoa.js'),
    import('./generated/wasm-inline.js'),
  ]);
  // Bytes, never an address: the package has no .wasm file for a bundler to find.
  await core.default({ module_or_path: await inflate(wasmBase64) });
  return core;
}

async function inflate(base64: string): Promise<ArrayBuffer> {
  const deflated = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Response(deflated).body?.pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).arrayBuffer();
}

function unavailable(cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return errorBeforeCore(
    'WasmUnavailableError',
    'wasm_unavailable',
    `byoa could not load its WebAssembly core (${why}). If the page has a Content-Security-Policy, ` +
      "add 'wasm-unsafe-eval' to its script-src; otherwise the browser needs WebAssembly and DecompressionStream, " +
      'which all have had since May 2023.',
    cause,
  );
}
