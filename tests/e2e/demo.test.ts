import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Witness, launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, signInOnPage, startDemo, storedTokens } from '../support/demo.ts';
import { built, scratch } from '../support/processes.ts';

let demo: Demo;
let browser: Browser;
let witness: Witness;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});
beforeEach(async () => {
  witness = await openWatched(browser);
  await witness.page.goto(demo.pageUrl);
});
afterEach(() => witness.close());

describe('signing in', () => {
  it.each([
    ['Alice Moreau', 'RS256', 'alice'],
    ['Chiyo Tanaka', 'ES256', 'chiyo'],
  ])('shows the profile of %s with %s', async (name, alg, id) => {
    const { page, said } = witness;
    await signInOnPage(page, name, alg);
    expect(await page.getByTestId('external-user-id').textContent()).toBe(id);
    expect(await page.locator('.status').textContent()).toBe(`Signed in as ${id}`);
    expect(said).toEqual([]);
  });

  it('knows the same person again', async () => {
    const { page } = witness;
    await signInOnPage(page, 'Bilal Haddad');
    const first = await page.getByTestId('user-id').textContent();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Nobody is signed in.').waitFor();
    await signInOnPage(page, 'Bilal Haddad', 'ES256');
    expect(await page.getByTestId('user-id').textContent()).toBe(first);
    expect(await page.getByText('Known before this sign-in').isVisible()).toBe(true);
  });

  it('asks no host but the three that are configured', async () => {
    await signInOnPage(witness.page);
    const origins = new Set(witness.requests.map((url) => new URL(url).origin));
    expect([...origins].sort()).toEqual([demo.pageUrl, demo.issuerUrl, demo.server.origin].sort());
    expect(witness.requests.filter((url) => url.endsWith('.wasm'))).toEqual([]);
  });

  it('keeps the external JWT out of the storage, the console and every URL', async () => {
    const { page, said, requests } = witness;
    const issued = page.waitForResponse(`${demo.issuerUrl}/token`);
    await signInOnPage(page);
    const { externalJwt } = (await (await issued).json()) as { externalJwt: string };
    const [, claims] = externalJwt.split('.') as [string, string];
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
    for (const place of [stored, ...said, ...requests]) expect(place).not.toContain(claims);
    expect((await storedTokens(page)).length).toBeGreaterThan(0);
  });

  it('says what to do when the backend does not answer, and goes on when it does', async () => {
    const { page } = witness;
    await page.route(`${demo.issuerUrl}/**`, (route) => route.abort());
    await page.reload();
    await page.getByText(`Your backend does not answer at ${demo.issuerUrl}. Start it with npm start, then try again.`).waitFor();
    await page.unroute(`${demo.issuerUrl}/**`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('radio', { name: 'Alice Moreau' }).waitFor();
  });

  it('says so when byoa-server does not answer', async () => {
    const { page } = witness;
    await page.route(`${demo.server.origin}/**`, (route) => route.abort());
    await page.getByRole('button', { name: 'Sign in at your backend' }).click();
    await page.getByRole('button', { name: 'signInWithExternalJwt()' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('network_error');
  });
});

describe('a session', () => {
  it('survives a reload, without asking the server before it is shown', async () => {
    const { page, requests } = witness;
    await signInOnPage(page);
    // The server may as well be away.
    await page.route(`${demo.server.origin}/**`, (route) => route.abort());
    requests.length = 0;
    await page.reload();
    await page.getByRole('article', { name: 'session token' }).waitFor();
    expect(await page.getByTestId('external-user-id').textContent()).toBe('alice');
    expect(requests.filter((url) => url.startsWith(demo.server.origin))).toEqual([]);
  });

  it('is revoked on the server by signing out', async () => {
    const { page } = witness;
    await signInOnPage(page);
    const [token] = (await storedTokens(page)).filter((jwt) => decodeJwt(jwt)['sid']);
    expect(await demo.server.session(token ?? '')).toBe(204);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out here and on the server').waitFor();
    expect(await demo.server.session(token ?? '')).toBe(401);
    expect(await storedTokens(page)).toEqual([]);
    await page.reload();
    await page.getByText('Nobody is signed in.').waitFor();
  });

  it('ends here and says so when the server cannot be told', async () => {
    const { page } = witness;
    await signInOnPage(page);
    await demo.server.stop();
    try {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('Signed out here, but the server could not be told.').waitFor();
      expect(await storedTokens(page)).toEqual([]);
      await page.reload();
      await page.getByText('Nobody is signed in.').waitFor();
    } finally {
      await demo.server.start();
    }
  });

  it('outlives a restart of the server', async () => {
    const { page } = witness;
    await signInOnPage(page);
    const [token] = (await storedTokens(page)).filter((jwt) => decodeJwt(jwt)['sid']);
    await demo.server.stop();
    await demo.server.start();
    expect(await demo.server.session(token ?? '')).toBe(204);
  });
});

describe('the page', () => {
  it('stays within its content security policy', async () => {
    const { page, said } = witness;
    const response = await page.reload();
    expect(response?.headers()['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval';");
    await signInOnPage(page);
    expect(said.filter((text) => /content security policy/i.test(text))).toEqual([]);
  });

  it('signs in under a policy that forbids WebAssembly, with the core in JavaScript', async () => {
    const folder = scratch();
    onTestFinished(folder.remove);
    cpSync(built('www/dist', 'node scripts/build.mjs demo'), folder.path, { recursive: true });
    const file = join(folder.path, 'index.html');
    // A second policy: what it does not allow is forbidden, whatever the first says.
    const policy = `<meta http-equiv="content-security-policy" content="script-src 'self'" />`;
    writeFileSync(file, readFileSync(file, 'utf8').replace('<head>', `<head>${policy}`));
    const strict = await startDemo({ dist: folder.path });
    onTestFinished(strict.stop);

    const { page, requests } = witness;
    await page.goto(strict.pageUrl);
    await signInOnPage(page);
    expect(requests.filter((url) => /floor[^/]*\.js/.test(url))).toHaveLength(1);
    await page.reload();
    await page.getByRole('article', { name: 'session token' }).waitFor();
  });

  it('signs in where the browser has no WebAssembly, as in Lockdown Mode', async () => {
    const { page, requests, said } = witness;
    await page.addInitScript('delete globalThis.WebAssembly');
    await page.goto(demo.pageUrl);
    expect(await page.evaluate('typeof WebAssembly')).toBe('undefined');
    await signInOnPage(page);
    expect(requests.filter((url) => /floor[^/]*\.js/.test(url))).toHaveLength(1);
    expect(said).toEqual([]);
  });

  it('does not download the core in JavaScript where WebAssembly works', async () => {
    const { page, requests } = witness;
    await signInOnPage(page);
    expect(requests.filter((url) => /floor|inflate-raw/.test(url))).toEqual([]);
  });

  it('keeps a chosen theme', async () => {
    const { page } = witness;
    await page.getByRole('button', { name: 'Dark theme' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Light theme' }).waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
  });
});
