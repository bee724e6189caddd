// What a session test needs of a browser, so that it is written once and runs in each of them.
import { type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { openWebDriver } from './webdriver.ts';

/** A browser. */
export interface Driver {
  readonly name: 'chromium' | 'firefox' | 'webkit';
  /** A profile of its own: nothing is shared with another but the machine. */
  profile(): Promise<Profile>;
  close(): Promise<void>;
}

/** Cookies and storage that its tabs share. */
export interface Profile {
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}

/** A page in it. */
export interface Tab {
  /** Runs a function in the page, which sees nothing but its argument; what it resolves with must be JSON. */
  run<T, A = null>(script: (argument: A) => T | Promise<T>, argument?: A): Promise<T>;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Closes it, as a user does. */
  close(): Promise<void>;
  /** Ends it without its being told, as a crash does, where the browser lets one do so; else closes it. */
  kill(): Promise<void>;
}

/** A tab in Chromium, with the DevTools protocol. */
export interface ChromiumTab extends Tab {
  readonly page: Page;
  cdp(): Promise<CDPSession>;
}

/** The browser that BYOA_TEST_BROWSER names, Chromium unless set. */
export async function launchDriver(flags: readonly string[] = []): Promise<Driver> {
  const name = process.env['BYOA_TEST_BROWSER'] ?? 'chromium';
  return name === 'firefox' || name === 'webkit' ? openWebDriver(name) : launchChromium(flags);
}

/** Chromium, whatever BYOA_TEST_BROWSER says, its tabs with the DevTools protocol. */
export async function launchChromium(flags: readonly string[] = [], options: { readonly bfcache?: boolean } = {}) {
  // Playwright switches the cache off.
  const browser = await launchBrowser(flags, options.bfcache ? ['--disable-back-forward-cache'] : []);
  return {
    name: 'chromium' as const,
    async profile() {
      const context = await browser.newContext();
      return {
        context,
        open: async (url: string) => openTab(context, url),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

async function openTab(context: BrowserContext, url: string): Promise<ChromiumTab> {
  const page = await context.newPage();
  await page.goto(url);
  return {
    page,
    cdp: () => context.newCDPSession(page),
    run: (script, argument) => page.evaluate(script as never, argument ?? null) as never,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    close: () => page.close(),
    async kill() {
      const crashed = new Promise((resolve) => page.once('crash', resolve));
      const cdp = await context.newCDPSession(page);
      // Never answered: there is nobody left to.
      void cdp.send('Page.crash').catch(() => undefined);
      await crashed;
      await page.close();
    },
  };
}
