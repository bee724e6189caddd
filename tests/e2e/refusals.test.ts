import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Witness, launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, signInOnPage, startDemo } from '../support/demo.ts';
import { CASES } from '../../www/src/refusals/cases.ts';

let demo: Demo;
let browser: Browser;
let witness: Witness;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
  witness = await openWatched(browser);
  await witness.page.goto(demo.pageUrl);
  await signInOnPage(witness.page);
  await witness.page.getByRole('button', { name: 'Run all' }).click();
  await witness.page.getByText(new RegExp(`^\\d+ of ${CASES.length} refused`)).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

it.each(CASES)('refuses: $title', async ({ bend, reason }) => {
  const row = witness.page.locator(`[data-bend="${bend}"]`);
  expect(await row.getAttribute('data-status')).toBe('refused');
  expect(await row.locator('.codes').textContent()).toBe(`invalid_external_auth ${reason}`);
  expect(await row.locator('.verdict > p:last-child').textContent()).toMatch(/\w{3,}/);
});

it('counts them all, and leaves the session alone', async () => {
  const { page } = witness;
  expect(await page.locator('.tally').textContent()).toBe(`${CASES.length} of ${CASES.length} refused`);
  expect(await page.locator('.status').textContent()).toBe('Signed in as alice');
});

it('tries one alone', async () => {
  const { page } = witness;
  await page.reload();
  await page.getByRole('button', { name: 'Try: alg: none' }).click();
  await page.getByText('1 of 1 refused').waitFor();
  expect(await page.locator('[data-bend="alg-none"] .verdict').textContent()).toContain('jwt_alg_not_allowed');
});

it('does not count a backend that is away as a refusal', async () => {
  const { page } = witness;
  await page.route(`${demo.issuerUrl}/token`, (route) => route.abort());
  await page.getByRole('button', { name: 'Try: Expired' }).click();
  await page.getByText('? No verdict').waitFor();
  expect(await page.locator('.tally').textContent()).toBe('1 of 2 refused, 1 without a verdict');
});
