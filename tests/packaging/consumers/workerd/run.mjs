import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

await build({ entryPoints: ['worker.js'], bundle: true, format: 'esm', conditions: ['workerd', 'worker', 'browser'], external: ['*.wasm'], outfile: 'dist/worker.js' });
const code = readFileSync('dist/worker.js', 'utf8').replace('from "byoa/byoa.wasm"', 'from "./byoa.wasm"');
const miniflare = new Miniflare({
  modules: [
    { type: 'ESModule', path: 'worker.js', contents: code },
    { type: 'CompiledWasm', path: 'byoa.wasm', contents: readFileSync('node_modules/byoa/byoa.wasm') },
  ],
  compatibilityDate: '2026-01-01',
});
const told = JSON.parse(process.env.BYOA_TEST);
for (const form of ['usual', 'slim']) {
  const response = await miniflare.dispatchFetch('http://localhost/', { method: 'POST', body: JSON.stringify({ form, ...told }) });
  console.log(await response.text());
}
await miniflare.dispose();
