// A record that somebody else wrote, or that is gone, costs what was to be remembered and nothing else.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { until } from '../support/processes.ts';
import { AppTab, type World, startWorld } from './world.ts';

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

describe.each([
  ['no JSON', '{"version":'],
  ['of another shape', '{"hello":"world"}'],
  ['of a version to come', '{"version":999,"session":{"user":{"id":"x"}}}'],
  ['that would change prototypes', '{"version":1,"session":{"__proto__":{"user":1}}}'],
  ['of megabytes', 'x'.repeat(2_000_000)],
])('a record that is %s', (_, record) => {
  it('is no session, and does not stop a sign-in', async () => {
    const tab = await AppTab.open(world, profile);
    await tab.signIn(world, 'alice');
    await tab.tab.run((text) => {
      for (const key of Object.keys(localStorage).filter((one) => one.startsWith('byoa'))) localStorage.setItem(key, text);
    }, record);
    await tab.reload();
    expect(await tab.tab.run(() => window.app.startFailure)).toBeNull();
    expect((await tab.signIn(world, 'alice')).error).toBeNull();
    await tab.reload();
    expect((await tab.state()).user).toBe('alice');
    expect(await tab.uncaught()).toEqual([]);
  });
});

it('a storage that is wiped while the page is open is no reason to fail', async () => {
  const tab = await AppTab.open(world, profile);
  await tab.signIn(world, 'alice');
  await tab.tab.run(() => localStorage.clear());
  expect((await tab.refreshUser()).error).toBeNull();
  expect(await tab.uncaught()).toEqual([]);
});

it('a frame without an origin of its own starts, signs nobody in and says why', async () => {
  const tab = await profile.open(`${world.origin}/frame.html`);
  await until('the frame to report', () => tab.run(() => window.reports.length > 0));
  const [report] = (await tab.run(() => window.reports)) as [{ startFailure: unknown; state: { status: string }; signIn: { error: { code: string; message: string } }; uncaught: string[] }];
  expect(report.startFailure).toBeNull();
  expect(report.state.status).toBe('signedOut');
  expect(report.signIn.error.code).toBe('network_error');
  expect(report.signIn.error.message).toMatch(/allowed origin|origin/);
  expect(report.uncaught).toEqual([]);
});
