// @vitest-environment jsdom
// The built package with its real core, against the in-memory server: how an app tests more than one button.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { built } from '../support/processes.ts';

type Byoa = typeof import('../../pkg-template/src/index.ts');
type Testing = typeof import('../../pkg-template/src/testing/index.ts');

const { createDynamicClient, onEvent, refreshAuth, signInWithExternalJwt, updateUser, waitForClientInitialized } = (await import(built('pkg/dist/index.js', 'node scripts/build.mjs pkg'))) as Byoa;
const { createTestServer } = (await import(built('pkg/dist/testing/index.js', 'node scripts/build.mjs pkg'))) as Testing;

let server: Awaited<ReturnType<Testing['createTestServer']>>;
let uninstall: () => void;
const clients: { close(): void }[] = [];

beforeEach(async () => {
  server = await createTestServer({ allowedOrigins: [location.origin] });
  uninstall = server.install();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  uninstall();
  localStorage.clear();
});

function open() {
  const client = createDynamicClient(server.settings);
  clients.push(client);
  return client;
}

it('signs in, changes, refreshes and restores with the real client', async () => {
  const client = open();
  const { user } = await signInWithExternalJwt(await server.issuer.credentials('alice'), client);
  expect(user).toMatchObject({ externalUserId: 'alice', newUser: true });
  await updateUser({ userFields: { alias: 'Alice' } }, client);
  await refreshAuth(client);
  expect(client.user?.alias).toBe('Alice');
  client.close();

  const next = open();
  await waitForClientInitialized(next);
  expect(next.user?.externalUserId).toBe('alice');
});

it('is told why a JWT is refused', async () => {
  const signingIn = signInWithExternalJwt(await server.issuer.credentials('alice', { claims: { aud: 'another' } }), open());
  await expect(signingIn).rejects.toMatchObject({ code: 'invalid_external_auth', reason: 'jwt_aud_mismatch', status: 422 });
});

it('loses its session where an administrator ends it', async () => {
  const client = open();
  await signInWithExternalJwt(await server.issuer.credentials('alice'), client);
  const ended = new Promise((resolve) => onEvent({ event: 'logout', listener: resolve }, client));
  server.endSessions('alice');
  await expect(refreshAuth(client)).rejects.toMatchObject({ code: 'unauthorized' });
  expect(await ended).toEqual({ reason: 'session-revoked' });
});
