// `npm run bench -- size`: what a page downloads for each SDK, bundled in the same run in the same way.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { run } from '../../scripts/lib/children.mjs';
import { Halt } from '../../scripts/lib/halt.mjs';
import { orHalt } from './or-halt.mjs';
import { root } from '../../scripts/lib/places.mjs';
import { BUDGET } from '../budget.mjs';
import { writeSection } from './documents.mjs';
import { installPeer } from './install-peer.mjs';
import { reportWasm } from './wasm-report.mjs';

export const SIZE_USAGE = `         --no-build             take pkg/ as it is
         --only NAME,NAME       parts of packages' names
         --report               what weighs what in the wasm, and nothing else
         --json                 print JSON only; writes no document`;

const PEERS = join(root, 'bench', 'peers', 'size');
const PACKAGE = join(root, 'pkg');

/** What an app would import to sign somebody in. */
const ENTRIES = [
  { package: 'byoa', from: 'byoa/react', imports: 'DynamicContextProvider, useExternalAuth' },
  { package: 'byoa', imports: 'createDynamicClient, signInWithExternalJwt' },
  { package: '@dynamic-labs-sdk/client', imports: 'createDynamicClient', also: ['@dynamic-labs-sdk/client', 'signInWithExternalJwt'] },
  { package: '@teamhanko/hanko-frontend-sdk', imports: 'Hanko' },
  { package: 'keycloak-js', imports: 'default as Keycloak' },
  { package: 'oidc-client-ts', imports: 'UserManager' },
  { package: '@supabase/auth-js', imports: 'AuthClient' },
  { package: 'firebase', from: 'firebase/auth', imports: 'initializeAuth, signInWithCustomToken, indexedDBLocalPersistence' },
  { package: '@auth0/auth0-spa-js', imports: 'createAuth0Client' },
  { package: '@auth0/auth0-react', imports: 'Auth0Provider, useAuth0' },
];

const REACT = ['react', 'react-dom', 'react/jsx-runtime', 'react/jsx-dev-runtime', 'react-dom/client'];
const EXTERNAL = [...REACT, '@farcaster/*', '@stripe/crypto'].map((name) => `--external:${name}`);
const LOADERS = ['.wasm=file', '.png=dataurl', '.svg=dataurl', '.woff2=file', '.css=empty'].map((rule) => `--loader:${rule}`);
const FLAGS = [
  ...['--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022', '--legal-comments=none'],
  ...['--define:process.env.NODE_ENV="production"', '--define:global=globalThis', '--log-level=error'],
  ...EXTERNAL,
  ...LOADERS,
];

/** @param {string[]} args */
export async function benchSize(args) {
  const options = read(args);
  const say = options.json ? () => {} : (text) => console.log(text);
  if (!options.noBuild) {
    say('Building pkg/ …');
    await orHalt('pkg/ could not be built', run(process.execPath, ['scripts/build.mjs', 'pkg'], { cwd: root, env: process.env }));
  }
  if (!existsSync(join(PACKAGE, 'package.json'))) throw new Halt('There is no pkg/: leave --no-build out, so that it is built.');
  if (options.report) return reportWasm();
  await installPeer(PEERS, say, ['--ignore-scripts']);

  // Below the peers' packages, so that imports find them; ours is added beside the entries.
  const work = mkdtempSync(join(PEERS, 'node_modules', '.byoa-bench-'));
  process.on('exit', () => rmSync(work, { recursive: true, force: true }));
  mkdirSync(join(work, 'node_modules'));
  symlinkSync(PACKAGE, join(work, 'node_modules', 'byoa'));

  const results = [];
  for (const entry of ENTRIES.filter(({ package: name }) => options.only.some((part) => name.includes(part)))) {
    results.push(await measure(work, entry));
  }
  if (options.json) return console.log(JSON.stringify(results, null, 2));
  const text = table(results);
  console.log(`\n${text}`);
  const isWhole = options.only.length === 1 && options.only[0] === '';
  if (isWhole) writeSection('docs/SIZE.md', 'size', text);
}

async function measure(work, { package: name, from = name, imports, also }) {
  const file = join(work, `${results(work)}.js`);
  const names = [imports, ...(also ? [also[1]] : [])].join(', ');
  writeFileSync(file, `export { ${names} } from ${JSON.stringify(from)};\n`);
  const split = `${file}.split`;
  const whole = `${file}.whole`;
  const meta = `${file}.json`;
  const bundle = (output) => orHalt(`${from} could not be bundled`, run(esbuild(), [file, ...FLAGS, ...output], { cwd: work, env: process.env }));
  await bundle(['--splitting', `--outdir=${split}`, `--metafile=${meta}`]);
  await bundle([`--outfile=${join(whole, 'all.js')}`]);

  const version = versionOf(packageOf(work, name));
  return {
    from,
    imports: names,
    version,
    first: weigh(firstFiles(JSON.parse(readFileSync(meta, 'utf8')), work)),
    all: weigh(readdirSync(whole).map((one) => join(whole, one))),
  };
}

/** The entry's chunk and what it imports statically: what must be there before the first call. */
function firstFiles({ outputs }, work) {
  const entry = Object.keys(outputs).find((path) => outputs[path].entryPoint && basename(dirname(path)).endsWith('.split'));
  const seen = new Set();
  const visit = (path) => {
    if (seen.has(path) || !outputs[path]) return;
    seen.add(path);
    outputs[path].imports.filter(({ kind }) => kind === 'import-statement').forEach((one) => visit(one.path));
  };
  const own = Object.keys(outputs).find((path) => /^\d+\.js$/.test(basename(outputs[path].entryPoint ?? '')));
  visit(own ?? entry);
  return [...seen].map((path) => join(work, path));
}

function weigh(files) {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const sizes = files.map((file) => readFileSync(file)).map((bytes) => ({
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, quality).length,
  }));
  const sum = (key) => sizes.reduce((total, size) => total + size[key], 0);
  return { raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') };
}

function table(results) {
  const [own] = results;
  const isOurs = own?.from.startsWith('byoa');
  const number = (bytes) => bytes.toLocaleString('en');
  const rows = results.map(({ from, imports, version, first, all }) => {
    const times = isOurs ? (first.gzip / own.first.gzip).toFixed(1) : '';
    return `| ${from} | \`${imports}\` | ${version} | **${number(first.gzip)}** | ${number(first.brotli)} | ${number(all.gzip)} | ${times} |`;
  });
  return `Bytes, ${new Date().toISOString().slice(0, 10)}, esbuild ${versionOf(join(PEERS, 'node_modules', 'esbuild'))}. The budget of the first row is
${BUDGET.aimKilobytes} kB, and \`npm test\` fails above ${BUDGET.kilobytes} kB; React is not counted.

| | what is imported | version | first download, gzip | brotli | with all that may follow, gzip | times the first row |
|---|---|---|--:|--:|--:|--:|
${rows.join('\n')}`;
}

function versionOf(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version;
}

function results(work) {
  return readdirSync(work).filter((name) => /^\d+\.js$/.test(name)).length;
}

function packageOf(work, name) {
  return name === 'byoa' ? join(work, 'node_modules', 'byoa') : join(PEERS, 'node_modules', name);
}

function esbuild() {
  return join(PEERS, 'node_modules', '.bin', 'esbuild');
}

function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        'no-build': { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        json: { type: 'boolean', default: false },
        report: { type: 'boolean', default: false },
      },
    });
    return { noBuild: values['no-build'], only: values.only.split(','), json: values.json, report: values.report };
  } catch (error) {
    throw new Halt(`${error.message}\n${SIZE_USAGE}`);
  }
}
