// A page over plain HTTP has no WebCrypto: it is told so, and gets a bearer session.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Driver, launchDriver } from '../support/driver.ts';
import { AppTab, INSECURE_HOST, type World, startWorld } from './world.ts';

let world: World;
let driver: Driver;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld(), launchDriver([`--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`])]);
});
afterAll(async () => {
  await driver?.close();
  await world?.stop();
});

it('signs in, refreshes and signs out with a bearer session where `crypto.subtle` is missing', async () => {
  const profile = await driver.profile();
  const tab = await AppTab.open(world, profile, { origin: world.insecureOrigin });
  expect(await tab.tab.run(() => [isSecureContext, typeof crypto.subtle, typeof navigator.locks])).toEqual([false, 'undefined', 'undefined']);
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
  expect((await tab.state()).level).toBe('bearer');
  expect((await tab.token())?.bound).toBe(false);
  expect((await tab.refresh()).error).toBeNull();
  const warning = (await tab.log()).find(({ type }) => type === 'warning') as { message?: string } | undefined;
  expect(warning?.message).toMatch(/HTTPS|secure/);
  expect((await tab.logout()).error).toBeNull();
  expect(await tab.uncaught()).toEqual([]);
  await profile.close();
});
