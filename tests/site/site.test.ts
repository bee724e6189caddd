// The documentation site, built as `npm run docs` builds it and read in a real browser.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildSite } from '../../scripts/docs.mjs';
import { serveStatic } from '../../scripts/lib/serve-static.mjs';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { root, scratch, undoing } from '../support/processes.ts';

const undo = undoing();
let browser: Browser;
let dist: string;
let url: string;

const pages = () => (readdirSync(dist, { recursive: true }) as string[]).filter((name) => name.endsWith('.html') && name !== '404.html');

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  dist = join(folder.path, 'dist');
  await buildSite(dist);
  const server = await serveStatic(dist, 0);
  undo.add(server.stop);
  ({ url } = server);
  browser = await launchBrowser();
  undo.add(() => browser.close());
});
afterAll(undo.all);

async function open(path: string, options: Parameters<typeof openWatched>[1] = {}) {
  const watched = await openWatched(browser, { reducedMotion: 'reduce', ...options });
  onTestFinished(watched.close);
  await watched.page.goto(url + path);
  return watched;
}

describe('the documentation site', () => {
  it('has every page of docs/, each within reach of the sidebar', async () => {
    const written = (readdirSync(join(root, 'docs'), { recursive: true }) as string[]).filter((name) => name.endsWith('.md'));
    const expected = written.map((name) => name.replace('README', 'index').replace(/md$/, 'html'));
    // What typedoc makes is within reach of its own page.
    expect(pages().filter((name) => !name.startsWith('reference/')).sort()).toEqual(expected.sort());
    const { page } = await open('START.html', { viewport: { width: 1280, height: 900 } });
    const linked = await page.locator('.VPSidebar a, .VPNav a').evaluateAll((all) => all.map((a) => new URL((a as HTMLAnchorElement).href).pathname.slice(1)));
    const decision = /^adr\/\d/;
    const reference = /^reference\/./;
    for (const name of expected.filter((one) => one !== 'index.html' && !decision.test(one) && !reference.test(one))) expect(linked).toContain(name.replace('adr/index.html', 'adr/'));
  });

  it('has the reference of every entry, with its examples, and asks nobody else for it', async () => {
    const { page, requests, said } = await open('START.html', { viewport: { width: 1280, height: 900 } });
    await page.locator('.VPNav').getByRole('link', { name: 'Reference' }).first().click();
    await page.getByRole('heading', { name: 'byoa' }).waitFor();
    for (const entry of ['byoa', 'byoa/react', 'byoa/react-hooks', 'byoa/slim', 'byoa/testing', 'byoa/testing/react']) {
      expect(await page.locator(`a:text-is("${entry}")`).count(), entry).toBeGreaterThan(0);
    }
    await page.goto(`${url}reference/byoa/react/useExternalAuth.html`);
    expect(await page.locator('pre').first().textContent()).toContain('signInWithExternalJwt');
    expect(requests.filter((one) => !one.startsWith(url))).toEqual([]);
    expect(said).toEqual([]);
  });

  it('asks nobody but its own server for anything, also for a search, and says nothing on the console', async () => {
    const { page, requests, said } = await open('', { viewport: { width: 1280, height: 900 } });
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('searchbox').fill('jwt_aud_mismatch');
    await page.getByRole('listbox').getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/#/);
    for (const path of pages().filter((name) => !name.startsWith('reference/'))) {
      await page.goto(url + path);
      await page.waitForLoadState('networkidle');
    }
    const origins = new Set(requests.filter((one) => !one.startsWith('data:')).map((one) => new URL(one).origin));
    expect(origins).toEqual(new Set([new URL(url).origin]));
    expect(said).toEqual([]);
  });

  it('leads no link of its own nowhere, also to a heading', async () => {
    const ids = new Map<string, Set<string>>();
    const links: { from: string; to: URL }[] = [];
    for (const path of pages()) {
      const html = readFileSync(join(dist, path), 'utf8');
      ids.set(`/${path}`, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id as string)));
      for (const [, href] of html.matchAll(/<a [^>]*href="([^"]+)"/g)) links.push({ from: path, to: new URL((href as string).replaceAll('&amp;', '&'), url + path) });
    }
    const own = links.filter(({ to }) => to.origin === new URL(url).origin);
    expect(own.length).toBeGreaterThan(100);
    const dead = own.filter(({ to }) => {
      const file = to.pathname.endsWith('/') ? `${to.pathname}index.html` : to.pathname;
      const there = ids.get(file);
      if (!there) return !readable(join(dist, file));
      return to.hash !== '' && !there.has(decodeURIComponent(to.hash.slice(1)));
    });
    expect(dead.map(({ from, to }) => `${from} -> ${to.pathname}${to.hash}`)).toEqual([]);
  });

  it('does not build where a page links to one that is not there', async () => {
    // Beside docs/, from where VitePress finds what it needs.
    const folder = mkdtempSync(join(root, '.site-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const build = (text: string) => {
      writeFileSync(join(folder, 'page.md'), text);
      return buildSite(join(folder, 'dist'), { source: folder });
    };
    await expect(build('# Bad\n\n[nowhere](NOWHERE.md)\n')).rejects.toMatchObject({ output: expect.stringContaining('NOWHERE.md') });
    await expect(build('# Good\n\n[here](page.md)\n')).resolves.toBeUndefined();
  }, 60_000);

  it.each([
    ['a desk, light', { width: 1280, height: 900 }, 'light'],
    ['a desk, dark', { width: 1280, height: 900 }, 'dark'],
    ['a phone, light', { width: 390, height: 844 }, 'light'],
    ['a phone, dark', { width: 390, height: 844 }, 'dark'],
  ] as const)('has nothing wrong by axe and does not scroll sideways on %s', async (_, viewport, colorScheme) => {
    const { page } = await open('', { viewport, colorScheme });
    for (const path of ['', 'START.html', 'TROUBLESHOOTING.html', 'HTTP-API.html']) {
      await page.goto(url + path);
      await page.waitForLoadState('networkidle');
      await page.evaluate(axe.source);
      // The theme's own search field and code blocks are not ours to mend.
      const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run({ include: ['main, .VPHome, .VPDoc'] }));
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${path} ${id}: ${html.slice(0, 200)} ${failureSummary}`));
      expect(found).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(viewport.width);
    }
  });
});

function readable(file: string): boolean {
  try {
    return readFileSync(file).length > 0;
  } catch {
    return false;
  }
}
