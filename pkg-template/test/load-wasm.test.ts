// @vitest-environment node
import { deflateRawSync } from 'node:zlib';
import { beforeEach, expect, it, vi } from 'vitest';

const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const init = vi.hoisted(() => vi.fn());

vi.mock('../src/generated/byoa.js', () => ({ default: init, ByoaClient: class {} }));
vi.mock('../src/generated/wasm-inline.js', () => ({ wasmBase64: deflateRawSync(wasm).toString('base64') }));

async function freshLoader() {
  vi.resetModules();
  return (await import('../src/load-wasm.js')).loadWasm;
}

beforeEach(() => init.mockReset());

it('gives the core its bytes, once', async () => {
  const loadWasm = await freshLoader();
  const [one, other] = await Promise.all([loadWasm(), loadWasm()]);
  expect(one).toBe(other);
  expect(init).toHaveBeenCalledOnce();
  expect(new Uint8Array(init.mock.calls[0]?.[0].module_or_path)).toEqual(wasm);
});

it('says in a sentence why it could not load and what mends it, and tries again', async () => {
  const loadWasm = await freshLoader();
  const cause = new Error('violates the Content Security Policy');
  init.mockRejectedValueOnce(cause);
  const failure = await loadWasm().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({ name: 'WasmUnavailableError', code: 'wasm_unavailable', retryable: false, cause });
  expect(String(failure)).toContain("'wasm-unsafe-eval'");
  await expect(loadWasm()).resolves.toHaveProperty('ByoaClient');
});
