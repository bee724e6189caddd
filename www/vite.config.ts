import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The package as it is published, built into pkg/ from pkg-template and the wasm.
const published = (file: string) => fileURLToPath(new URL(`../pkg/dist/${file}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^byoa$/, replacement: published('index.js') },
      { find: /^byoa\/react$/, replacement: published('react/index.js') },
    ],
    dedupe: ['react', 'react-dom'],
  },
  build: {
    target: 'es2022',
    // The first with light-dark(): a rewritten one would no longer follow color-scheme inside the page.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: ['index.html', 'session.html'].map((page) => fileURLToPath(new URL(page, import.meta.url))) },
  },
  server: { port: 4600, strictPort: true },
});
