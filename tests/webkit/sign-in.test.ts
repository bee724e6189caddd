// The whole way in WebKitGTK: the demo's page, its backend and the server, as `npm start` runs them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Demo, startDemo } from '../support/demo.ts';
import { type Driver, type Tab, launchDriver } from '../support/driver.ts';
import { until } from '../support/processes.ts';

let demo: Demo;
let driver: Driver;
let tab: Tab;

beforeAll(async () => {
  [demo, driver] = await Promise.all([startDemo(), launchDriver()]);
  tab = await (await driver.profile()).open(demo.pageUrl);
});
afterAll(async () => {
  await driver?.close();
  await demo?.stop();
});

const text = () => tab.run(() => document.body.innerText);
const says = (sentence: string) => until(`the page to say "${sentence}"`, async () => (await text()).includes(sentence));

/** Presses a button by its name, as soon as it can be pressed. */
const press = (name: string) =>
  until(`the button "${name}"`, () =>
    tab.run((wanted) => {
      const buttons = [...document.querySelectorAll('button')];
      const button = buttons.find((one) => one.innerText.trim() === wanted && one.getAttribute('aria-disabled') !== 'true');
      button?.click();
      return button !== undefined;
    }, name),
  );

const token = () => tab.run(() => JSON.stringify(localStorage).match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/)?.[0] ?? null);

it('is WebKit', async () => {
  expect(await tab.run(() => navigator.userAgent)).toMatch(/AppleWebKit\/.* Version\/.* Safari/);
});

it('signs in with a JWT of the app’s own backend', async () => {
  await press('Sign in at your backend');
  await press('signInWithExternalJwt()');
  await says('Signed in as alice');
  expect(await demo.server.session((await token()) ?? '')).toBe(204);
});

it('is signed in still after a reload', async () => {
  await tab.reload();
  await says('Signed in as alice');
});

it('signs out, on the server too', async () => {
  const before = (await token()) ?? '';
  await press('Sign out');
  await says('Signed out here and on the server');
  expect(await demo.server.session(before)).toBe(401);
  await tab.reload();
  await says('Nobody is signed in.');
});
