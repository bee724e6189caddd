// The browsers of the tests: a Chromium with the ChromeDriver of its version, a Firefox, a WebKitGTK.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
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

/** `{ firefox }` as a path, from FIREFOX_BIN or from PATH; null without one. */
export async function locateFirefox() {
  const firefox = process.env.FIREFOX_BIN || ['firefox-esr', 'firefox'].map((name) => which(name)).find(Boolean);
  return firefox ? { firefox } : null;
}

/**
 * @typedef {object} Webkit
 * @property {string} driver  WebKitWebDriver
 * @property {string} minibrowser  the browser that it drives
 * @property {string} xvfb  a display for it
 */

/** WebKitGTK's driver and browser with a display for them, or null. @returns {Promise<Webkit | null>} */
export async function locateWebkit() {
  const driver = which('WebKitWebDriver');
  const xvfb = which('Xvfb');
  const minibrowser = minibrowsers().find((path) => existsSync(path));
  return driver && xvfb && minibrowser ? { driver, minibrowser, xvfb } : null;
}

/** Debian has it under the name of the machine's architecture, other systems under libexec. */
function minibrowsers() {
  const under = ['/usr/lib', '/usr/libexec'].flatMap((place) => [place, ...folders(place)]);
  return under.flatMap((place) => ['4.1', '6.0'].map((version) => join(place, `webkit${version === '6.0' ? 'gtk' : '2gtk'}-${version}`, 'MiniBrowser')));
}

function folders(place) {
  try {
    return readdirSync(place).filter((name) => name.includes('linux-gnu')).map((name) => join(place, name));
  } catch {
    return [];
  }
}

async function major(program) {
  return versionIn(await capture(program, ['--version']))?.split('.')[0];
}
