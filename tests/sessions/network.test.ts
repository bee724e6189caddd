// A bad network costs requests and nothing else; only a definite refusal, an end or a sign-out ends a session.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import type { Fault } from '../support/faulty-proxy.ts';
import { until } from '../support/processes.ts';
import { AppTab, type World, logouts, startWorld } from './world.ts';

const LIFETIME_S = 4;

let world: World;
let driver: Driver;
let profile: Profile;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld({ sessionLifetimeS: LIFETIME_S }), launchDriver()]);
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

async function signedIn(): Promise<AppTab> {
  const tab = await AppTab.open(world, profile);
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
  return tab;
}

const refreshes = (status = 200) => world.proxy.of('refresh', status).length;

it('a session is refreshed by itself, before it ends', async () => {
  const tab = await signedIn();
  await until('three refreshes', () => refreshes() >= 3);
  expect(await logouts(tab)).toEqual([]);
  for (const { shownExp = 0, at } of world.proxy.of('refresh')) expect(shownExp * 1000).toBeGreaterThan(at);
  const { iat = 0, exp = 0 } = (await tab.token()) ?? {};
  expect(exp - iat).toBe(LIFETIME_S);
});

describe.each<[string, Fault]>([
  ['a connection that is cut', { kind: 'refuse' }],
  ['an answer that is lost', { kind: 'lose-answer' }],
  ['a server that answers 503', { kind: 'status', status: 503 }],
  ['a gateway that answers 401 without our code', { kind: 'status', status: 401 }],
  ['too many requests', { kind: 'status', status: 429 }],
])('%s', (_, fault) => {
  it('leaves the session alone, and the refresh is tried again', async () => {
    const tab = await signedIn();
    world.proxy.breakNext('refresh', fault);
    await until('a refresh that failed', () => world.proxy.of('refresh').some(({ fault: met }) => met === fault.kind));
    await until('one that did not', () => world.proxy.of('refresh').some(({ fault: met, status }) => !met && status === 200));
    await tab.shows('alice', ({ user }) => user === 'alice');
    expect(await logouts(tab)).toEqual([]);
  });
});

it('a network that is away for longer than a token lives loses nobody', async () => {
  const tab = await signedIn();
  world.proxy.breakWhere(() => ({ kind: 'refuse' }));
  await until('the token to be over', async () => (await tab.token()) === null);
  expect((await tab.state()).status).toBe('signedIn');
  world.proxy.mend();
  await tab.tab.run(() => void dispatchEvent(new Event('online')));
  await until('a token again', async () => (await tab.token()) !== null);
  expect(await logouts(tab)).toEqual([]);
  expect((await tab.refreshUser()).error).toBeNull();
});

it('a session that the server has revoked ends at the next refresh, with its reason', async () => {
  const tab = await signedIn();
  // With the session's own proof, but not by the client, which would know of it.
  await tab.tab.run(async (url) => {
    const { createFetch } = (await window.app.load('create-fetch')) as typeof import('../../pkg-template/src/create-fetch.ts');
    const call = createFetch({ origins: [new URL(url).origin] }, await window.app.core());
    await call(url, { method: 'POST' });
  }, world.server.url('revoke').replace(world.server.origin, world.proxy.origin));
  await tab.shows('nobody', ({ status }) => status === 'signedOut');
  expect(await logouts(tab)).toEqual(['session-revoked']);
});

it('signing in with the answer lost leaves nobody signed in, and works the next time', async () => {
  const tab = await AppTab.open(world, profile);
  world.proxy.breakNext('signin', { kind: 'lose-answer' });
  const { error } = await tab.signIn(world, 'alice');
  expect(error).toMatchObject({ code: 'network_error', retryable: true });
  expect((await tab.state()).status).toBe('signedOut');
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
});

it('signing out without a network is a sign-out here, also after a reload', async () => {
  const tab = await signedIn();
  world.proxy.breakWhere(() => ({ kind: 'refuse' }));
  await tab.logout();
  expect((await tab.state()).status).toBe('signedOut');
  await tab.reload();
  expect((await tab.state()).status).toBe('signedOut');
});
