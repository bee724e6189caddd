import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subpathFolders } from '../lib/subpath-folders.mjs';

test('each subpath with code has a folder that leads to it', () => {
  const exports = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './react': { types: './dist/react/index.d.ts', default: './dist/react/index.js' },
    './byoa.wasm': { types: './byoa.wasm.d.ts', default: './byoa.wasm' },
    './package.json': './package.json',
  };
  assert.deepEqual(subpathFolders({ exports }), {
    react: { type: 'module', main: '../dist/react/index.js', types: '../dist/react/index.d.ts', sideEffects: false },
  });
});
