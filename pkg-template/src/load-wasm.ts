import { wasmBase64 } from './generated/wasm-inline.js';
import { inflated } from './inflated.js';
import { coreLoader } from './load-core.js';

/**
 * Loads the core from the wasm that the package carries, so that no bundler has to find a file and no page fetches one.
 *
 * @throws {ByoaError} `wasm_unavailable`
 */
export const loadWasm = /* @__PURE__ */ coreLoader(() => inflated(wasmBase64));
