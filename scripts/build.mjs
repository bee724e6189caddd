// Builds the server, the wasm, the npm package and the demo, each only where its inputs changed.
//
//     node scripts/build.mjs server|wasm|pkg|demo|all
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { FOR_START, ensure } from './bootstrap.mjs';
import { CommandFailed, run } from './lib/children.mjs';
import { Halt, main } from './lib/halt.mjs';
import { FLOOR_TYPES, INLINE_TYPES, WASM_FILE_TYPES, coreModule, coreTypes, floorModule, inlineModule, marked } from './lib/inline-wasm.mjs';
import { root } from './lib/places.mjs';
import { stamp } from './lib/stamp.mjs';
import { runSteps } from './lib/steps.mjs';
import { subpathFolders } from './lib/subpath-folders.mjs';
import { withoutFeatures } from './lib/wasm-features.mjs';
import { SMALL_STD, hasStdSource } from './lib/wasm-std.mjs';
import { WASM_TARGET } from './lib/wasm-target.mjs';

const GENERATED = 'pkg-template/src/generated';
/** Made from the wasm here and not committed; tsc does not copy them, as they are JavaScript already. */
const GLUE = ['byoa.js', 'byoa.d.ts', 'wasm-inline.js', 'wasm-inline.d.ts', 'floor.js', 'floor.d.ts'];
/** The wasm as a file, for hosts that want one. */
const WASM_FILE = 'target/wasm-pkg/byoa.wasm';
const SERVER = 'target/release/byoa-server';
const RUST = ['Cargo.toml', 'Cargo.lock', 'crates'];
const WASM_INPUTS = [...RUST, 'src', '.cargo', 'scripts/build.mjs', 'scripts/lib/inline-wasm.mjs', 'scripts/lib/wasm-features.mjs', 'scripts/lib/wasm-std.mjs'];
const PKG_INPUTS = [...WASM_INPUTS, 'scripts/lib/subpath-folders.mjs', 'pkg-template', 'package-lock.json', ...licences()];
/** What wasm2js cannot translate; without them wasm-bindgen writes smaller code besides. */
const NOT_IN_JAVASCRIPT = ['reference-types', 'multivalue'];
const WITHOUT_FEATURES = `-C target-feature=${NOT_IN_JAVASCRIPT.map((name) => `-${name}`).join()}`;
/** What it can translate only after Binaryen has put simpler instructions in its place. */
const LOWERED = ['--llvm-memory-copy-fill-lowering', '--signext-lowering', '--llvm-nontrapping-fptoint-lowering'];
/** A function that has one caller stays one unless it is tiny: larger before compression, 2 % smaller after it. */
const SMALLEST = ['--one-caller-inline-max-function-size=20', '-Oz'];
const STRIPPED = ['--strip-debug', '--strip-producers'];
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
  wasm: { title: 'wasm', inputs: WASM_INPUTS, outputs: [...glueFiles, WASM_FILE], build: buildWasm },
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
  mkdirSync(out, { recursive: true });
  const isSmall = await compileWasm(wasmEnv, report);
  // The standard library as rustup brings it still names them.
  const compiled = join(wasmEnv.CARGO_TARGET_DIR ?? join(root, 'target'), WASM_TARGET, 'wasm', 'byoa.wasm');
  const plain = join(out, 'plain.wasm');
  writeFileSync(plain, withoutFeatures(readFileSync(compiled), NOT_IN_JAVASCRIPT));
  await run('wasm-bindgen', [plain, '--target', 'web', '--out-dir', out, '--out-name', 'byoa'], { cwd: root, env: wasmEnv, onLine: report });

  const bound = join(out, 'byoa_bg.wasm');
  const optimised = join(root, WASM_FILE);
  report('optimising');
  await binaryen('wasm-opt', [bound, ...SMALLEST, ...STRIPPED, '-o', optimised], report);
  report('translating to JavaScript');
  const lowered = join(out, 'lowered.wasm');
  const translated = join(out, 'floor.js');
  await binaryen('wasm-opt', [bound, ...LOWERED, '-Oz', ...STRIPPED, '-o', lowered], report);
  await binaryen('wasm2js', [lowered, '-Oz', '-o', translated], report);
  const floor = await minified(floorModule(readFileSync(translated, 'utf8')));

  const wasm = readFileSync(optimised);
  const made = {
    'byoa.js': coreModule(readFileSync(join(out, 'byoa.js'), 'utf8')),
    'byoa.d.ts': coreTypes(readFileSync(join(out, 'byoa.d.ts'), 'utf8')),
    'wasm-inline.js': inlineModule(wasm),
    'wasm-inline.d.ts': INLINE_TYPES,
    'floor.js': marked(floor),
    'floor.d.ts': FLOOR_TYPES,
  };
  mkdirSync(join(root, GENERATED), { recursive: true });
  for (const name of GLUE) writeFileSync(join(root, GENERATED, name), made[name]);
  const library = isSmall ? '' : '; without the source of the standard library, so larger than what is published';
  return `${kilobytes(wasm.length)} of wasm, ${kilobytes(gzipSync(wasm).length)} gzipped; as JavaScript ${kilobytes(gzipSync(floor).length)}${library}`;
}

/** Resolves to whether it is with a standard library of its own; without its source, or the means, it still works. */
async function compileWasm(env, report) {
  const compile = ({ args, rustflags, variables }) =>
    // Not by wasm-pack: it would run wasm-bindgen before the section is mended.
    run('cargo', ['build', '--package', 'byoa', '--lib', '--profile', 'wasm', '--target', WASM_TARGET, ...args], {
      cwd: root,
      env: { ...env, ...variables, RUSTFLAGS: [env.RUSTFLAGS, WITHOUT_FEATURES, ...rustflags].filter(Boolean).join(' ') },
      onLine: report,
    });
  if (await hasStdSource(env, report)) {
    try {
      await compile(SMALL_STD);
      return true;
    } catch (error) {
      // Our own mistakes fail again below, and are told there.
      if (!(error instanceof CommandFailed)) throw error;
    }
  }
  report('compiling with the standard library that is there');
  await compile({ args: [], rustflags: [], variables: {} });
  return false;
}

function binaryen(program, args, report) {
  return run(process.execPath, [npmProgram(`binaryen/bin/${program}`), ...args], { cwd: root, onLine: report });
}

/** wasm2js writes one statement a line, indented; nobody reads it. */
async function minified(code) {
  const { minify } = await import('vite');
  const result = await minify('floor.js', code, { module: true, mangle: { toplevel: true } });
  if (result.errors.length > 0) throw new Error(`The build to JavaScript could not be minified: ${result.errors[0].message}`);
  return result.code;
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
  cpSync(existing(WASM_FILE), join(unfinished, 'byoa.wasm'));
  writeFileSync(join(unfinished, 'byoa.wasm.d.ts'), WASM_FILE_TYPES);

  const { scripts, devDependencies, private: _private, ...manifest } = JSON.parse(readFileSync(join(template, 'package.json'), 'utf8'));
  const folders = subpathFolders(manifest);
  for (const [name, its] of Object.entries(folders)) {
    mkdirSync(join(unfinished, name));
    writeFileSync(join(unfinished, name, 'package.json'), `${JSON.stringify(its, null, 2)}\n`);
  }
  manifest.files.push(...Object.keys(folders));
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
