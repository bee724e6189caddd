// Finds which tools are missing and installs them by package name; silent where nothing is.
//
// Uses Node's own modules only: it runs before `npm ci`. Everything that could stop it is asked before
// the first install, and each tool appears in its place complete or not at all.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { locateBrowser, locateFirefox, locateWebkit } from './lib/browser.mjs';
import { installCargoTool, locateCargoTool } from './lib/cargo-tool.mjs';
import { aptCommand, aptInstall } from './lib/debian.mjs';
import { Halt, main } from './lib/halt.mjs';
import { crateVersion } from './lib/lock-files.mjs';
import { isOffline } from './lib/offline.mjs';
import { hasNpmPackages, installNpmPackages } from './lib/npm-packages.mjs';
import { findCargo, pathWith, root } from './lib/places.mjs';
import { checkPreconditions } from './lib/preconditions.mjs';
import { runSteps } from './lib/steps.mjs';
import { WASM_TARGET, installWasmTarget, locateWasmTarget } from './lib/wasm-target.mjs';

const CHROMIUM = ['chromium', 'chromium-driver'];
const FIREFOX = ['firefox-esr'];
const WEBKIT = ['webkit2gtk-driver', 'xvfb'];

/** What `npm start` needs. */
export const FOR_START = ['wasm-target', 'wasm-bindgen', 'wasm-pack', 'npm'];

/** What `npm test` needs besides. */
export const FOR_TEST = [...FOR_START, 'nextest', 'browser'];

/**
 * A tool: `locate` resolves to what `ensure` needs of it (anything but null) where it is there.
 * A tool that comes from Debian's packages names them, so that the right to install is asked first.
 */
const TOOLS = {
  'wasm-target': {
    title: `Rust target ${WASM_TARGET}`,
    locate: locateWasmTarget,
    install: installWasmTarget,
  },
  browser: {
    title: CHROMIUM.join(' and '),
    packages: CHROMIUM,
    elsewhere: 'install Chrome or Chromium and the ChromeDriver of the same version (`brew install --cask google-chrome chromedriver`, `dnf install chromium chromedriver`), or name them in CHROME_BIN and CHROMEDRIVER',
    locate: locateBrowser,
  },
  firefox: {
    title: FIREFOX.join(' and '),
    packages: FIREFOX,
    elsewhere: 'install Firefox 140 or later, or name it in FIREFOX_BIN',
    locate: locateFirefox,
  },
  webkit: {
    title: WEBKIT.join(' and '),
    packages: WEBKIT,
    elsewhere: 'WebKitGTK, its MiniBrowser and WebKitWebDriver are for Linux: run this in a Debian',
    locate: locateWebkit,
  },
  geckodriver: cargoTool({ crate: 'geckodriver', version: '0.37.1', atLeast: '0.36.0', programs: ['geckodriver'] }),
  'wasm-bindgen': cargoTool({
    crate: 'wasm-bindgen-cli',
    // The command-line tool and the library must be of the very same version.
    version: crateVersion(readFileSync(join(root, 'Cargo.lock'), 'utf8'), 'wasm-bindgen'),
    programs: ['wasm-bindgen', 'wasm-bindgen-test-runner'],
  }),
  'wasm-pack': cargoTool({ crate: 'wasm-pack', version: '0.15.1', atLeast: '0.13.1', programs: ['wasm-pack'] }),
  nextest: cargoTool({
    crate: 'cargo-nextest',
    version: '0.9.151',
    atLeast: '0.9.100',
    programs: ['cargo-nextest'],
    // Its authors let it be built from its own lock only.
    flags: ['--locked', '--no-default-features', '--features', 'default-no-update'],
  }),
  npm: {
    title: 'npm packages',
    locate: async () => hasNpmPackages() || null,
    install: (report) => installNpmPackages(report),
  },
  site: {
    title: 'npm packages of the documentation site',
    locate: async () => hasNpmPackages('site') || null,
    install: (report) => installNpmPackages(report, 'site'),
  },
};

/**
 * Makes sure that tools are there.
 *
 * @param {string[]} names  keys of `TOOLS`
 * @returns {Promise<{ env: NodeJS.ProcessEnv, wasmEnv: NodeJS.ProcessEnv, browser?: { chrome: string, chromedriver: string },
 *   firefox?: { firefox: string }, webkit?: import('./lib/browser.mjs').Webkit }>}
 *   the environment for native work, the one for wasm builds, and the browsers that were asked for
 */
export async function ensure(names) {
  findCargo();
  await checkPreconditions();
  const found = await locateAll(names);
  // In the order of TOOLS: the target first, whose fallback is the one thing not known in advance.
  const missing = Object.keys(TOOLS).filter((name) => found[name] === null);
  if (missing.length > 0) {
    const apts = await askForApt(missing);
    await runSteps(missing.map((name) => step(name, apts[name])));
    Object.assign(found, await locateAll(missing));
    for (const name of missing) {
      if (found[name] === null) throw new Halt(`${TOOLS[name].title} was installed and still is not found: see docs/HACKING.md.`);
    }
  }

  const directories = ['wasm-bindgen', 'wasm-pack', 'nextest', 'geckodriver'].flatMap((name) => found[name] ?? []);
  const env = { ...process.env, PATH: pathWith(directories) };
  const wasm = found['wasm-target'] ?? { directories: [], variables: {} };
  const wasmEnv = { ...env, ...wasm.variables, PATH: pathWith(wasm.directories, env.PATH) };
  return { env, wasmEnv, browser: found.browser, firefox: found.firefox, webkit: found.webkit };
}

async function locateAll(names) {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await TOOLS[name].locate()])));
}

async function askForApt(missing) {
  const apts = {};
  for (const name of missing) {
    const { title, packages, elsewhere } = TOOLS[name];
    if (packages) apts[name] = await aptCommand(`${title} are`, packages, elsewhere);
  }
  return apts;
}

function step(name, apt) {
  const { title, packages, install } = TOOLS[name];
  const run = apt ? (report) => aptInstall(apt, packages, report) : install;
  return { title, run, explain: (failure) => explain(title, failure) };
}

function explain(title, failure) {
  if (isOffline(failure.output)) {
    return new Halt(`${title} could not be downloaded: connect to the network, then run this again.`);
  }
  return new Halt(`${title} could not be installed: ${failure.message}; mend what it says above, then run this again.`, failure.output);
}

function cargoTool(tool) {
  return {
    title: `${tool.crate} ${tool.version}`,
    locate: () => locateCargoTool(tool),
    install: (report) => installCargoTool(tool, report),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await ensure(process.argv.includes('--test') ? FOR_TEST : FOR_START);
  });
}
