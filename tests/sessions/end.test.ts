// What cannot be refreshed any more ends, with its reason, in every tab.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Driver, launchDriver } from '../support/driver.ts';
import { AppTab, type World, logouts, startWorld } from './world.ts';

let world: World;
let driver: Driver;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld({ sessionLifetimeS: 3, refreshWindowS: 8 }), launchDriver()]);
});
afterAll(async () => {
  await driver?.close();
  await world?.stop();
});

it('a session ends when it cannot be refreshed any more', async () => {
  const profile = await driver.profile();
  const [one, other] = [await AppTab.open(world, profile), await AppTab.open(world, profile)];
  await one.signIn(world, 'alice');
  await other.shows('alice', ({ user }) => user === 'alice');
  for (const tab of [one, other]) {
    const { reason } = await tab.shows('nobody', ({ status }) => status === 'signedOut');
    expect(reason).toBe('expired');
    expect(await logouts(tab)).toEqual(['expired']);
    expect(await tab.token()).toBeNull();
  }
  expect(world.proxy.of('refresh', 200).length).toBeGreaterThan(1);
  await one.reload();
  expect((await one.state()).status).toBe('signedOut');
  await profile.close();
});
