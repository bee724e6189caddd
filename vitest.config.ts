import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { seedSamplePlugin } from './tests/support/seed-sample.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const source = [
  { find: /^byoa$/, replacement: path('pkg-template/src/index.ts') },
  { find: /^byoa\/react$/, replacement: path('pkg-template/src/react/index.ts') },
  { find: /^byoa\/react-hooks$/, replacement: path('pkg-template/src/react-hooks/index.ts') },
  { find: /^@dynamic-labs\/sdk-react-core$/, replacement: path('pkg-template/src/react/index.ts') },
];

/** React 18 in the place of React 19, for the package's tests on both. */
const react18 = ['react', 'react-dom', '@testing-library/react'].map((name) => ({
  find: new RegExp(`^${name}(?=/|$)`),
  replacement: path(`tests/react-18/node_modules/${name}`),
}));

const SOAK = 'tests/sessions/soak.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [react(), seedSamplePlugin()],
        resolve: { alias: source },
        test: { name: 'react', environment: 'jsdom', include: ['pkg-template/test/**/*.test.{ts,tsx}'] },
      },
      {
        plugins: [react(), seedSamplePlugin()],
        resolve: { alias: [...source, ...react18] },
        test: {
          name: 'react-18',
          environment: 'jsdom',
          env: { REACT_MAJOR: '18' },
          include: ['pkg-template/test/react*.test.tsx', 'pkg-template/test/node.test.tsx'],
        },
      },
      {
        test: {
          name: 'interop',
          include: ['tests/interop/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file runs a browser and three processes of its own.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'sessions',
          include: ['tests/sessions/**/*.test.ts'],
          exclude: [SOAK],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      // Nine tabs whose tokens live for two seconds want the machine for themselves.
      { test: { name: 'soak', include: [SOAK], testTimeout: 60_000, hookTimeout: 120_000 } },
      {
        // What needs the DevTools protocol is Chromium's alone.
        test: {
          name: 'firefox',
          include: ['tests/sessions/**/*.test.ts'],
          exclude: ['tests/sessions/**/*.cdp.test.ts'],
          env: { BYOA_TEST_BROWSER: 'firefox' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'webkit',
          include: ['tests/webkit/**/*.test.ts', 'tests/sessions/**/*.test.ts'],
          exclude: ['tests/sessions/**/*.cdp.test.ts'],
          env: { BYOA_TEST_BROWSER: 'webkit' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      { test: { name: 'examples', include: ['tests/examples/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 300_000 } },
      { test: { name: 'site', include: ['tests/site/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { name: 'compat', include: ['tests/compat/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { name: 'screenshots', include: ['tests/e2e/screenshots.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'packaging',
          include: ['tests/packaging/*.test.ts'],
          exclude: ['tests/packaging/consumers.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'consumers',
          include: ['tests/packaging/consumers.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
