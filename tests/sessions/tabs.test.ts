// Several tabs of one app are one session.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { AppTab, type Opening, type Outcome, type World, logouts, startWorld } from './world.ts';

/** What a person takes for "at once". */
const AT_ONCE_MS = 250;

let world: World;
let driver: Driver;
let profile: Profile;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld(), launchDriver()]);
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

const open = (opening?: Opening) => AppTab.open(world, profile, opening);

/** How long after the call's end the other tab showed it. */
async function delay(tab: AppTab, done: Outcome, check: (moment: { status?: string | null; user?: string | null; firstName?: string | null }) => boolean) {
  const shown = (await tab.log()).filter(({ kind }) => kind === 'state').find((moment) => check(moment));
  return (shown?.at ?? Number.POSITIVE_INFINITY) - done.at;
}

describe.each([
  ['with every way to hear of another', []],
  ['without BroadcastChannel', ['no-broadcast']],
] as const)('tabs %s', (_, conditions) => {
  it('show at once what happens in one of them: a sign-in, a change of the user, a refresh, a sign-out', async () => {
    const [one, ...others] = [await open({ with: conditions }), await open({ with: conditions }), await open({ with: conditions })] as const;

    const signedIn = await one.signIn(world, 'alice');
    expect(signedIn.error).toBeNull();
    for (const other of others) {
      await other.shows('alice in the other tab', ({ user }) => user === 'alice');
      expect(await delay(other, signedIn, ({ user }) => user === 'alice')).toBeLessThan(AT_ONCE_MS);
      expect((await other.token())?.jti).toBe((await one.token())?.jti);
    }

    const updated = await one.update({ firstName: 'Alice' });
    expect(updated.error).toBeNull();
    for (const other of others) {
      await other.shows('the new name', ({ firstName }) => firstName === 'Alice');
      expect(await delay(other, updated, ({ firstName }) => firstName === 'Alice')).toBeLessThan(AT_ONCE_MS);
    }

    const before = (await one.token())?.jti;
    expect((await one.refresh()).error).toBeNull();
    const after = (await one.token())?.jti;
    expect(after).not.toBe(before);
    for (const other of others) {
      await other.shows('the new token', () => true);
      await expect.poll(async () => (await other.token())?.jti).toBe(after);
    }

    const gone = await one.logout();
    for (const other of others) {
      await other.shows('nobody', ({ status }) => status === 'signedOut');
      expect(await delay(other, gone, ({ status }) => status === 'signedOut')).toBeLessThan(AT_ONCE_MS);
      expect(await logouts(other)).toEqual(['user-intent']);
      expect(await other.token()).toBeNull();
    }
    for (const tab of [one, ...others]) {
      await tab.reload();
      expect((await tab.state()).status).toBe('signedOut');
      expect(await tab.uncaught()).toEqual([]);
    }
  });
});

it('a token that another tab has replaced fails no call', async () => {
  const [one, other] = [await open(), await open()];
  await one.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  await one.refresh();
  world.proxy.reset();
  expect((await other.refreshUser()).error).toBeNull();
  // Asked in the same moment, it may show the old one first.
  expect(world.proxy.of('users').map(({ status }) => status).at(-1)).toBe(200);
  expect(await logouts(other)).toEqual([]);
});

it('refreshes asked for in every tab at once cost the session one token', async () => {
  const tabs = [await open(), await open(), await open(), await open()];
  await tabs[0]?.signIn(world, 'alice');
  for (const tab of tabs) await tab.shows('alice', ({ user }) => user === 'alice');
  const outcomes = await Promise.all(tabs.map((tab) => tab.refresh()));
  expect(outcomes.map(({ error }) => error)).toEqual(outcomes.map(() => null));
  const newest = (await tabs[0]?.token())?.jti;
  for (const tab of tabs) await expect.poll(async () => (await tab.token())?.jti).toBe(newest);
  for (const tab of tabs) expect((await tab.refreshUser()).error).toBeNull();
});

it('the tab that signs in as somebody else takes the others along, and none mixes two users', async () => {
  const [one, other] = [await open(), await open()];
  await one.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  expect((await other.signIn(world, 'bob')).error).toBeNull();
  await one.shows('bob', ({ user }) => user === 'bob');
  expect((await one.token())?.sub).toBe((await other.token())?.sub);
  for (const tab of [one, other]) {
    const users = (await tab.log()).filter(({ status }) => status === 'signedIn').map(({ user }) => user);
    expect([...new Set(users)]).toEqual(['alice', 'bob']);
  }
  expect((await one.refreshUser()).value).toBe('bob');
});

it('a sign-out beats an answer that comes late', async () => {
  const [one, other] = [await open(), await open()];
  await one.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  let release = () => undefined as unknown;
  const released = new Promise((resolve) => (release = () => resolve(undefined)));
  world.proxy.breakNext('refresh', { kind: 'hold', until: released });
  const refreshing = other.tab.run(() => void ((window as unknown as { late: unknown }).late = window.app.refresh()));
  await refreshing;
  // A bound session's first answer may ask for another proof: held all the same.
  await expect.poll(() => world.proxy.of('refresh')[0]?.status).toBeDefined();
  await one.logout();
  await other.shows('nobody', ({ status }) => status === 'signedOut');
  release();
  const late = await other.tab.run(() => (window as unknown as { late: Promise<Outcome> }).late);
  expect(late.error?.code).toMatch(/superseded|not_signed_in|unauthorized/);
  for (const tab of [one, other]) {
    expect((await tab.state()).status).toBe('signedOut');
    await tab.reload();
    expect((await tab.state()).status).toBe('signedOut');
  }
});

it('two profiles have nothing in common', async () => {
  const stranger = await driver.profile();
  const [one, other] = [await open(), await AppTab.open(world, stranger)];
  await one.signIn(world, 'alice');
  await other.signIn(world, 'bob');
  await one.logout();
  expect((await other.state()).user).toBe('bob');
  expect((await other.refreshUser()).error).toBeNull();
  await stranger.close();
});

it('what tabs say to each other holds no byte of a token', async () => {
  const [one, other] = [await open({ with: ['spy'] }), await open({ with: ['spy'] })];
  await one.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  const tokens = [await one.tab.run(() => window.app.rawToken())];
  await other.refresh();
  tokens.push(await other.tab.run(() => window.app.rawToken()));
  await one.update({ firstName: 'Alice' });
  await one.logout();
  await other.shows('nobody', ({ status }) => status === 'signedOut');
  const said = [...(await one.tab.run(() => window.said)), ...(await other.tab.run(() => window.said))];
  expect(tokens.every((token) => token && token.length > 100)).toBe(true);
  for (const { message } of said) {
    for (const token of tokens) for (const part of token?.split('.') ?? []) expect(message).not.toContain(part.slice(0, 24));
    expect(message).not.toMatch(/eyJ/);
  }
});
