// `npm run release:dry`: everything of a release but the publishing. docs/RELEASING.md says what is checked.
//
//     npm run release:dry              the package and the crates; builds the libraries from what was packed
//     npm run release:dry -- --full    builds the server from what was packed too: minutes
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { ensure, FOR_START } from './bootstrap.mjs';
import { staleBuilds } from './build.mjs';
import { capture, run } from './lib/children.mjs';
import { Halt, main } from './lib/halt.mjs';
import { root } from './lib/places.mjs';
import { changelogFaults, crateFaults, packageFaults, versionFaults } from './lib/release.mjs';
import { runSteps } from './lib/steps.mjs';

/** Takes minutes to build. */
const SERVER = 'byoa-server';
const full = process.argv.includes('--full');
const read = (path) => readFileSync(join(root, path), 'utf8');

await main(async () => {
  const tools = await ensure(FOR_START);
  const crates = await publishedCrates();
  const scratch = mkdtempSync(join(tmpdir(), 'byoa-release-'));
  const steps = [
    { title: 'versions', run: checkVersions },
    { title: 'changelog', run: () => none(changelogFaults(read('CHANGELOG.md'))) },
    ...staleBuilds(['pkg'], tools),
    { title: 'npm package', run: () => checkPackage(scratch) },
    ...crates.map((crate) => ({ title: `crate ${crate.name}`, run: () => checkCrate(crate, crates) })),
    { title: 'cargo publish --dry-run', run: (report) => dryRun(crates, tools, report) },
  ];
  try {
    await runSteps(steps.map((step) => ({ explain: (failure) => new Halt(`${step.title}: mend what is said above.`, failure.output ?? failure.message), ...step })));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log('Everything is ready, and nothing was published.');
  return 0;
});

async function checkVersions() {
  const workspace = read('Cargo.toml');
  const version = workspace.match(/^\[workspace\.package\]\nversion = "(.+)"$/m)?.[1];
  const tags = (await capture('git', ['tag', '--list', `v${version}`], { cwd: root })).trim();
  none(versionFaults({ version, workspace, npm: JSON.parse(read('pkg-template/package.json')), changelog: read('CHANGELOG.md'), tags }));
  return version;
}

async function checkPackage(scratch) {
  const said = await capture('npm', ['pack', join(root, 'pkg'), '--json', '--pack-destination', scratch], { cwd: root });
  // npm 11 gives a list, npm 12 an object by name.
  const [packed] = Object.values(JSON.parse(said));
  await run('tar', ['-xzf', join(scratch, packed.filename), '-C', scratch]);
  const folder = join(scratch, 'package');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const texts = Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  none(packageFaults({ manifest: JSON.parse(texts['package.json']), texts, machine: [root, process.env.HOME].filter(Boolean) }));
  return `${files.length} files, ${(packed.size / 1000).toFixed(1)} kB packed`;
}

/** The crates of the workspace that do not say `publish = false`. */
async function publishedCrates() {
  const { packages } = JSON.parse(await capture('cargo', ['metadata', '--format-version', '1', '--no-deps'], { cwd: root }));
  return packages.filter(({ publish }) => publish?.length !== 0);
}

async function checkCrate(crate, crates) {
  const path = relative(root, dirname(crate.manifest_path));
  const listed = (await capture('cargo', ['package', '--list', '--allow-dirty', '--package', crate.name], { cwd: root })).trim().split('\n');
  const sources = listed.filter((file) => file.startsWith('src/') && file.endsWith('.rs'));
  // What the compiler reads from beside the sources has to be packed as well.
  const included = sources.flatMap((file) =>
    [...read(join(path, file)).matchAll(/include_(?:str|bytes)!\("([^"]+)"\)/g)].map(([, target]) => relative(join(root, path), resolve(root, path, dirname(file), target))),
  );
  none(crateFaults({ manifest: crate, listed, included: included.map((file) => file.replaceAll('\\', '/')), published: crates.map(({ name }) => name) }));
  return `${listed.length} files`;
}

async function dryRun(crates, { env }, report) {
  const names = crates.map(({ name }) => name);
  const publish = (asked, ...flags) =>
    run('cargo', ['publish', '--dry-run', '--allow-dirty', ...flags, ...asked.flatMap((name) => ['--package', name])], { cwd: root, env, onLine: report });
  // Each is built from its own archive, the others of them taken from beside it.
  await publish(full ? names : names.filter((name) => name !== SERVER));
  if (!full) await publish(names, '--no-verify');
  return full ? 'all built from what was packed' : 'the libraries built from what was packed; the server only packed';
}

/** @param {string[]} faults */
function none(faults) {
  if (faults.length > 0) throw new Halt(faults.join('\n'));
}
