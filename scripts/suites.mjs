// The suites of `npm test`, in order. Each runs alone by name: `npm test -- native e2e`.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmProgram, staleBuilds } from './build.mjs';
import { fromJunit, fromTap, fromTestResults, fromVitest, sum } from './lib/counts.mjs';
import { root } from './lib/places.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { WASM_TARGET } from './lib/wasm-target.mjs';

const JUNIT = join(root, 'target', 'nextest', 'ci', 'junit.xml');
const DENY_WARNINGS = ['--', '-D', 'warnings'];

/**
 * @typedef {object} Suite
 * @property {string[]} tools  what bootstrap must have ready
 * @property {string[]} [after]  suites without which this one cannot run
 * @property {boolean} [onlyWhenNamed]  not part of `npm test` by itself
 * @property {(context: Context) => Promise<{ passed: number, failed: number }>} run
 *
 * @typedef {object} Context
 * @property {Awaited<ReturnType<typeof import('./bootstrap.mjs').ensure>>} tools
 * @property {(line: string) => void} report  to the log and the live line
 * @property {(command: string, args: string[], options?: object) => Promise<{ ok: boolean, output: string }>} exec
 */

/** @type {Record<string, Suite>} */
export const SUITES = {
  fmt: lint([], ({ exec, tools }) => exec('cargo', ['fmt', '--all', '--check'], { env: tools.env })),

  clippy: lint([], ({ exec, tools }) =>
    exec('cargo', ['clippy', '--workspace', '--all-targets', ...DENY_WARNINGS], { env: tools.env }),
  ),

  'clippy-wasm': lint(['wasm-target'], ({ exec, tools }) =>
    exec('cargo', ['clippy', '--package', 'byoa', '--all-targets', '--target', WASM_TARGET, ...DENY_WARNINGS], {
      env: tools.wasmEnv,
    }),
  ),

  generated: {
    tools: ['nextest'],
    async run(context) {
      const words = await nextest(context, ['--package', 'byoa-protocol', '--features', 'ts', 'generated']);
      return sum([words, await nextest(context, ['--workspace', '--lib', 'generated_from_this_code'])]);
    },
  },

  native: {
    // npm for its PostgreSQL.
    tools: ['nextest', 'npm'],
    async run(context) {
      const postgres = await startPostgres();
      const env = { ...context.tools.env, BYOA_TEST_POSTGRES_URL: postgres.url };
      try {
        const tests = await nextest({ ...context, tools: { ...context.tools, env } }, ['--workspace']);
        const docs = await context.exec('cargo', ['test', '--workspace', '--doc'], { env });
        return sum([tests, honest(docs, fromTestResults(docs.output))]);
      } finally {
        await postgres.stop();
      }
    },
  },

  wasm: {
    tools: ['wasm-target', 'wasm-bindgen', 'wasm-pack', 'browser'],
    async run({ exec, tools }) {
      const { chromedriver } = tools.browser;
      const args = ['test', '--headless', '--chrome', '--chromedriver', chromedriver, '--mode', 'no-install'];
      const result = await exec('wasm-pack', args, { env: tools.wasmEnv });
      return honest(result, fromTestResults(result.output));
    },
  },

  scripts: {
    tools: [],
    async run({ exec }) {
      const directory = join(root, 'scripts', 'test');
      const files = readdirSync(directory).map((name) => join(directory, name));
      const result = await exec(process.execPath, ['--test', '--test-reporter=tap', ...files]);
      return honest(result, fromTap(result.output));
    },
  },

  build: {
    tools: ['wasm-target', 'wasm-bindgen', 'wasm-pack', 'npm'],
    async run({ exec, report, tools }) {
      const server = await exec('cargo', ['build', '--package', 'byoa-server'], { env: tools.env });
      const steps = staleBuilds(['demo'], tools);
      for (const step of steps) report(`${step.title}: ${(await step.run(report)) ?? 'built'}`);
      return asOne(server);
    },
  },

  types: lint(['npm'], ({ exec }) => exec('npm', ['run', '--silent', 'check:types']), ['build']),

  ...Object.fromEntries(['react', 'react-18', 'interop', 'packaging', 'examples', 'e2e', 'sessions', 'soak'].map((project) => [project, vitest(project)])),

  // Needs nothing that is built.
  site: { ...vitest('site', ['site', 'browser']), after: [] },

  firefox: { ...vitest('firefox', ['firefox', 'geckodriver']), onlyWhenNamed: true },

  webkit: { ...vitest('webkit', ['webkit']), onlyWhenNamed: true },
};

/** A check that says yes or no: one test. */
function lint(tools, check, after) {
  return { tools, after, run: async (context) => asOne(await check(context)) };
}

function asOne({ ok }) {
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A runner that failed without a failed test (it did not compile, say) has failed once. */
function honest({ ok }, counts) {
  return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

async function nextest({ exec, tools }, args) {
  rmSync(JUNIT, { force: true });
  const result = await exec('cargo', ['nextest', 'run', '--profile', 'ci', ...args], { env: tools.env });
  return honest(result, fromJunit(readIfThere(JUNIT) ?? ''));
}

function vitest(project, browsers = ['browser']) {
  return {
    tools: ['npm', ...browsers],
    after: ['build'],
    async run({ exec, tools }) {
      const file = join(root, 'target', 'test-logs', `${project}.json`);
      rmSync(file, { force: true });
      const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
      const result = await exec(process.execPath, [npmProgram('vitest/vitest.mjs'), ...args], {
        env: {
          ...tools.wasmEnv,
          ...browserVariables(tools),
          BYOA_SERVER_BIN: join(root, 'target', 'debug', 'byoa-server'),
        },
      });
      const report = readIfThere(file);
      return honest(result, report ? fromVitest(JSON.parse(report)) : { passed: 0, failed: 0 });
    },
  };
}

/** How the tests are told which browser to run. */
function browserVariables({ browser, firefox, webkit }) {
  return {
    ...(browser && { CHROME_BIN: browser.chrome }),
    ...(firefox && { FIREFOX_BIN: firefox.firefox }),
    ...(webkit && { WEBKIT_DRIVER: webkit.driver, WEBKIT_MINIBROWSER: webkit.minibrowser, XVFB: webkit.xvfb }),
  };
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
