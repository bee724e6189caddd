// Builds the server, the wasm, the npm package and the demo, each only where its inputs changed.
//
//     node scripts/build.mjs server|wasm|pkg|demo|all
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { FOR_START, ensure } from './bootstrap.mjs';
import { run } from './lib/children.mjs';
import { Halt, main } from './lib/halt.mjs';
import { INLINE_TYPES, inlineModule, withoutDispose, withoutWasmAddress } from './lib/inline-wasm.mjs';
import { root } from './lib/places.mjs';
import { stamp } from './lib/stamp.mjs';
import { runSteps } from './lib/steps.mjs';

const GENERATED = 'pkg-template/src/generated';
/** Made from the wasm here and not committed; tsc does not copy them, as they are JavaScript already. */
const GLUE = ['byoa.js', 'byoa.d.ts', 'wasm-inline.js', 'wasm-inline.d.ts'];
const SERVER = 'target/release/byoa-server';
const RUST = ['Cargo.toml', 'Cargo.lock', 'crates'];
const WASM_INPUTS = [...RUST, 'src', '.cargo', 'scripts/build.mjs', 'scripts/lib/inline-wasm.mjs'];
const PKG_INPUTS = [...WASM_INPUTS, 'pkg-template', 'package-lock.json', ...licences()];
const glueFiles = GLUE.map((name) => `${GENERATED}/${name}`);

/** In the order in which they need each other. */
const BUILDS = {
  server: {
    title: 'byoa-server',
    inputs: [...RUST, 'server'],
    outputs: [SERVER],
    build: ({ env }, report) =>
      run('cargo', ['build', '--release', '--package', 'byoa-server'], { cwd: root, env, onLine: report }),
  },
  wasm: { title: 'wasm', inputs: WASM_INPUTS, outputs: glueFiles, build: buildWasm },
  pkg: {
    title: 'npm package',
    needs: ['wasm'],
    inputs: PKG_INPUTS,
    outputs: ['pkg/package.json', 'pkg/dist/index.js'],
    build: buildPackage,
  },
  demo: {
    title: 'demo',
    needs: ['pkg'],
    inputs: [...PKG_INPUTS, 'www'],
    outputs: ['www/dist/index.html'],
    build: (_, report) => run(process.execPath, [npmProgram('vite/bin/vite.js'), 'build', 'www'], { cwd: root, onLine: report }),
  },
};

/**
 * The steps that build what is named and what that needs, without those that would change nothing.
 *
 * @param {(keyof typeof BUILDS)[]} names
 * @param {Awaited<ReturnType<typeof ensure>>} tools
 */
export function staleBuilds(names, tools) {
  const wanted = Object.keys(BUILDS).filter((name) => names.some((one) => closure(one).includes(name)));
  return wanted.map((name) => step(name, tools)).filter(({ isFresh }) => !isFresh());
}

/** What `npm start` runs as the server. */
export const serverProgram = join(root, SERVER);

/** The path of a program inside an npm package, to be run by Node without npm in between. */
export function npmProgram(path) {
  return existing(join('node_modules', path));
}

function closure(name) {
  return [name, ...(BUILDS[name].needs ?? []).flatMap(closure)];
}

function step(name, tools) {
  const { title, inputs, outputs, build: make } = BUILDS[name];
  const mark = stamp(name, { inputs, outputs });
  return {
    title,
    isFresh: mark.isFresh,
    async run(report) {
      const said = await make(tools, report);
      mark.write();
      return said;
    },
    explain: (failure) =>
      new Halt(`${title} did not build: mend what is said above, then run this again.`, failure.output),
  };
}

async function buildWasm({ wasmEnv }, report) {
  const out = join(root, 'target', 'wasm-pkg');
  await run(
    'wasm-pack',
    ['build', '--target', 'web', '--mode', 'no-install', '--profile', 'wasm', '--no-opt', '--no-pack', '--out-dir', out, '--out-name', 'byoa'],
    { cwd: root, env: wasmEnv, onLine: report },
  );
  const optimised = join(out, 'byoa.wasm');
  report('optimising');
  await run(
    process.execPath,
    [npmProgram('binaryen/bin/wasm-opt'), join(out, 'byoa_bg.wasm'), '-Oz', '--strip-debug', '--strip-producers', '-o', optimised],
    { cwd: root, onLine: report },
  );

  const wasm = readFileSync(optimised);
  const generated = join(root, GENERATED);
  mkdirSync(generated, { recursive: true });
  writeFileSync(join(generated, 'byoa.js'), withoutWasmAddress(readFileSync(join(out, 'byoa.js'), 'utf8')));
  writeFileSync(join(generated, 'byoa.d.ts'), withoutDispose(readFileSync(join(out, 'byoa.d.ts'), 'utf8')));
  writeFileSync(join(generated, 'wasm-inline.js'), inlineModule(wasm));
  writeFileSync(join(generated, 'wasm-inline.d.ts'), INLINE_TYPES);
  return `${kilobytes(wasm.length)} of wasm, ${kilobytes(gzipSync(wasm).length)} gzipped`;
}

async function buildPackage(_, report) {
  const template = existing('pkg-template');
  const unfinished = join(root, 'target', 'pkg-unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await run(
    process.execPath,
    [npmProgram('typescript/bin/tsc'), '--project', join(template, 'tsconfig.build.json'), '--outDir', join(unfinished, 'dist')],
    { cwd: root, onLine: report },
  );
  for (const name of GLUE) cpSync(join(template, 'src', 'generated', name), join(unfinished, 'dist', 'generated', name));

  const { scripts, devDependencies, private: _private, ...manifest } = JSON.parse(readFileSync(join(template, 'package.json'), 'utf8'));
  writeFileSync(join(unfinished, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ['pkg-template/README.md', ...licences()]) cpSync(existing(file), join(unfinished, basename(file)));

  const place = join(root, 'pkg');
  rmSync(place, { recursive: true, force: true });
  renameSync(unfinished, place);
  const code = filesUnder(join(place, 'dist')).filter((file) => file.endsWith('.js')).map((file) => readFileSync(file));
  const raw = Buffer.concat(code);
  return `${kilobytes(raw.length)} of JavaScript with the wasm in it, ${kilobytes(gzipSync(raw).length)} gzipped`;
}

function licences() {
  return readdirSync(root).filter((name) => name.startsWith('LICENSE'));
}

function existing(path) {
  const full = join(root, path);
  if (!statSync(full, { throwIfNoEntry: false })) throw new Halt(`${path} is missing from the repository: restore it with \`git checkout -- ${path}\`, or run \`npm ci\` where it is npm's.`);
  return full;
}

function filesUnder(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(directory, entry.name)) : [join(directory, entry.name)],
  );
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const asked = process.argv.slice(2);
    const names = asked.length === 0 || asked.includes('all') ? Object.keys(BUILDS) : asked;
    const unknown = names.find((name) => !(name in BUILDS));
    if (unknown) throw new Halt(`There is no build "${unknown}": choose from ${Object.keys(BUILDS).join(', ')}, all.`);
    await runSteps(staleBuilds(names, await ensure(FOR_START)));
  });
}
