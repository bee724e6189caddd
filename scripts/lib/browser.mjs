// A Chromium and the ChromeDriver of the same version, for the tests.
import { capture } from './children.mjs';
import { which } from './places.mjs';
import { versionIn } from './versions.mjs';

const BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** `{ chrome, chromedriver }` as paths, from CHROME_BIN and CHROMEDRIVER or from PATH; null without a pair. */
export async function locateBrowser() {
  const chrome = process.env.CHROME_BIN || BROWSERS.map((name) => which(name, name.startsWith('/') ? '/' : undefined)).find(Boolean);
  const chromedriver = process.env.CHROMEDRIVER || which('chromedriver');
  if (!chrome || !chromedriver) return null;
  const [browser, driver] = await Promise.all([major(chrome), major(chromedriver)]);
  return browser && browser === driver ? { chrome, chromedriver } : null;
}

async function major(program) {
  return versionIn(await capture(program, ['--version']))?.split('.')[0];
}
