// A tab that sleeps, freezes, waits in the back-forward cache or dies. Only Chromium lets a test do that to one.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ChromiumTab, launchChromium } from '../support/driver.ts';
import { until } from '../support/processes.ts';
import { AppTab, type World, logouts, startWorld } from './world.ts';

const LIFETIME_S = 4;
const AT_ONCE_MS = 250;

let world: World;
let browser: Awaited<ReturnType<typeof launchChromium>>;
let profile: Awaited<ReturnType<(typeof browser)['profile']>>;

beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld({ sessionLifetimeS: LIFETIME_S }), launchChromium([], { bfcache: true })]);
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});
beforeEach(async () => {
  world.proxy.reset();
  profile = await browser.profile();
});
afterEach(() => profile.close());

const open = () => AppTab.open(world, profile);
const raw = (tab: AppTab) => tab.tab as ChromiumTab;

/** Stops a tab's timers and tasks, as a sleeping machine or a browser that saves memory does. @returns what wakes it */
async function freeze(tab: AppTab) {
  const cdp = await raw(tab).cdp();
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  return () => cdp.send('Page.setWebLifecycleState', { state: 'active' });
}

async function untilOver(expSeconds: number | undefined) {
  await until('the token to be over', () => Date.now() > ((expSeconds ?? 0) + 1) * 1000);
}

it('a tab that slept past the end of its token goes on when it wakes', async () => {
  const tab = await open();
  await tab.signIn(world, 'alice');
  const { exp } = (await tab.token()) ?? {};
  const wake = await freeze(tab);
  await untilOver(exp);
  const before = world.proxy.of('refresh').length;
  await wake();
  await until('a token again', async () => ((await tab.token())?.exp ?? 0) * 1000 > Date.now());
  expect((await tab.state()).user).toBe('alice');
  expect(await logouts(tab)).toEqual([]);
  expect(world.proxy.of('refresh').length - before).toBeLessThanOrEqual(2);
  expect((await tab.refreshUser()).error).toBeNull();
});

it('a machine that slept, all its tabs at once, goes on with one token', async () => {
  const tabs = [await open(), await open(), await open(), await open()];
  await tabs[0]?.signIn(world, 'alice');
  for (const tab of tabs) await tab.shows('alice', ({ user }) => user === 'alice');
  const { exp } = (await tabs[0]?.token()) ?? {};
  const wakes = await Promise.all(tabs.map(freeze));
  await untilOver(exp);
  const [before] = [...world.proxy.rotations().values(), 0];
  await Promise.all(wakes.map((wake) => wake()));
  for (const tab of tabs) await until('a token again', async () => ((await tab.token())?.exp ?? 0) * 1000 > Date.now());
  for (const tab of tabs) expect(await logouts(tab)).toEqual([]);
  expect(([...world.proxy.rotations().values()][0] ?? 0) - (before ?? 0)).toBeLessThanOrEqual(2);
});

it('a tab that was frozen while another signed out shows it when it wakes, and brings nothing back', async () => {
  const [one, frozen] = [await open(), await open()];
  await one.signIn(world, 'alice');
  await frozen.shows('alice', ({ user }) => user === 'alice');
  const wake = await freeze(frozen);
  await one.logout();
  const woken = performance.timeOrigin + performance.now();
  await wake();
  await frozen.shows('nobody', ({ status }) => status === 'signedOut');
  const shown = (await frozen.log()).find(({ kind, status }) => kind === 'state' && status === 'signedOut');
  const loaded = (await frozen.log())[0];
  const signedOut = (await frozen.log()).filter(({ kind, status }) => kind === 'state' && status === 'signedOut').at(-1) ?? shown;
  expect(loaded).toBeDefined();
  expect((signedOut?.at ?? Number.POSITIVE_INFINITY) - woken).toBeLessThan(AT_ONCE_MS);
  await one.reload();
  expect((await one.state()).status).toBe('signedOut');
});

it('a tab that was frozen while another signed in as somebody else follows', async () => {
  const [one, frozen] = [await open(), await open()];
  await one.signIn(world, 'alice');
  await frozen.shows('alice', ({ user }) => user === 'alice');
  const wake = await freeze(frozen);
  await one.logout();
  await one.signIn(world, 'bob');
  await wake();
  await frozen.shows('bob', ({ user }) => user === 'bob');
  expect((await frozen.token())?.sid).toBe((await one.token())?.sid);
});

it('a page that comes back from the back-forward cache knows what happened meanwhile', async () => {
  const [one, other] = [await open(), await open()];
  await one.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  await one.tab.run(() => addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted })));
  const { page } = raw(one);
  await page.goto(`${world.origin}/elsewhere.html`);
  await other.logout();
  await page.goBack({ waitUntil: 'commit' });
  await one.ready();
  await one.shows('nobody', ({ status }) => status === 'signedOut');
  // Kept: the client must not be what keeps a page out of the cache.
  expect(await one.tab.run(() => (window as unknown as { persisted?: boolean }).persisted)).toBe(true);
});

it('a tab that dies in the middle of a refresh takes nobody along', async () => {
  const [dying, other] = [await open(), await open()];
  await dying.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  let release = () => undefined as unknown;
  world.proxy.breakNext('refresh', { kind: 'hold', until: new Promise((resolve) => (release = () => resolve(undefined))) });
  await dying.tab.run(() => void window.app.refresh());
  await until('the refresh to be answered', () => world.proxy.of('refresh').some(({ tokenId }) => tokenId !== undefined));
  await dying.tab.kill();
  release();
  expect((await other.refreshUser()).error).toBeNull();
  await until('the other tab to have gone on', () => world.proxy.of('refresh', 200).length >= 2);
  expect((await other.state()).user).toBe('alice');
  expect(await logouts(other)).toEqual([]);
});

it('a browser that was offline refreshes as soon as it is online', async () => {
  const tab = await open();
  await tab.signIn(world, 'alice');
  const { exp } = (await tab.token()) ?? {};
  await profile.context.setOffline(true);
  await untilOver(exp);
  await until('a refresh to have failed', async () => (await tab.log()).some(({ type }) => type === 'sessionRefreshFailed'));
  expect((await tab.state()).user).toBe('alice');
  await profile.context.setOffline(false);
  await until('a token again', async () => (await tab.token()) !== null);
  expect(await logouts(tab)).toEqual([]);
});
