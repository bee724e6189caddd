// The demo's second page: what it shows of a session, and what its switches do to it.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, startDemo } from '../support/demo.ts';

let demo: Demo;
let browser: Browser;
let page: Page;
let said: string[];

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});
beforeEach(async () => {
  const watched = await openWatched(browser);
  ({ page, said } = watched);
  onTestFinished(watched.close);
  await page.goto(`${demo.pageUrl}/session.html`);
});

const press = (name: string) => page.getByRole('button', { name }).click();
const signedIn = async () => {
  await press('Sign in as Alice');
  await status('Signed in as alice').waitFor();
};
const status = (text: string) => page.locator('.status', { hasText: text });
const log = () => page.getByRole('log');

it('shows when the session was issued, is refreshed and ends', async () => {
  await page.getByText('No session. Sign in to see its times.').waitFor();
  await signedIn();
  for (const name of ['Issued', 'Next refresh', 'Ends']) {
    expect(await page.locator('.moment', { hasText: name }).textContent()).toMatch(/\d\d:\d\d:\d\d/);
  }
  expect(await page.locator('.facts').textContent()).toContain('none: both clocks agree');
  expect(await page.locator('.facts').textContent()).toContain('localStorage');
  expect(said).toEqual([]);
});

it('shows the tabs, and that they hold the same token', async () => {
  await signedIn();
  const other = await page.context().newPage();
  await other.goto(`${demo.pageUrl}/session.html`);
  await other.locator('.status', { hasText: 'Signed in as alice' }).waitFor();
  await page.getByText('Tab 2').waitFor();
  const tokens = await page.locator('.tab code').allTextContents();
  expect(tokens).toHaveLength(2);
  expect(new Set(tokens).size).toBe(1);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await status('Signed out').waitFor();
  await log().getByText('has ended the session: user-intent').waitFor();
  await other.close();
  await expect.poll(() => page.locator('.tab').count()).toBe(1);
});

it('says what the client does about a network that is gone, and that the session stays', async () => {
  await signedIn();
  await press('Drop the network');
  await press('Refresh five times at once');
  await log().getByText('POST refresh: not sent').waitFor();
  expect(await status('Signed in as alice').isVisible()).toBe(true);
  await press('Drop the network');
  await press('Refresh five times at once');
  await log().getByText('POST refresh: 200').first().waitFor();
});

it('says what the client does about a clock that is stepped, and that the session stays', async () => {
  await signedIn();
  await press('A day ahead');
  await press('Refresh five times at once');
  await page.getByText('the server is 1 d behind this page').waitFor();
  expect(await status('Signed in as alice').isVisible()).toBe(true);
});

it('says what the client does about a storage that is blocked', async () => {
  await press('Block the storage');
  await signedIn();
  await log().getByText('warns:').first().waitFor();
  expect(await page.locator('.facts').textContent()).toContain('memory');
});
