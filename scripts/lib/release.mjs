// What must be so before anything is published. Pure: texts in, faults out, each a sentence with its mend.

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;
/** keepachangelog.com, 1.1.0. */
const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

/**
 * @param {{ version: string | undefined, workspace: string, npm: { version: string }, changelog: string, tags: string }} found
 */
export function versionFaults({ version, workspace, npm, changelog, tags }) {
  if (!version || !SEMVER.test(version)) return [`Cargo.toml has no version of the workspace that is one by semver.org: ${version}.`];
  const faults = [];
  if (npm.version !== version) faults.push(`pkg-template/package.json has version ${npm.version}, the workspace ${version}: make them the same.`);
  for (const [, crate, own] of workspace.matchAll(/^(byoa-\w+) = \{ path = "[^"]+"(?:, version = "([^"]+)")?/gm)) {
    if (own !== version) faults.push(`Cargo.toml asks for ${crate} ${own ?? 'of no version'}: make it ${version}.`);
  }
  const newest = changelog.match(/^## \[?(\d[^\]\s]*)/m)?.[1];
  if (newest !== undefined && newest !== version && !changelog.match(/^## \[?Unreleased/m)) {
    faults.push(`CHANGELOG.md ends at ${newest}: give the changes of ${version} a heading.`);
  }
  if (tags !== '') faults.push(`The tag v${version} is there already: a version is released once.`);
  return faults;
}

/** @param {string} text */
export function changelogFaults(text) {
  const faults = [];
  const releases = text.split(/^## /m).slice(1);
  if (releases.length === 0) faults.push('CHANGELOG.md has no release: begin with `## Unreleased`.');
  for (const release of releases) {
    const [title, ...sections] = release.split(/^### /m);
    const name = title.split('\n')[0].trim();
    if (!/^(Unreleased|\[?\d+\.\d+\.\d+[^\s\]]*\]? - \d{4}-\d\d-\d\d( \[YANKED\])?)$/.test(name)) {
      faults.push(`CHANGELOG.md: "${name}" is neither "Unreleased" nor "1.2.3 - 2026-01-31".`);
    }
    for (const section of sections) {
      const [kind, ...lines] = section.split('\n');
      if (!KINDS.includes(kind.trim())) faults.push(`CHANGELOG.md, ${name}: "${kind.trim()}" is none of ${KINDS.join(', ')}.`);
      if (!lines.some((line) => line.startsWith('- '))) faults.push(`CHANGELOG.md, ${name}: ${kind.trim()} is empty; take it out.`);
    }
  }
  return faults;
}

/**
 * @param {{ manifest: Record<string, any>, texts: Record<string, string>, machine: string[] }} packed
 *   the tarball's files by name, and paths of this machine that must not be in it
 */
export function packageFaults({ manifest, texts, machine }) {
  const faults = [];
  const files = Object.keys(texts);
  for (const name of ['README.md', 'LICENSE']) if (!files.includes(name)) faults.push(`The tarball has no ${name}.`);
  const strange = files.filter((file) => !/^(README\.md|LICENSE|byoa\.wasm(\.d\.ts)?|dist\/.+\.(js|d\.ts)|([\w-]+\/)*package\.json)$/.test(file));
  if (strange.length > 0) faults.push(`The tarball has ${strange.join(', ')}: mend "files", or the build.`);
  for (const member of ['scripts', 'devDependencies', 'private', 'bundledDependencies']) {
    if (member in manifest) faults.push(`The packed package.json has "${member}", which nobody who installs it needs.`);
  }
  const { access, provenance } = manifest.publishConfig ?? {};
  if (access !== 'public' || provenance !== true) faults.push('publishConfig must be { "access": "public", "provenance": true }.');
  for (const member of ['name', 'version', 'description', 'license', 'repository', 'engines']) {
    if (!manifest[member]) faults.push(`package.json has no "${member}".`);
  }
  for (const target of targets(manifest.exports)) {
    if (!files.includes(target.replace(/^\.\//, ''))) faults.push(`"exports" names ${target}, which is not in the tarball.`);
  }
  for (const [file, text] of Object.entries(texts)) {
    const found = machine.find((path) => text.includes(path));
    if (found) faults.push(`${file} names a path of this machine: build it without.`);
  }
  return faults;
}

/** Every file that "exports" leads to. */
function targets(exported) {
  if (typeof exported === 'string') return [exported];
  return Object.values(exported ?? {}).flatMap(targets);
}

/**
 * @param {{ manifest: Record<string, any>, listed: string[], included: string[], published: string[] }} crate
 *   what `cargo metadata` says of it, what would be packed, what its sources include, and what is published with it
 */
export function crateFaults({ manifest, listed, included, published }) {
  const { name } = manifest;
  const faults = [];
  for (const member of ['description', 'license', 'repository', 'rust_version']) {
    if (!manifest[member]) faults.push(`${name} has no ${member.replace('_', '-')}.`);
  }
  for (const { name: needed, path, req } of manifest.dependencies ?? []) {
    if (path && !published.includes(needed)) faults.push(`${name} needs ${needed}, which has publish = false: publish it too.`);
    if (path && req === '*') faults.push(`${name} needs ${needed} of no version: name one in Cargo.toml.`);
  }
  if (!listed.some((file) => /^src\/(lib|main)\.rs$/.test(file))) faults.push(`${name} packs no src/lib.rs.`);
  for (const file of included) if (!listed.includes(file)) faults.push(`${name} includes ${file}, which is not packed.`);
  return faults;
}
