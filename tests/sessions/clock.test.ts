// A clock that is wrong neither signs anybody out nor keeps a token past its end.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { until } from '../support/processes.ts';
import { AppTab, type World, logouts, startWorld } from './world.ts';

const LIFETIME_S = 4;
const DAY_MS = 86_400_000;

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

const refreshes = () => world.proxy.of('refresh', 200).length;
/** By a whole life at most: a busy machine is late by less, a wrong clock by a day. */
const allInTime = () => world.proxy.of('refresh').every(({ shownExp = 0, at }) => (shownExp + LIFETIME_S) * 1000 > at);

describe.each([
  ['a day behind', -DAY_MS],
  ['right', 0],
])('a clock that is %s', (_, clockOffMs) => {
  it('signs in, restores and refreshes in time, and the skew is learnt', async () => {
    const tab = await AppTab.open(world, profile, { clockOffMs });
    expect((await tab.signIn(world, 'alice')).error).toBeNull();
    expect(await tab.token()).not.toBeNull();
    const timeline = await tab.inspect();
    // `Date` and `iat` count whole seconds.
    expect(Math.abs((timeline?.skewMs ?? Number.NaN) + clockOffMs)).toBeLessThan(2_500);
    await until('two refreshes', () => refreshes() >= 2);
    expect(allInTime()).toBe(true);
    await tab.reload();
    expect((await tab.state()).user).toBe('alice');
    const before = refreshes();
    await until('two more', () => refreshes() >= before + 2);
    expect(allInTime()).toBe(true);
    expect(await logouts(tab)).toEqual([]);
    // No loop either: one refresh takes most of a lifetime.
    const [first, last] = [world.proxy.of('refresh')[0]?.at ?? 0, world.proxy.of('refresh').at(-1)?.at ?? 0];
    expect((last - first) / 1000 / (world.proxy.of('refresh').length - 1)).toBeGreaterThan(LIFETIME_S / 4);
  });
});

describe.each([
  ['ahead', DAY_MS],
  ['back', -DAY_MS],
])('a clock that is put a day %s while somebody is signed in', (_, by) => {
  it('changes nothing but the clock', async () => {
    const tab = await AppTab.open(world, profile);
    await tab.signIn(world, 'alice');
    await until('a refresh', () => refreshes() >= 1);
    await tab.stepClock(by);
    const before = refreshes();
    await until('two more', () => refreshes() >= before + 2);
    expect((await tab.state()).user).toBe('alice');
    expect(await logouts(tab)).toEqual([]);
    expect((await tab.refreshUser()).error).toBeNull();
  });
});

it('a `Date` that lies does not sign anybody out', async () => {
  const tab = await AppTab.open(world, profile);
  world.proxy.breakWhere(() => ({ kind: 'date', offMs: -DAY_MS }));
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
  await until('two refreshes', () => refreshes() >= 2);
  expect(await logouts(tab)).toEqual([]);
  expect((await tab.state()).user).toBe('alice');
});
