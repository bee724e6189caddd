import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    expect(outside).toEqual(['LICENSE', 'README.md', 'package.json']);
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

  it('builds a page with Vite, without a .wasm file and without a plug-in', async () => {
    writeFileSync(join(consumer, 'index.html'), '<script type="module" src="./page.js"></script>');
    writeFileSync(
      join(consumer, 'page.js'),
      `import { createDynamicClient } from 'byoa';
       createDynamicClient({ environmentId: 'e', apiBaseUrl: '/api/v0' });`,
    );
    await build({ root: consumer, configFile: false, logLevel: 'error' });
    const made = filesUnder(join(consumer, 'dist'));
    expect(made.filter((name) => name.endsWith('.wasm'))).toEqual([]);
    const code = made.filter((name) => name.endsWith('.js')).map((name) => readFileSync(name));
    // Before the first call only the entry is loaded; the core follows on demand.
    expect(code.length).toBeGreaterThan(1);
    const sizes = code.map((bytes) => gzipSync(bytes).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`byoa in a page: ${(total / 1000).toFixed(1)} kB gzipped in ${code.length} files`);
    // The published client that this replaces has 217 kB.
    expect(total).toBeLessThan(160_000);
    expect(existsSync(join(consumer, 'dist/index.html'))).toBe(true);
  });
});
