import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, signInOnPage, startDemo } from '../support/demo.ts';

let demo: Demo;
let browser: Browser;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

async function open(options: Parameters<typeof openWatched>[1]): Promise<Page> {
  // axe is put in from outside, which the page's own policy rightly forbids.
  const { page, close } = await openWatched(browser, { reducedMotion: 'reduce', bypassCSP: true, ...options });
  onTestFinished(close);
  await page.goto(demo.pageUrl);
  await page.getByRole('radio', { name: 'Alice Moreau' }).waitFor();
  return page;
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

async function expectToFit(page: Page, width: number) {
  const tooWide = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth).map(({ outerHTML }) => outerHTML.slice(0, 200)));
  expect(tooWide).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
}

const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 900 };

describe.each([
  ['a desk, light', desk, 'light'],
  ['a desk, dark', desk, 'dark'],
  ['a phone, light', phone, 'light'],
  ['a phone, dark', phone, 'dark'],
] as const)('on %s', (_, viewport, colorScheme) => {
  it('nothing is wrong by axe, empty or full, and nothing scrolls sideways', async () => {
    const page = await open({ viewport, colorScheme });
    expect(await violations(page)).toEqual([]);
    await signInOnPage(page);
    await page.getByText('The whole UserProfile').click();
    await page.getByRole('button', { name: 'Run all' }).click();
    await page.getByText(/^\d+ of 14 refused/).waitFor();
    expect(await violations(page)).toEqual([]);
    await expectToFit(page, viewport.width);
  });

  it('the same holds for the page of the session, quiet or broken', async () => {
    const page = await open({ viewport, colorScheme });
    await page.goto(`${demo.pageUrl}/session.html`);
    await page.getByRole('button', { name: 'Sign in as Alice' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sign in as Alice' }).click();
    await page.getByText('has signed in alice').waitFor();
    await page.getByRole('button', { name: 'Drop the network' }).click();
    await page.getByRole('button', { name: 'Refresh five times at once' }).click();
    await page.getByText('POST refresh: not sent').waitFor();
    await page.getByRole('button', { name: 'A day ahead' }).click();
    expect(await violations(page)).toEqual([]);
    await expectToFit(page, viewport.width);
  });
});

describe('with the keyboard alone', () => {
  it('one can sign in, see a refusal and sign out', async () => {
    const page = await open({ viewport: desk });
    const { keyboard } = page;
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute('aria-label') ?? (element instanceof HTMLInputElement ? element.value : (element?.textContent ?? ''));
      });
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press('Tab');
        if ((await focused()).startsWith(name)) return;
      }
      throw new Error(`The Tab key does not reach "${name}".`);
    };

    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the demo');
    await tabTo('The session');
    await tabTo('alice');
    await keyboard.press('ArrowDown');
    await tabTo('RS256');
    await keyboard.press('ArrowRight');
    await tabTo('Sign in at your backend');
    await keyboard.press('Enter');
    await page.getByRole('article', { name: 'external JWT' }).waitFor();
    await tabTo('signInWithExternalJwt()');
    await keyboard.press('Space');
    await page.getByRole('article', { name: 'session token' }).waitFor();
    expect(await page.getByTestId('external-user-id').textContent()).toBe('bilal');
    expect(await page.getByRole('article', { name: 'external JWT' }).textContent()).toContain('ES256');

    await tabTo('Sign out');
    const signOut = page.getByRole('button', { name: 'Sign out' });
    expect(await signOut.evaluate((button) => getComputedStyle(button).outlineStyle)).toBe('solid');
    await tabTo('Try: Wrong audience');
    await keyboard.press('Enter');
    await page.getByText('1 of 1 refused').waitFor();
    await signOut.focus();
    await keyboard.press('Enter');
    await page.getByText('Signed out here and on the server').waitFor();
  });
});
