// A real Chromium that keeps a record of what the page did.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser of CHROME_BIN, else the first on PATH; `ignoreDefaultArgs`: of Playwright's. */
export function launchBrowser(flags: readonly string[] = [], ignoreDefaultArgs: string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROME_BIN'] ?? onPath(), args: [...ARGS, ...flags], ignoreDefaultArgs });
}

function onPath(): string {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const candidate = join(directory, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // The next one.
      }
    }
  }
  throw new Error('There is no Chromium: install it (`apt-get install chromium`) or set CHROME_BIN.');
}

export interface Witness {
  readonly page: Page;
  /** URLs asked for. */
  readonly requests: string[];
  /** Everything said on the console, and uncaught errors. */
  readonly said: string[];
  readonly close: () => Promise<void>;
}

/** A page of a fresh profile, watched from its first request on. */
export async function openWatched(browser: Browser, options: BrowserContextOptions = {}): Promise<Witness> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const said: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`uncaught: ${error.message}`));
  return { page, requests, said, close: () => context.close() };
}
