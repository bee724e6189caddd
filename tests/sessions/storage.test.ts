// Storage that is blocked or full costs what was to be remembered, and nothing else.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { AppTab, type Moment, type World, startWorld } from './world.ts';

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

const warnings = (log: readonly Moment[]) => log.filter(({ type }) => type === 'warning').map(({ code }) => code);

describe.each([
  ['blocked', 'no-storage'],
  ['full to the last byte', 'full-storage'],
] as const)('where storage is %s', (_, condition) => {
  it('a session lives in memory, with a warning, and everything works', async () => {
    const tab = await AppTab.open(world, profile, { with: [condition] });
    expect(await tab.tab.run(() => window.app.startFailure)).toBeNull();
    expect((await tab.signIn(world, 'alice')).error).toBeNull();
    expect((await tab.refresh()).error).toBeNull();
    expect((await tab.update({ firstName: 'Alice' })).error).toBeNull();
    expect((await tab.inspect())?.storage).toBe('memory');
    expect(warnings(await tab.log()).length).toBeGreaterThan(0);
    expect((await tab.logout()).error).toBeNull();
    expect((await tab.state()).status).toBe('signedOut');
    expect(await tab.uncaught()).toEqual([]);
  });
});
