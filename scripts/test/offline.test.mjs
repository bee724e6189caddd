import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOffline } from '../lib/offline.mjs';

for (const output of [
  'warning: spurious network error: [6] Could not resolve hostname (Could not resolve host: example.org)',
  'npm error code EAI_AGAIN',
  "Temporary failure resolving 'example.org'",
  'Failed to connect to example.org port 443',
]) {
  test(`a missing network is told from "${output.slice(0, 40)}"`, () => assert.ok(isOffline(output)));
}

test('a compile error is not taken for a missing network', () => {
  assert.ok(!isOffline('error[E0433]: failed to resolve: use of undeclared crate or module `foo`'));
});
