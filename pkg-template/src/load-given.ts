import type { Core } from './core.js';
import { errorBeforeCore } from './error.js';
import { type WasmCode, coreLoader, messageOf } from './load-core.js';

/**
 * What {@link initializeWasm} takes: the file's bytes, a module, or the response that brings the file.
 *
 * @example
 * ```ts
 * const source: WasmSource = await readFile('node_modules/byoa/byoa.wasm');
 * ```
 */
export type WasmSource = BufferSource | WebAssembly.Module | Response;

let load: (() => Promise<Core>) | undefined;

/**
 * Gives `byoa/slim` its core. Call it before the first client is used; later calls wait for the first and change
 * nothing, unless it failed.
 *
 * @example
 * ```ts
 * import wasm from 'byoa/byoa.wasm'; // where the host makes a module of it (Cloudflare Workers)
 * await initializeWasm(wasm);
 * ```
 *
 * @example
 * ```ts
 * await initializeWasm(fetch('/assets/byoa.wasm'));
 * ```
 *
 * @throws {ByoaError} `wasm_unavailable` where the source is not the file, or could not be fetched
 */
export async function initializeWasm(source: WasmSource | Promise<WasmSource>): Promise<void> {
  const mine = (load ??= coreLoader(() => (code ??= codeOf(source))));
  let code: Promise<WasmCode> | undefined;
  // A host without WebAssembly never looks at it.
  Promise.resolve(source).catch(() => {});
  try {
    await mine();
  } catch (error) {
    if (load === mine) load = undefined;
    throw error;
  }
}

/** Loads the core that {@link initializeWasm} was given. */
export async function loadGivenWasm(): Promise<Core> {
  if (load) return load();
  throw unusable("byoa/slim carries no WebAssembly: call initializeWasm() with the file 'byoa/byoa.wasm' first.");
}

async function codeOf(source: WasmSource | Promise<WasmSource>): Promise<WasmCode> {
  let given: WasmSource;
  try {
    given = await source;
    if (typeof Response === 'function' && given instanceof Response) {
      if (!given.ok) throw new Error(`the answer for it has the status ${given.status}`);
      given = await given.arrayBuffer();
    }
  } catch (cause) {
    throw unusable(`byoa.wasm could not be fetched: ${messageOf(cause)}.`, cause);
  }
  if (typeof WebAssembly === 'object' && given instanceof WebAssembly.Module) return given;
  const bytes = viewOf(given as BufferSource);
  // "\0asm": a server that answers everything with its start page is the usual mistake.
  if (bytes[0] !== 0 || bytes[1] !== 0x61) {
    throw unusable("What initializeWasm() was given is not WebAssembly: check that the address is the one of 'byoa/byoa.wasm'.");
  }
  return bytes;
}

function viewOf(source: BufferSource): Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
}

function unusable(message: string, cause?: unknown): Error {
  return errorBeforeCore('WasmUnavailableError', 'wasm_unavailable', message, cause);
}
