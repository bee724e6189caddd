import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changelogFaults, crateFaults, packageFaults, versionFaults } from '../lib/release.mjs';

const WORKSPACE = 'byoa-jwt = { path = "crates/jwt", version = "1.2.3" }\n';
const versions = { version: '1.2.3', workspace: WORKSPACE, npm: { version: '1.2.3' }, changelog: '## Unreleased\n\n- x\n', tags: '' };
const manifest = {
  name: 'byoa',
  version: '1.2.3',
  description: 'd',
  license: 'MIT',
  repository: {},
  engines: {},
  publishConfig: { access: 'public', provenance: true },
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
};
const texts = { 'package.json': '{}', 'README.md': '', LICENSE: '', 'dist/index.js': '', 'dist/index.d.ts': '' };
const packed = { manifest, texts, machine: ['/home/somebody'] };
const crate = { manifest: { name: 'c', description: 'd', license: 'MIT', repository: 'r', rust_version: '1', dependencies: [{ name: 'd', path: '/d', req: '^1' }, { name: 'serde', req: '^1' }] }, published: ['c', 'd'], listed: ['src/lib.rs', 'a.json'], included: ['a.json'] };

test('what is ready has no fault', () => {
  assert.deepEqual([...versionFaults(versions), ...packageFaults(packed), ...crateFaults(crate)], []);
});

for (const [what, bent] of [
  ['a version that is none', { version: '1.2' }],
  ['another version of the npm package', { npm: { version: '1.2.4' } }],
  ['another version of a crate', { workspace: WORKSPACE.replace('1.2.3', '1.2.2') }],
  ['a crate without a version', { workspace: 'byoa-jwt = { path = "crates/jwt" }\n' }],
  ['a changelog that ends before', { changelog: '## 1.2.2 - 2026-01-01\n\n- x\n' }],
  ['a version that was released', { tags: 'v1.2.3' }],
]) {
  test(`${what} is a fault`, () => assert.equal(versionFaults({ ...versions, ...bent }).length, 1));
}

for (const [what, bent] of [
  ['a file of a test', { texts: { ...texts, 'dist/index.test.ts': '' } }],
  ['no licence', { without: 'LICENSE' }],
  ['scripts', { manifest: { ...manifest, scripts: {} } }],
  ['no provenance', { manifest: { ...manifest, publishConfig: { access: 'public' } } }],
  ['an entry that is not there', { manifest: { ...manifest, exports: './dist/none.js' } }],
  ['a path of this machine', { texts: { ...texts, 'dist/index.js': '// /home/somebody/src' } }],
]) {
  test(`a tarball with ${what} is a fault`, () => {
    const { without, ...rest } = bent;
    const input = { ...packed, ...rest };
    if (without) input.texts = Object.fromEntries(Object.entries(texts).filter(([name]) => name !== without));
    assert.equal(packageFaults(input).length, 1);
  });
}

for (const [what, bent] of [
  ['a dependency that is not published', { published: ['c'] }],
  ['a dependency of no version', { manifest: { ...crate.manifest, dependencies: [{ name: 'd', path: '/d', req: '*' }] } }],
  ['no description', { manifest: { ...crate.manifest, description: null } }],
  ['no library', { listed: ['a.json'] }],
  ['an included file that is left out', { included: ['../docs/openapi.json'] }],
]) {
  test(`a crate with ${what} is a fault`, () => assert.equal(crateFaults({ ...crate, ...bent }).length, 1));
}

test('a changelog is one by keepachangelog.com', () => {
  assert.deepEqual(changelogFaults('# Changelog\n\n## Unreleased\n\n### Added\n\n- x\n\n## 1.0.0 - 2026-01-31\n\n### Fixed\n\n- y\n'), []);
  for (const bad of ['# Changelog\n', '## Soon\n', '## Unreleased\n\n### New\n\n- x\n', '## Unreleased\n\n### Added\n\n## 1.0.0 - 2026-01-31\n']) {
    assert.equal(changelogFaults(bad).length, 1, bad);
  }
});
