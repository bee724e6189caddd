// Takes the picture of the README, and others to look at when the page changes: `npm run screenshots`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, signInOnPage, startDemo } from '../support/demo.ts';
import { root } from '../support/processes.ts';

const picture = join(root, 'docs/images/demo.png');
const others = join(root, 'target/screenshots');
let demo: Demo;
let browser: Browser;

beforeAll(async () => {
  // The ports that `npm start` takes, as they are in the picture.
  [demo, browser] = await Promise.all([startDemo({ ports: [4600, 4601, 4602] }), launchBrowser()]);
  for (const folder of [others, join(picture, '..')]) mkdirSync(folder, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

it.each([
  ['light', { width: 1280, height: 900 }, 'light'],
  ['dark', { width: 1280, height: 900 }, 'dark'],
  ['phone', { width: 360, height: 740 }, 'light'],
  ['phone-dark', { width: 360, height: 740 }, 'dark'],
] as const)('%s', async (name, viewport, colorScheme) => {
  const { page, close } = await openWatched(browser, { viewport, colorScheme, reducedMotion: 'reduce' });
  await page.goto(demo.pageUrl);
  await page.getByRole('radio', { name: 'Alice Moreau' }).waitFor();
  await page.screenshot({ path: join(others, `${name}-empty.png`), fullPage: true });
  await signInOnPage(page);
  if (name === 'light') {
    await page.evaluate(() => scrollTo(0, 0));
    const box = await page.getByRole('article', { name: 'external JWT' }).boundingBox();
    const height = (box?.y ?? 0) + (box?.height ?? 0) + 40;
    await page.screenshot({ path: picture, clip: { x: 0, y: 0, width: viewport.width, height }, fullPage: true });
  }
  await page.getByRole('button', { name: 'Run all' }).click();
  await page.getByText(/^\d+ of 14 refused/).waitFor();
  await page.screenshot({ path: join(others, `${name}.png`), fullPage: true });
  await close();
});

it.each([
  ['session', { width: 1280, height: 900 }, 'light'],
  ['session-dark', { width: 1280, height: 900 }, 'dark'],
  ['session-phone', { width: 390, height: 844 }, 'light'],
  ['session-phone-dark', { width: 390, height: 844 }, 'dark'],
] as const)('%s', async (name, viewport, colorScheme) => {
  const { page, close } = await openWatched(browser, { viewport, colorScheme, reducedMotion: 'reduce' });
  await page.goto(`${demo.pageUrl}/session.html`);
  await page.getByRole('button', { name: 'Sign in as Alice' }).waitFor();
  await page.screenshot({ path: join(others, `${name}-empty.png`), fullPage: true });
  await page.getByRole('button', { name: 'Sign in as Alice' }).click();
  const other = await page.context().newPage();
  await other.goto(`${demo.pageUrl}/session.html`);
  await page.getByText('Tab 2').waitFor();
  await page.getByRole('button', { name: 'Drop the network' }).click();
  await page.getByRole('button', { name: 'Refresh five times at once' }).click();
  await page.getByRole('button', { name: 'A day ahead' }).click();
  await page.getByRole('button', { name: 'Block the storage' }).click();
  await page.getByText('POST refresh: not sent').first().waitFor();
  await page.screenshot({ path: join(others, `${name}.png`), fullPage: true });
  await close();
});
