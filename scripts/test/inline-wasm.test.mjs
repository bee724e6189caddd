import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreModule, coreTypes, floorModule, inlineModule } from '../lib/inline-wasm.mjs';

const GLUE = `/* @ts-self-types="./byoa.d.ts" */

export class Thing {
    answer() {
        return wasm.answer(offset);
    }
}
function __wbg_get_imports() {
    return { "./byoa_bg.js": { told: (it) => it } };
}
const offset = 1;
let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
    }
    return cachedUint8ArrayMemory0;
}
export function first() {
    return getUint8ArrayMemory0()[0];
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasm = instance.exports;
    return wasm;
}

async function __wbg_init(module_or_path) {
    if (module_or_path === undefined) {
        module_or_path = new URL('byoa_bg.wasm', import.meta.url);
    }
}

export { initSync, __wbg_init as default };
`;

const load = (code) => import(`data:text/javascript,${encodeURIComponent(code)}`);

test('the inlined wasm inflates to the very same bytes', async () => {
  const wasm = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 256);
  const { wasmBase64 } = await load(inlineModule(wasm));
  const inflated = new Blob([Buffer.from(wasmBase64, 'base64')]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  assert.deepEqual(new Uint8Array(await new Response(inflated).arrayBuffer()), wasm);
});

test('the glue makes a core of its own for each caller, and knows no address', async () => {
  const code = coreModule(GLUE);
  assert.ok(!code.includes('import.meta') && !code.includes('.wasm'));
  const { makeCore } = await load(code);
  const exports = (base) => (imports) => ({ answer: (offset) => imports['./byoa_bg.js'].told(base + offset) });
  const [one, other] = await Promise.all([makeCore(exports(41)), makeCore(exports(1))]);
  assert.deepEqual([new one.Thing().answer(), new other.Thing().answer()], [42, 2]);
  await assert.rejects(makeCore(() => Promise.reject(new Error('forbidden'))), /forbidden/);
});

test('the glue sees a memory that has grown without detaching the old one', async () => {
  const { makeCore } = await load(coreModule(GLUE));
  const memory = { buffer: Uint8Array.of(1).buffer };
  const { first } = await makeCore(() => ({ memory }));
  assert.equal(first(), 1);
  memory.buffer = Uint8Array.of(2, 2).buffer;
  assert.equal(first(), 2);
});

test('glue that wants to be started is started', async () => {
  const { makeCore } = await load(coreModule(GLUE.replace('return wasm;\n}', 'wasm.__wbindgen_start();\n    return wasm;\n}')));
  let started = 0;
  await makeCore(() => ({ __wbindgen_start: () => (started += 1) }));
  assert.equal(started, 1);
});

test('glue of another shape is refused', () => {
  const shapes = ['export default 1;', GLUE + GLUE, `import * as x from 'y';\n${GLUE}`, GLUE.replace('const offset = 1', 'const offset = import.meta.url'), GLUE.replace(' || cachedUint8ArrayMemory0.byteLength === 0', '')];
  for (const glue of shapes) assert.throws(() => coreModule(glue), /changed its shape/);
});

test('the declarations ask no newer library of their users', () => {
  const types = 'export class A {\n    free(): void;\n    [Symbol.dispose](): void;\n    b(): void;\n}\n\nexport type InitInput = string;\nexport function initSync(): void;\n';
  const edited = coreTypes(types);
  assert.ok(edited.startsWith('export class A {\n    free(): void;\n    b(): void;\n}\n'));
  assert.ok(!edited.includes('initSync') && edited.includes('{ A: typeof A }'));
  assert.throws(() => coreTypes('export class A {}\n'), /changed their shape/);
});

test('the build to JavaScript takes its imports from its caller', async () => {
  const made = `import * as $_glue from './glue.js';\n\nfunction asmFunc(imports) {\n return { "answer": () => imports.glue.one() + 1 };\n}\n\nvar retasmFunc = asmFunc({\n  "./glue.js": $_glue,\n});\nexport var answer = retasmFunc.answer;\n`;
  const { instantiate } = await load(floorModule(made));
  assert.equal(instantiate({ glue: { one: () => 1 } }).answer(), 2);
  assert.throws(() => floorModule('export default 1;'), /changed its shape/);
});
