import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the demo server answers a path that no file can have, and goes on', async () => {
  const dist = mkdtempSync(join(tmpdir(), 'byoa-serve-'));
  writeFileSync(join(dist, 'index.html'), 'the page');
  writeFileSync(join(dist, 'main.js'), 'the script');
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address();
  holder.close();
  await once(holder, 'close');
  const script = fileURLToPath(new URL('../../www/serve.mjs', import.meta.url));
  const server = spawn(process.execPath, [script, '--port', String(port), '--dist', dist], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(server.stdout, 'data');
    const statusOf = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    for (const path of ['/%00', '/main.js/x', '/%ff', `/${'x'.repeat(5000)}`]) assert.equal(await statusOf(path), 404, path.slice(0, 20));
    assert.equal(await statusOf('/'), 200);
    assert.equal(await statusOf('/main.js'), 200);
    assert.equal(server.exitCode, null);
  } finally {
    server.kill();
  }
});
