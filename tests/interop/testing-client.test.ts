// @vitest-environment jsdom
// The built package with its real core, against the in-memory server: how an app tests more than one button.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { built } from '../support/processes.ts';

type Byoa = typeof import('../../pkg-template/src/index.ts');
type Testing = typeof import('../../pkg-template/src/testing/index.ts');

const { createDynamicClient, onEvent, refreshAuth, signInWithExternalJwt, updateUser, waitForClientInitialized } = (await import(built('pkg/dist/index.js', 'node scripts/build.mjs pkg'))) as Byoa;
const { createTestClock, createTestServer } = (await import(built('pkg/dist/testing/index.js', 'node scripts/build.mjs pkg'))) as Testing;

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

it('refreshes by itself while the test clock goes on, and ends when the server says that it was left alone', async () => {
  const clock = createTestClock();
  const restore = clock.install();
  const refreshing = await createTestServer({ now: clock.now, idleLimitSeconds: 600 });
  const away = refreshing.install();
  try {
    const client = createDynamicClient(refreshing.settings);
    clients.push(client);
    await signInWithExternalJwt(await refreshing.issuer.credentials('alice'), client);
    await clock.advance(5 * 60 * 60_000);
    expect(client.user?.externalUserId).toBe('alice');
    const refreshes = () => refreshing.requests.filter(({ operation, status }) => operation === 'refresh' && status === 200).length;
    // A first token of one hour, as the JWT has it, and then some of two.
    expect(refreshes()).toBeGreaterThanOrEqual(2);

    clock.jump(24 * 60 * 60_000);
    await clock.advance(60_000);
    expect(client.getSnapshot()).toMatchObject({ status: 'signedOut', reason: 'expired' });
  } finally {
    away();
    restore();
  }
});
