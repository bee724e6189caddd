// Sessions that are bound to a key of the browser, with the real server: what it takes, and what a thief has of it.
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ENVIRONMENT_ID } from '../support/byoa-server.ts';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { AppTab, type World, logouts, startWorld } from './world.ts';

let world: World;
let driver: Driver;
let profile: Profile;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld({}, { stepUp: ['user:update', 'user:delete'] }), launchDriver()]);
});
afterAll(async () => {
  await driver?.close();
  await world?.stop();
});
beforeEach(async () => {
  world.proxy.reset();
  profile = await driver.profile();
});
afterEach(() => profile.close());

const stored = (tab: AppTab) => tab.tab.run(() => JSON.stringify(localStorage));
const url = (operation: string) => `${world.proxy.origin}/api/v0/sdk/${ENVIRONMENT_ID}/${operation}`;

async function signedIn(opening = {}): Promise<AppTab> {
  const tab = await AppTab.open(world, profile, opening);
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
  return tab;
}

it('binds a sign-in to a key, and proves it with every call, also after a reload and in another tab', async () => {
  const tab = await signedIn();
  expect((await tab.state()).level).toBe('bound');
  expect((await tab.token())?.bound).toBe(true);
  for (const page of [tab, await AppTab.open(world, profile)]) {
    expect((await page.refreshUser()).error).toBeNull();
    expect((await page.refresh()).error).toBeNull();
    await page.reload();
    expect((await page.state()).level).toBe('bound');
    expect((await page.refreshUser()).error).toBeNull();
  }
  expect((await tab.logout()).error).toBeNull();
  expect((await tab.log()).filter(({ type }) => type === 'warning')).toEqual([]);
});

it('leaves a thief of localStorage with nothing', async () => {
  const tab = await signedIn();
  const loot = await stored(tab);
  const token = (await tab.tab.run(() => window.app.rawToken())) ?? '';

  const elsewhere = await driver.profile();
  const thief = await AppTab.open(world, elsewhere);
  await thief.tab.run((items) => Object.entries(JSON.parse(items) as Record<string, string>).forEach(([key, value]) => localStorage.setItem(key, value)), loot);
  await thief.reload();
  expect((await thief.refreshUser()).error?.code).toBe('unauthorized');
  expect((await thief.state()).status).toBe('signedOut');
  await elsewhere.close();

  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const proof = await new SignJWT({ htm: 'GET', htu: url('users'), jti: 'theft', iat: Math.floor(Date.now() / 1000) })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
    .sign(privateKey);
  const reasons = await Promise.all(
    [{ authorization: `Bearer ${token}` }, { authorization: `DPoP ${token}` }, { authorization: `DPoP ${token}`, dpop: proof }].map(async (headers) => {
      const answer = await fetch(url('users'), { headers: headers as Record<string, string> });
      const { payload } = (await answer.json()) as { payload: { additionalMessages: string[] } };
      return [answer.status, payload.additionalMessages[0]];
    }),
  );
  expect(reasons).toEqual([
    [401, 'dpop_scheme_missing'],
    [401, 'dpop_proof_missing'],
    [401, 'dpop_key_mismatch'],
  ]);
  expect((await tab.refreshUser()).error).toBeNull();
});

it('takes the nonce that comes with the settings, and asks for one where it has none', async () => {
  const tab = await AppTab.open(world, profile);
  const watched = (given: string) => tab.tab.run(async (jwt) => {
    const seen: string[] = [];
    const send = window.fetch;
    window.fetch = async (...given: Parameters<typeof fetch>) => {
      const answer = await send(...given);
      seen.push(`${new URL(answer.url).pathname.split('/').slice(5).join('/')} ${answer.status}`);
      return answer;
    };
    if (jwt) await window.app.signIn(jwt, 'alice');
    await window.app.refreshUser();
    return seen.filter((one) => !one.startsWith('settings'));
  }, given);
  expect(await watched(await world.jwt('alice'))).toEqual(['externalAuth/signin 200', 'users 200']);
  await tab.reload();
  expect(await watched('')).toEqual(['users 401', 'users 200']);
});

it('ends a session whose key was cleared away', async () => {
  const tab = await signedIn();
  await tab.tab.run(
    () =>
      new Promise<void>((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase('byoa');
        deleting.onsuccess = () => resolve();
        deleting.onerror = deleting.onblocked = () => reject(new Error('not deleted'));
      }),
  );
  // The page that has it open still signs with it.
  expect((await tab.refreshUser()).error).toBeNull();
  await tab.reload();
  expect((await tab.refreshUser()).error?.code).toBe('unauthorized');
  expect(await tab.state()).toMatchObject({ status: 'signedOut', reason: 'session-revoked' });
  expect(await stored(tab)).not.toContain('eyJ');
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
});

describe.each(['no-indexeddb', 'indexeddb-refuses', 'indexeddb-hangs', 'indexeddb-aborts'])('with %s', (condition) => {
  it('a sign-in is bound to a key that ends with the page, and says so', async () => {
    const tab = await signedIn({ with: [condition] });
    expect((await tab.state()).level).toBe('memory');
    expect((await tab.token())?.bound).toBe(true);
    expect((await tab.refreshUser()).error).toBeNull();
    expect((await tab.refresh()).error).toBeNull();
    expect(await stored(tab)).not.toContain('eyJ');
    expect(await tab.uncaught()).toEqual([]);
    await tab.reload();
    expect((await tab.state()).status).toBe('signedOut');
    expect(await logouts(tab)).toEqual([]);
  });
});

it.each(['no-indexeddb', 'indexeddb-refuses', 'indexeddb-hangs'])('does not end a session that was bound before: %s', async (condition) => {
  const before = await signedIn();
  await before.tab.close();
  const tab = await AppTab.open(world, profile, { with: [condition] });
  expect((await tab.update({ alias: 'Ada' })).error?.code).toBe('session_key_unavailable');
  expect((await tab.state()).status).toBe('signedIn');
  await tab.tab.close();
  const after = await AppTab.open(world, profile);
  expect((await after.refreshUser()).error).toBeNull();
});

it('signs in as a bearer where the page has no WebCrypto', async () => {
  const insecure = await launchDriver([`--host-resolver-rules=MAP ${new URL(world.insecureOrigin).hostname} 127.0.0.1`]);
  const tab = await AppTab.open(world, await insecure.profile(), { origin: world.insecureOrigin });
  expect(await tab.tab.run(() => crypto.subtle === undefined)).toBe(true);
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
  expect((await tab.state()).level).toBe('bearer');
  expect((await tab.refreshUser()).error).toBeNull();
  await insecure.close();
});

it('carries the session and its proof with createFetch, to the listed origin only', async () => {
  const tab = await signedIn();
  const statuses = await tab.tab.run(async ({ origin, own, other }) => {
    const { createFetch } = (await window.app.load('create-fetch')) as typeof import('../../pkg-template/src/create-fetch.ts');
    const core = await window.app.core();
    const call = createFetch({ origins: [origin] }, core);
    const elsewhere = createFetch({ origins: [other] }, core);
    const status = async (answer: Promise<Response>) => (await answer).status;
    return [await status(call(own)), await status(call(own)), await status(elsewhere(own))];
  }, { origin: world.proxy.origin, own: url('session'), other: 'https://api.example.com' });
  expect(statuses).toEqual([204, 204, 401]);
});

it('verifies its own token with the published keys, also without a network', async () => {
  const tab = await signedIn();
  const outcome = await tab.tab.run(async ({ environmentId, apiBaseUrl }) => {
    const { verifySessionToken } = (await window.app.load('claims')) as typeof import('../../pkg-template/src/claims.ts');
    const token = window.app.rawToken() ?? undefined;
    const check = { token, environmentId, apiBaseUrl, storage: localStorage };
    const first = await verifySessionToken(check);
    window.fetch = () => Promise.reject(new TypeError('offline'));
    const second = await verifySessionToken(check);
    const forged = token?.replace(/.$/, (last) => (last === 'A' ? 'g' : 'A')).replace(/\.[^.]+\./, `.${btoa('{"sub":"eve"}').replace(/=/g, '')}.`);
    const error = await verifySessionToken({ ...check, token: forged }).then(() => null, ({ reason }: { reason: string }) => reason);
    return { same: first.sub === second.sub, bound: first.cnf?.jkt.length, error };
  }, { environmentId: ENVIRONMENT_ID, apiBaseUrl: `${world.proxy.origin}/api/v0` });
  expect(outcome).toEqual({ same: true, bound: 43, error: 'jwt_signature_invalid' });
});

it('steps up for an operation that needs it, once for a single use', async () => {
  const tab = await signedIn();
  expect((await tab.update({ alias: 'Ada' })).error?.code).toBe('step_up_required');
  const jwt = (scope: string) => world.jwt('alice', { scope, jti: crypto.randomUUID() });
  const outcome = await tab.tab.run(async ({ update, remove }) => {
    const core = await window.app.core();
    const before = await core.checkStepUp({ scope: 'user:update' });
    await core.requestElevatedToken({ externalJwt: update });
    const after = await core.checkStepUp({ scope: 'user:update' });
    const updated = [await window.app.update({ alias: 'Ada' }), await window.app.update({ alias: 'Bea' })].map(({ error }) => error);
    await core.requestElevatedToken({ externalJwt: remove });
    const held = core.getElevatedAccessToken({ scope: 'user:delete', consume: false }) !== undefined;
    const storage = JSON.stringify({ ...localStorage, ...sessionStorage }).includes('elevated');
    await core.deleteUser();
    return { before: before.isRequired, after: after.isRequired, updated, held, storage };
  }, { update: await jwt('user:update'), remove: await jwt('user:delete') });
  expect(outcome).toEqual({ before: true, after: false, updated: [null, null], held: true, storage: false });
  expect(await tab.state()).toMatchObject({ status: 'signedOut', reason: 'user-deleted' });
});
