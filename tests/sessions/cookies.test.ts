// Sessions in a cookie, and an external JWT in one, with the real server: no script sees a token.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Driver, launchDriver } from '../support/driver.ts';
import { AppTab, type World, startWorld } from './world.ts';

let world: World;
let driver: Driver;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld({}, { options: ['--session-cookie', '--cookie-name', 'external'] }), launchDriver()]);
});
afterAll(async () => {
  await driver?.close();
  await world?.stop();
});

it('signs in, goes on and ends without a token that a script could read', async () => {
  const profile = await driver.profile();
  const tab = await AppTab.open(world, profile);
  expect((await tab.signIn(world, 'alice')).error).toBeNull();
  expect(await tab.state()).toMatchObject({ status: 'signedIn', user: 'alice', level: 'bearer' });
  for (const again of [false, true]) {
    if (again) await tab.reload();
    expect((await tab.refreshUser()).error).toBeNull();
    expect((await tab.update({ firstName: 'Ada' })).error).toBeNull();
    expect((await tab.refresh()).error).toBeNull();
    expect(await tab.tab.run(() => [window.app.rawToken(), `${JSON.stringify(localStorage)}${document.cookie}`.includes('eyJ')])).toEqual([null, false]);
  }
  expect((await tab.logout()).error).toBeNull();
  expect((await tab.log()).filter(({ type }) => type === 'warning')).toEqual([]);
  await profile.close();
});

it('signs in with the external JWT of the cookie, and with none where there is none', async () => {
  const profile = await driver.profile();
  const tab = await AppTab.open(world, profile);
  const signIn = (jwt: string) =>
    tab.tab.run(async (value) => {
      // For every port of this host, as a cookie of a parent domain is for the hosts below it.
      if (value) document.cookie = `external=${value}; path=/; SameSite=Lax`;
      const core = await window.app.core();
      return core.externalAuth().signInWithExternalJwt({}).then(
        ({ externalUserId }) => externalUserId ?? null,
        ({ reason }: { reason?: string }) => reason ?? null,
      );
    }, jwt);
  expect(await signIn('')).toBe('jwt_missing');
  expect(await signIn(await world.jwt('bob'))).toBe('bob');
  await profile.close();
});
