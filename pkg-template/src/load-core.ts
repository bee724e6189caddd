import type { Core } from './core.js';
import { errorBeforeCore } from './error.js';
import { makeCore } from './generated/byoa.js';

/** What WebAssembly instantiates without asking anybody. */
export type WasmCode = BufferSource | WebAssembly.Module;

/**
 * A function that loads the core: once, on the first call. A failure is not remembered, so that a later call tries again.
 *
 * Where the host forbids WebAssembly (Lockdown Mode has none, a content security policy may refuse to compile), the
 * same core translated to JavaScript takes its place: larger and slower, so it is fetched only then.
 *
 * @param code gives the core's wasm; absent on hosts that never compile bytes
 */
export function coreLoader(code?: () => Promise<WasmCode>): () => Promise<Core> {
  let loading: Promise<Core> | undefined;
  return () => {
    loading ??= load(code).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

async function load(code: (() => Promise<WasmCode>) | undefined): Promise<Core> {
  let refused: unknown;
  if (code && typeof WebAssembly === 'object') {
    const wasm = await code();
    try {
      return await makeCore((imports) => instantiate(wasm, imports));
    } catch (error) {
      refused = error;
    }
  }
  try {
    const floor = await import('./generated/floor.js');
    return await makeCore(floor.instantiate);
  } catch (error) {
    throw unavailable(refused, error);
  }
}

async function instantiate(code: WasmCode, imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  // Bytes come back as a pair with their module, a module as the instance.
  const made: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource = await WebAssembly.instantiate(code as BufferSource, imports);
  return ('instance' in made ? made.instance : made).exports;
}

function unavailable(refused: unknown, cause: unknown): Error {
  const wasm = refused === undefined ? 'this host has no WebAssembly' : `WebAssembly was refused: ${messageOf(refused)}`;
  return errorBeforeCore(
    'WasmUnavailableError',
    'wasm_unavailable',
    `byoa could not load its core (${wasm}; its JavaScript form did not load either: ${messageOf(cause)}). ` +
      "Serve every file of your build, or allow WebAssembly by 'wasm-unsafe-eval' in the script-src of your Content-Security-Policy.",
    cause,
  );
}

/** One line about whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
