// The built package in Node against the real server: following a provider, and the functions' answers.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ByoaServer, ENVIRONMENT_ID } from '../support/byoa-server.ts';
import { TestIssuer } from '../support/issuer.ts';
import { built, freePorts, scratch, undoing, until } from '../support/processes.ts';

type Byoa = typeof import('../../pkg/dist/index.js');

const audience = 'interop';

const undo = undoing();
let byoa: Byoa;
let issuer: TestIssuer;
let server: ByoaServer;
let client: ReturnType<Byoa['createDynamicClient']>;
let sync: ReturnType<Byoa['syncExternalAuth']> | undefined;
let user: string | null;
let reasons: string[];

beforeAll(async () => {
  byoa = (await import(built('pkg/dist/index.js', 'node scripts/build.mjs pkg'))) as Byoa;
  const folder = scratch();
  undo.add(folder.remove);
  issuer = await TestIssuer.start(['ES256']);
  undo.add(issuer.stop);
  const [port] = (await freePorts(1)) as [number];
  server = new ByoaServer(port, folder.path);
  await server.createEnvironment({ stepUp: ['user:delete'], issuer: issuer.url, jwksUrl: issuer.jwksUrl, audience, allowedOrigins: ['http://localhost:5173'] });
  undo.add(() => server.stop());
  await server.start();
});
afterAll(undo.all);

beforeEach(() => {
  client = byoa.createDynamicClient({ environmentId: ENVIRONMENT_ID, coreConfig: { apiBaseUrl: server.apiBaseUrl }, storage: 'memory' });
  reasons = [];
  byoa.onEvent({ event: 'logout', listener: ({ reason }) => reasons.push(reason) }, client);
});
afterEach(() => {
  sync?.stop();
  client.close();
});

const jwtOf = (sub: string) => issuer.sign('ES256', { sub, audience });
const follow = (getExternalJwt: () => Promise<string | null>) => (sync = byoa.syncExternalAuth({ getExternalJwt }, client));
const is = (who: string | undefined, status: string) =>
  until(`${who} and ${status}, not ${client.user?.externalUserId} and ${JSON.stringify(sync?.getState())}`, () => client.user?.externalUserId === who && sync?.getState().status === status);

it('signs in, follows a switch of user by ending the first session on the server too, and signs out', async () => {
  user = 'alice';
  follow(async () => (user === null ? null : jwtOf(user)));
  await is('alice', 'synced');
  const alices = client.token ?? '';
  expect(await server.session(alices)).toBe(204);
  user = 'bob';
  sync?.resync();
  await is('bob', 'synced');
  expect([reasons, await server.session(alices)]).toEqual([['provider-signed-out'], 401]);
  const bobs = client.token ?? '';
  user = null;
  sync?.resync();
  await is(undefined, 'signedOut');
  expect([reasons.length, await server.session(bobs)]).toEqual([2, 401]);
});

it('shows why the server refuses a JWT, and signs in with the next one', async () => {
  let jwt = await issuer.sign('ES256', { sub: 'alice', audience: 'another app' });
  follow(async () => jwt);
  await is(undefined, 'retrying');
  expect(sync?.getState()).toMatchObject({ error: { code: 'invalid_external_auth', reason: 'jwt_aud_mismatch', status: 422 } });
  jwt = await jwtOf('alice');
  sync?.resync();
  await is('alice', 'synced');
});

it('stays paused after a sign-out here', async () => {
  follow(() => jwtOf('alice'));
  await is('alice', 'synced');
  await byoa.logout(client);
  await is(undefined, 'paused');
  expect(reasons).toEqual(['user-intent']);
});

it('answers as the published SDK does, and verifies the session token in the page', async () => {
  const answer = await byoa.signInWithExternalJwt({ externalJwt: await jwtOf('carol') }, client);
  expect(answer.user).toMatchObject({ projectEnvironmentId: ENVIRONMENT_ID, externalUserId: 'carol' });
  expect(answer.user.verifiedCredentials[0]).toMatchObject({ format: 'externalUser', publicIdentifier: 'carol' });
  expect(answer.expiresAt * 1000).toBeGreaterThan(Date.now());
  expect(client.token).toBe(answer.minifiedJwt);
  await expect(byoa.getClaims(client)).resolves.toMatchObject({ sub: answer.user.id, environment_id: ENVIRONMENT_ID });
  expect(await byoa.updateUser({ userFields: { alias: 'Carol' } }, client)).toBeUndefined();
  expect((await byoa.refreshUser(client)).alias).toBe('Carol');
  const refreshed = await byoa.refreshAuth(client);
  expect(refreshed.minifiedJwt).not.toBe(answer.minifiedJwt);
  // This environment wants a step-up for the deletion.
  const scope = 'user:delete';
  expect(await byoa.checkStepUpAuth({ scope }, client)).toMatchObject({ isRequired: true });
  await expect(byoa.deleteUser(client)).rejects.toMatchObject({ code: 'step_up_required', status: 403 });
  const externalJwt = await issuer.sign('ES256', { sub: 'carol', audience, claims: { scope, jti: crypto.randomUUID() } });
  const { elevatedAccessToken } = await byoa.requestExternalAuthElevatedToken({ externalJwt }, client);
  expect(byoa.getElevatedAccessToken({ scope, consume: false }, client)).toBe(elevatedAccessToken);
  expect(await byoa.checkStepUpAuth({ scope }, client)).toMatchObject({ isRequired: false });
  await byoa.deleteUser(client);
  expect(client.getSnapshot()).toEqual({ status: 'signedOut', reason: 'user-deleted' });
});
