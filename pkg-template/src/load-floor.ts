import { coreLoader } from './load-core.js';

/**
 * Loads the core in its JavaScript form.
 *
 * @throws {ByoaError} `wasm_unavailable`
 */
export const loadFloor = /* @__PURE__ */ coreLoader();
