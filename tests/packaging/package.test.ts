import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUDGET } from '../../bench/budget.mjs';
import { built, root, scratch, undoing } from '../support/processes.ts';

const run = promisify(execFile);
const undo = undoing();
/** A consumer's project with the packed tarball installed. */
let consumer: string;
let installed: string;

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  consumer = folder.path;
  built('pkg/dist/index.js', 'node scripts/build.mjs pkg');
  const { stdout } = await run('npm', ['pack', join(root, 'pkg'), '--json', '--pack-destination', consumer]);
  // npm 11 gives a list, npm 12 an object by name.
  const packed = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>)[0];
  if (!packed) throw new Error('npm packed nothing');

  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  installed = join(consumer, 'node_modules/byoa');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(consumer, packed.filename), '-C', installed, '--strip-components=1']);
  // React as any consumer has it, without asking a registry.
  for (const name of ['react', 'react-dom', 'scheduler']) {
    await run('cp', ['-r', join(root, 'node_modules', name), join(consumer, 'node_modules', name)]);
  }
});
afterAll(undo.all);

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the tarball', () => {
  it('holds what a consumer needs and nothing else', () => {
    const names = filesUnder(installed).map((file) => file.slice(installed.length + 1));
    const outside = names.filter((name) => !/^dist\/.*\.(js|d\.ts)$/.test(name)).sort();
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { exports: object };
    const folders = Object.keys(exports).filter((path) => /^\.\/[\w/-]+$/.test(path)).map((path) => `${path.slice(2)}/package.json`);
    expect(outside).toEqual(['LICENSE', 'README.md', 'byoa.wasm', 'byoa.wasm.d.ts', 'package.json', ...folders].sort());
    expect(names).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/react/index.js', 'dist/react/index.d.ts']));
  });

  it('has no fault by publint', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  it('evaluates no text as code and imports nothing from the environment', () => {
    for (const file of filesUnder(join(installed, 'dist')).filter((name) => name.endsWith('.js'))) {
      const code = readFileSync(file, 'utf8');
      for (const forbidden of [/\beval\(/, /\bnew Function\b/, /import ["']env["']/, /from ["']env["']/]) expect(code, file).not.toMatch(forbidden);
    }
  });

  it("keeps 'use client' at the top of every file of the hooks", () => {
    const hooks = ['react', 'react-hooks'].flatMap((entry) => filesUnder(join(installed, 'dist', entry)));
    expect(hooks.length).toBeGreaterThan(10);
    for (const file of hooks.filter((name) => name.endsWith('.js'))) {
      expect(readFileSync(file, 'utf8'), file).toMatch(/^'use client';/);
    }
  });

  it('names no type that it does not carry', async () => {
    writeFileSync(
      join(consumer, 'index.ts'),
      `import { createDynamicClient, type ByoaError, type UserProfile } from 'byoa';
       import { useExternalAuth } from 'byoa/react';
       export const client = createDynamicClient({ environmentId: '', apiBaseUrl: '' });
       export const signIn = (): Promise<UserProfile | undefined> => useExternalAuth().signInWithExternalJwt({ externalJwt: '', externalUserId: '' });
       export type Code = ByoaError['code'];`,
    );
    await run('cp', ['-r', join(root, 'node_modules/@types'), join(consumer, 'node_modules/@types')]);
    await run('cp', ['-r', join(root, 'node_modules/csstype'), join(consumer, 'node_modules/csstype')]);
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2022,dom', '--types', 'react'];
    for (const modules of [['--module', 'nodenext'], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
      const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...modules, 'index.ts'], { cwd: consumer });
      expect(stdout).toBe('');
    }
  });
});

describe('a consumer', () => {
  it('imports both entries in Node, and renders, without a window and without the core', async () => {
    writeFileSync(
      join(consumer, 'render.js'),
      `import { createDynamicClient } from 'byoa';
       import { DynamicContextProvider, useDynamicContext } from 'byoa/react';
       import { createElement } from 'react';
       import { renderToString } from 'react-dom/server';
       globalThis.WebAssembly = undefined;
       const client = createDynamicClient({ environmentId: 'e', apiBaseUrl: 'http://localhost:1/api/v0' });
       const Shown = () => String(useDynamicContext().sdkHasLoaded);
       console.log(client.getSnapshot().status, renderToString(createElement(DynamicContextProvider, { client }, createElement(Shown))));`,
    );
    const { stdout } = await run(process.execPath, ['render.js'], { cwd: consumer });
    expect(stdout.trim()).toBe('loading false');
  });

  it('has the same names in every form of the client', async () => {
    const names = async (file: string) => Object.keys(await import(pathToFileURL(join(installed, 'dist', file)).href)).sort();
    const usual = await names('index.js');
    expect(await names('edge.js')).toEqual(usual);
    expect(await names('server.js')).toEqual(usual);
    expect((await names('slim.js')).filter((name) => name !== 'initializeWasm')).toEqual(usual);
  });

  it.each([
    ['react-server', 'server.js'],
    ['workerd', 'edge.js'],
    ['edge-light', 'edge.js'],
    ['browser', 'index.js'],
  ])('is given by the condition %s what %s is', async (condition, file) => {
    writeFileSync(join(consumer, 'resolve.js'), "console.log(import.meta.resolve('byoa'));");
    const { stdout } = await run(process.execPath, ['--conditions', condition, 'resolve.js'], { cwd: consumer });
    expect(stdout.trim()).toMatch(new RegExp(`/byoa/dist/${file}$`));
  });

  it('builds a page with Vite without a .wasm file and without a plug-in; the JavaScript form is apart', async () => {
    const chunks = await bundle("import { createDynamicClient } from 'byoa'; createDynamicClient({ environmentId: 'e', apiBaseUrl: '/api/v0' });", true);
    const entry = chunks.find((chunk) => chunk.isEntry);
    expect(entry?.code).toContain('wasm_unavailable');
    const lazily = chunks.filter((chunk) => entry?.dynamicImports.includes(chunk.fileName));
    expect(lazily.map(({ name }) => name)).toContain('floor');
    expect(first(chunks).map(({ name }) => name)).not.toContain('floor');
  });

  it.each(['slim', 'edge', 'server'])('carries no wasm inside where it is %s', async (form) => {
    const code = `import { createDynamicClient } from '${form === 'slim' ? 'byoa/slim' : `./node_modules/byoa/dist/${form}.js`}'; createDynamicClient({ environmentId: 'e', apiBaseUrl: '/api/v0' });`;
    const chunks = await bundle(code, false);
    expect(first(chunks).reduce((sum, chunk) => sum + chunk.code.length, 0)).toBeLessThan(60_000);
  });

  it(`downloads at most ${BUDGET.kilobytes} kB, gzipped, before somebody can sign in: client and React hooks`, async () => {
    const chunks = await bundle("export { DynamicContextProvider, useExternalAuth } from 'byoa/react';", true);
    const bytes = first(chunks).reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
    console.log(`first download to sign in: ${(bytes / 1000).toFixed(1)} kB gzipped (aim: ${BUDGET.aimKilobytes} kB)`);
    expect(bytes / 1000).toBeLessThan(BUDGET.kilobytes);
  });
});

/** The chunks of a page with this code. React is not in them. */
async function bundle(code: string, minify: boolean): Promise<Chunk[]> {
  const entry = join(consumer, 'entry.js');
  writeFileSync(entry, code);
  const options = { rolldownOptions: { input: entry, external: /^react/, preserveEntrySignatures: 'strict' as const }, minify, write: false };
  const built = await build({ root: consumer, configFile: false, logLevel: 'error', build: { ...options, modulePreload: false } });
  if (Array.isArray(built) || !('output' in built)) throw new Error('Vite built something else');
  return built.output.filter((output) => output.type === 'chunk') as Chunk[];
}

interface Chunk {
  readonly name: string;
  readonly fileName: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
}

/** The entry and its static imports: what must be there before the first call. */
function first(chunks: readonly Chunk[]): Chunk[] {
  const named = (name: string) => chunks.find((chunk) => chunk.fileName === name);
  const seen = new Set<Chunk>();
  const visit = (chunk: Chunk | undefined): void => {
    if (!chunk || seen.has(chunk)) return;
    seen.add(chunk);
    chunk.imports.forEach((name) => visit(named(name)));
  };
  chunks.filter(({ isEntry }) => isEntry).forEach(visit);
  return [...seen];
}
