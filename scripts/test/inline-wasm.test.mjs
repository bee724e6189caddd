import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inlineModule, withoutDispose, withoutWasmAddress } from '../lib/inline-wasm.mjs';

const GLUE = `async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;

    if (module_or_path === undefined) {
        module_or_path = new URL('byoa_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();
}
`;

test('the inlined wasm inflates to the very same bytes', async () => {
  const wasm = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 256);
  const { wasmBase64 } = await import(`data:text/javascript,${encodeURIComponent(inlineModule(wasm))}`);
  const inflated = new Blob([Buffer.from(wasmBase64, 'base64')]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  assert.deepEqual(new Uint8Array(await new Response(inflated).arrayBuffer()), wasm);
});

test('the glue keeps everything but the address', () => {
  const edited = withoutWasmAddress(GLUE);
  assert.ok(!edited.includes('import.meta') && !edited.includes('.wasm'));
  assert.ok(edited.includes('if (wasm !== undefined) return wasm;') && edited.includes('__wbg_get_imports()'));
});

test('glue of another shape is refused', () => {
  assert.throws(() => withoutWasmAddress('export default 1;'), /changed its shape/);
  assert.throws(() => withoutWasmAddress(GLUE + GLUE), /changed its shape/);
});

test('the declarations ask no newer library of their users', () => {
  const types = 'export class A {\n    free(): void;\n    [Symbol.dispose](): void;\n    b(): void;\n}\n';
  assert.equal(withoutDispose(types), 'export class A {\n    free(): void;\n    b(): void;\n}\n');
});
