import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { ByoaServer } from '../support/byoa-server.ts';
import { freePorts, scratch, undoing } from '../support/processes.ts';

const undo = undoing();
let server: ByoaServer;
let browser: Browser;
let operations: string[];

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  const [port] = (await freePorts(1)) as [number];
  server = new ByoaServer(port, folder.path);
  await server.start();
  undo.add(() => server.stop());
  browser = await launchBrowser();
  undo.add(() => browser.close());
  const document = (await (await fetch(`${server.origin}/openapi.json`)).json()) as { paths: Record<string, Record<string, { operationId: string }>> };
  operations = Object.values(document.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
});
afterAll(undo.all);

async function open(options: Parameters<typeof openWatched>[1] = {}, fragment = '') {
  const watched = await openWatched(browser, { reducedMotion: 'reduce', ...options });
  onTestFinished(watched.close);
  await watched.page.goto(`${server.origin}/docs${fragment}`);
  await watched.page.getByRole('button', { name: 'Open all' }).waitFor();
  return watched;
}

describe('the page of the API', () => {
  it('shows every operation, says nothing on the console and asks nobody but the server', async () => {
    const { page, requests, said } = await open();
    expect(operations.length).toBeGreaterThan(30);
    const shown = await page.locator('.operation').evaluateAll((all) => all.map(({ id }) => id));
    expect(shown.sort()).toEqual([...operations].sort());
    expect(said).toEqual([]);
    const paths = requests.filter((url) => !url.startsWith('data:')).map((url) => new URL(url));
    expect(new Set(paths.map(({ origin }) => origin))).toEqual(new Set([server.origin]));
    expect(paths.map(({ pathname }) => pathname).sort()).toEqual(['/docs', '/docs/page.css', '/docs/page.js', '/openapi.json']);
  });

  it('is read and searched with the keyboard alone', async () => {
    const { page } = await open({ viewport: { width: 1280, height: 900 } });
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the operations');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('revoke sessions:write');
    await page.getByText('3 found').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('.operation[open]').count()).toBe(1);
  });

  it('opens what its address names', async () => {
    const { page } = await open({}, '#signIn');
    await page.locator('#signIn').getByText('invalid_external_auth').first().waitFor();
    await page.locator('#signIn').getByRole('link', { name: 'VerifyResponse' }).first().click();
    await page.locator('#schema-VerifyResponse').getByText('minifiedJwt').waitFor();
  });

  it.each([
    ['a desk, light', { width: 1280, height: 900 }, 'light'],
    ['a desk, dark', { width: 1280, height: 900 }, 'dark'],
    ['a phone, light', { width: 360, height: 740 }, 'light'],
    ['a phone, dark', { width: 390, height: 844 }, 'dark'],
  ] as const)('has nothing wrong by axe and does not scroll sideways on %s', async (_, viewport, colorScheme) => {
    // axe is put in from outside, which the page's own policy rightly forbids.
    const { page } = await open({ viewport, colorScheme, bypassCSP: true }, '#signIn');
    for (const id of ['listUsers', 'schema-SdkUser']) await page.locator(`#${id} > summary`).click();
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))).toEqual([]);
    await page.getByRole('button', { name: 'Open all' }).click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
  });
});
