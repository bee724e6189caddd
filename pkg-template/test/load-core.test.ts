// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from 'vitest';

const EMPTY_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const made = vi.hoisted(() => vi.fn());
const floor = vi.hoisted(() => vi.fn());

// The glue: gives what it was instantiated with, so that a test sees which build it was.
vi.mock('../src/generated/byoa.js', () => ({
  makeCore: async (instantiate: (imports: object) => unknown) => made(await instantiate({})),
}));
vi.mock('../src/generated/floor.js', () => ({ instantiate: floor }));

const FLOOR = { built: 'JavaScript' };

beforeEach(() => {
  vi.resetModules();
  vi.unstubAllGlobals();
  made.mockReset().mockImplementation((exports) => ({ exports }));
  floor.mockReset().mockReturnValue(FLOOR);
});

const freshLoader = async (code?: () => Promise<Uint8Array<ArrayBuffer>>) => (await import('../src/load-core.js')).coreLoader(code);

describe('the core', () => {
  it('is loaded once, for all who ask', async () => {
    const code = vi.fn(async () => EMPTY_MODULE);
    const load = await freshLoader(code);
    const [one, other] = await Promise.all([load(), load()]);
    expect(one).toBe(other);
    expect(await load()).toBe(one);
    expect(code).toHaveBeenCalledOnce();
    expect(floor).not.toHaveBeenCalled();
  });

  it('is JavaScript where there is no WebAssembly, without looking at the wasm', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const code = vi.fn();
    expect(await (await freshLoader(code))()).toEqual({ exports: FLOOR });
    expect(code).not.toHaveBeenCalled();
  });

  it('is JavaScript where WebAssembly is refused', async () => {
    const refuse = () => Promise.reject(new Error('violates the Content Security Policy'));
    vi.stubGlobal('WebAssembly', { instantiate: refuse });
    expect(await (await freshLoader(async () => EMPTY_MODULE))()).toEqual({ exports: FLOOR });
  });

  it('is JavaScript on hosts that never compile bytes', async () => {
    expect(await (await freshLoader())()).toEqual({ exports: FLOOR });
  });

  it('says in a sentence why it did not load and what mends it, and is tried again', async () => {
    vi.stubGlobal('WebAssembly', { instantiate: () => Promise.reject(new Error('violates the policy')) });
    const cause = new Error('Failed to fetch dynamically imported module');
    floor.mockImplementationOnce(() => {
      throw cause;
    });
    const load = await freshLoader(async () => EMPTY_MODULE);
    const failure = await load().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ name: 'WasmUnavailableError', code: 'wasm_unavailable', retryable: false, cause });
    for (const part of ["'wasm-unsafe-eval'", 'violates the policy', 'Failed to fetch']) expect(String(failure)).toContain(part);
    expect(await load()).toEqual({ exports: FLOOR });
  });
});

describe('byoa/slim', () => {
  const fresh = () => import('../src/load-given.js');
  const unusable = { name: 'WasmUnavailableError', code: 'wasm_unavailable' };

  it('says what is missing before it has its core', async () => {
    const { loadGivenWasm } = await fresh();
    await expect(loadGivenWasm()).rejects.toMatchObject({ ...unusable, message: expect.stringContaining('initializeWasm()') });
  });

  it.each([
    ['bytes', () => EMPTY_MODULE],
    ['a buffer', () => EMPTY_MODULE.buffer],
    ['a module', () => new WebAssembly.Module(EMPTY_MODULE)],
    ['a response', () => new Response(EMPTY_MODULE)],
    ['a promise', () => Promise.resolve(EMPTY_MODULE)],
  ])('takes %s', async (_, source) => {
    const { initializeWasm, loadGivenWasm } = await fresh();
    await initializeWasm(source());
    expect(made).toHaveBeenCalledOnce();
    expect(await loadGivenWasm()).toHaveProperty('exports');
    expect(floor).not.toHaveBeenCalled();
  });

  it('keeps its first core', async () => {
    const { initializeWasm, loadGivenWasm } = await fresh();
    await Promise.all([initializeWasm(EMPTY_MODULE), initializeWasm(EMPTY_MODULE)]);
    const core = await loadGivenWasm();
    await initializeWasm(new Response('never read'));
    expect(await loadGivenWasm()).toBe(core);
    expect(made).toHaveBeenCalledOnce();
  });

  it.each([
    ['a start page', () => new Response('<!doctype html>'), 'is not WebAssembly'],
    ['a file that is not there', () => new Response('', { status: 404 }), 'the status 404'],
    ['a request that fails', () => Promise.reject(new Error('offline')), 'offline'],
  ])('refuses %s, says so, and takes another source afterwards', async (_, source, said) => {
    const { initializeWasm, loadGivenWasm } = await fresh();
    await expect(initializeWasm(source())).rejects.toMatchObject({ ...unusable, message: expect.stringContaining(said) });
    await expect(loadGivenWasm()).rejects.toMatchObject(unusable);
    await initializeWasm(EMPTY_MODULE);
    await expect(loadGivenWasm()).resolves.toHaveProperty('exports');
  });

  it('is JavaScript where there is no WebAssembly, whatever it was given', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const { initializeWasm, loadGivenWasm } = await fresh();
    await initializeWasm(Promise.reject(new Error('offline')));
    expect(await loadGivenWasm()).toEqual({ exports: FLOOR });
  });
});
