import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtLeast, isInRange, versionIn } from '../lib/versions.mjs';

test('a version is found in what a tool prints', () => {
  assert.equal(versionIn('Chromium 156.0.8078.79 built on Debian 12'), '156.0.8078.79');
  assert.equal(versionIn('wasm-pack 0.15.1\n'), '0.15.1');
  assert.equal(versionIn(null), null);
});

test('versions are compared by number, not by text', () => {
  assert.ok(isAtLeast('0.10.0', '0.9.151'));
  assert.ok(!isAtLeast('0.9.99', '0.9.100'));
});

test('missing parts of a version count as zero', () => {
  assert.ok(isAtLeast('1.94.0', '1.94'));
  assert.ok(isAtLeast('20', '20.0.0'));
});

test('a range accepts any of its parts', () => {
  const range = '^20.19.0 || >=22.12.0';
  assert.ok(isInRange('20.20.2', range));
  assert.ok(isInRange('24.0.0', range));
  assert.ok(!isInRange('20.18.9', range));
  assert.ok(!isInRange('21.0.0', range));
  assert.ok(!isInRange('22.11.0', range));
});
