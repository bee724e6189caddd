// The tests that docs/SESSIONS.md names are there, under those names.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../lib/places.mjs';

const rows = readFileSync(join(root, 'docs', 'SESSIONS.md'), 'utf8').split('\n').filter((line) => /^\| .*\.test\.ts`/.test(line));

test('every promise of docs/SESSIONS.md names a test that is there', () => {
  assert.ok(rows.length > 10);
  for (const row of rows) {
    let text = '';
    for (const [, file, title] of row.matchAll(/`([\w.-]+\.test\.ts)`|\*([^*]+)\*/g)) {
      if (file) text = readFileSync(join(root, 'tests', 'sessions', file), 'utf8');
      else assert.ok(text.includes(title), `no test is called “${title}”`);
    }
  }
});
