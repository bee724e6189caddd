import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crateVersion, isInstalled } from '../lib/lock-files.mjs';

const CARGO_LOCK = `
[[package]]
name = "wasm-bindgen"
version = "0.2.130"

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"
`;

const lock = (packages) => ({ packages: { '': { name: 'root' }, ...packages } });
const good = { version: '1.0.0', integrity: 'sha512-a' };

test('a crate is found by its whole name', () => {
  assert.equal(crateVersion(CARGO_LOCK, 'wasm-bindgen'), '0.2.130');
});

test('a crate that the lock does not name is an error', () => {
  assert.throws(() => crateVersion(CARGO_LOCK, 'bindgen'), /does not name/);
});

test('packages are installed when all are there as locked', () => {
  assert.ok(isInstalled(lock({ 'node_modules/a': good }), lock({ 'node_modules/a': good })));
});

test('an absent package means not installed', () => {
  assert.ok(!isInstalled(lock({ 'node_modules/a': good }), lock({})));
});

test('another version means not installed', () => {
  assert.ok(!isInstalled(lock({ 'node_modules/a': good }), lock({ 'node_modules/a': { ...good, version: '1.0.1' } })));
});

test('the same version with other contents means not installed', () => {
  assert.ok(!isInstalled(lock({ 'node_modules/a': good }), lock({ 'node_modules/a': { ...good, integrity: 'sha512-b' } })));
});

test("another platform's package may be absent", () => {
  assert.ok(isInstalled(lock({ 'node_modules/a': { ...good, optional: true } }), lock({})));
});
