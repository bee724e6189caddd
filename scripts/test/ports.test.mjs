import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { checkPorts, demoPorts } from '../lib/ports.mjs';

test('the three ports follow each other', () => {
  assert.deepEqual(demoPorts('4700'), { page: 4700, issuer: 4701, server: 4702 });
});

for (const text of ['', '0', '-1', '65534', 'http', '47.5']) {
  test(`"${text}" is not taken for a port`, () => {
    assert.throws(() => demoPorts(text), /BYOA_PORT/);
  });
}

for (const host of ['127.0.0.1', '0.0.0.0']) {
  test(`a port in use at ${host} is named, with what needs it and the mend`, async () => {
    const holder = createServer().listen(0, host);
    await once(holder, 'listening');
    const { port } = holder.address();
    await assert.rejects(checkPorts({ issuer: port }), (error) => {
      assert.match(error.message, new RegExp(`Port ${port}, which the demo's issuer needs, is in use: run \`BYOA_PORT=\\d+ npm start\``));
      return true;
    });
    holder.close();
  });
}
