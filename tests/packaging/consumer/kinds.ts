// The consumers: how each of them builds or runs a project that imports `byoa`, as its users would, and signs in.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root, startProcess } from '../../support/processes.ts';
import { servePages } from './pages.ts';
import type { Project } from './project.ts';
import type { World } from './world.ts';

export interface Kind {
  /** As the table shows it. */
  readonly title: string;
  /** Folder of its project in `consumers/`. */
  readonly project: string;
  /** What its users had to set up for `byoa`. */
  readonly setup: string;
  /** What the table says of it, where that is not that it signs in. */
  readonly outcome?: string;
  /** Why nobody can sign in there yet. The run expects it to fail, and the table says so. */
  readonly fails?: string;
  readonly run: (world: World, project: Project) => Promise<void>;
}

const NOTHING = 'nothing';
/** Development servers say that they are, and connect to themselves. */
const DEV_TALK = [/Download the React DevTools/, /\[vite\]/, /\[HMR\]/, /Fast Refresh/];
const PAGE = { 'index.html': 'index.html', 'main.js': 'react.js' };

async function onPages(world: World, folder: string, headers: Record<string, string> = {}, options: Parameters<World['signIn']>[1] = {}): Promise<string[]> {
  const port = world.port();
  const pages = await servePages(folder, port, headers);
  try {
    return await world.signIn(`http://localhost:${port}`, options);
  } finally {
    await pages.stop();
  }
}

async function onServer(world: World, project: Project, program: string, args: (port: string) => string[], paths: readonly string[] = ['/'], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const port = world.port();
  const origin = `http://localhost:${port}`;
  const server = await startProcess(process.execPath, [project.program(program), ...args(String(port))], origin, { NODE_ENV: undefined, VITEST: undefined, ...env }, project.path);
  try {
    for (const path of paths) await world.signIn(origin + path, { ignores: DEV_TALK });
  } finally {
    await server.stop();
  }
}

function vite(major: number): Kind[] {
  const project = `vite-${major}`;
  return [
    {
      title: `Vite ${major}, dev server`,
      project,
      setup: NOTHING,
      async run(world, at) {
        at.add(PAGE);
        await onServer(world, at, 'vite/bin/vite.js', (port) => ['--port', port, '--strictPort', '--host', 'localhost']);
      },
    },
    {
      title: `Vite ${major}, build`,
      project,
      setup: NOTHING,
      async run(world, at) {
        at.add(PAGE);
        await at.node('vite/bin/vite.js', ['build', '--logLevel', 'error']);
        await onPages(world, join(at.path, 'dist'));
      },
    },
  ];
}

/** A build by a command into `dist`, whose page is put beside it. */
function command(title: string, project: string, main: string, program: string, args: readonly string[], setup = NOTHING): Kind {
  return {
    title,
    project,
    setup,
    async run(world, at) {
      at.add({ 'main.js': main, 'dist/index.html': 'index.html' });
      await at.node(program, args);
      await onPages(world, join(at.path, 'dist'));
    },
  };
}

const ESBUILD = ['--bundle', '--minify', '--format=esm', '--splitting', '--define:process.env.NODE_ENV="production"', '--log-level=error'];

async function esbuildPage(at: Project, folder: string, main = 'react.js'): Promise<string> {
  at.add({ 'main.js': main, [`${folder}/index.html`]: 'index.html' });
  await at.node('esbuild/bin/esbuild', ['main.js', ...ESBUILD, `--outdir=${folder}`]);
  return join(at.path, folder);
}

function next(title: string, bundler: string): Kind[] {
  const seed = async (at: Project) => {
    const verbatim = readFileSync(join(root, 'tests/fixtures/seed-sample.tsx'), 'utf8');
    at.write('app/seed/seed-sample.jsx', `${verbatim}\nexport { SignInButton };\n`);
  };
  const program = 'next/dist/bin/next';
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  const paths = ['/', '/seed'];
  return [
    {
      title: `Next.js, dev server (${title})`,
      project: 'next',
      setup: NOTHING,
      async run(world, at) {
        await seed(at);
        await onServer(world, at, program, (port) => ['dev', bundler, '--port', port], paths, env);
      },
    },
    {
      title: `Next.js, build (${title})`,
      project: 'next',
      setup: NOTHING,
      async run(world, at) {
        await seed(at);
        await at.node(program, ['build', bundler], { ...env, NODE_ENV: 'production' });
        await onServer(world, at, program, (port) => ['start', '--port', port], paths, env);
      },
    },
  ];
}

const esbuild: Kind = {
  title: 'esbuild',
  project: 'esbuild',
  setup: NOTHING,
  run: async (world, at) => void (await onPages(world, await esbuildPage(at, 'esbuild'))),
};

const strictPolicy: Kind = {
  title: "a page with the policy `script-src 'self'`",
  project: 'esbuild',
  setup: '`connect-src` with the server',
  async run(world, at) {
    const policy = `default-src 'none'; img-src data:; script-src 'self'; connect-src ${world.server.origin}`;
    const asked = await onPages(world, await esbuildPage(at, 'policy'), { 'content-security-policy': policy });
    expect(asked.filter((url) => /floor/.test(url))).not.toHaveLength(0);
  },
};

const noWebAssembly: Kind = {
  title: 'a browser without WebAssembly (Lockdown Mode)',
  project: 'esbuild',
  setup: NOTHING,
  run: async (world, at) => void (await onPages(world, await esbuildPage(at, 'lockdown'), {}, { prepare: 'delete globalThis.WebAssembly' })),
};

const noDecompression: Kind = {
  title: 'a browser without `DecompressionStream`',
  project: 'esbuild',
  setup: NOTHING,
  run: async (world, at) => void (await onPages(world, await esbuildPage(at, 'inflate'), {}, { prepare: 'delete globalThis.DecompressionStream' })),
};

const scriptModule: Kind = {
  title: '`<script type="module">`, without a bundler',
  project: 'esbuild',
  setup: 'an import map',
  async run(world, at) {
    at.add({ 'module/main.js': 'plain.js', 'module/index.html': 'index.html' });
    const page = join(at.path, 'module/index.html');
    const map = '<script type="importmap">{"imports":{"byoa":"/byoa/dist/index.js"}}</script>';
    writeFileSync(page, readFileSync(page, 'utf8').replace('</head>', `${map}</head>`));
    cpSync(join(at.path, 'node_modules/byoa'), join(at.path, 'module/byoa'), { recursive: true });
    await onPages(world, join(at.path, 'module'));
  },
};

const serviceWorker: Kind = {
  title: 'a service worker (bundled by esbuild)',
  project: 'esbuild',
  setup: NOTHING,
  async run(world, at) {
    at.add({ 'worker.js': 'worker.js', 'worker/index.html': 'index.html', 'worker/main.js': 'worker-page.js' });
    await at.node('esbuild/bin/esbuild', ['worker.js', '--bundle', '--format=iife', '--log-level=error', '--outdir=worker']);
    // No localStorage in a worker: the session is the worker's, in its memory.
    await onPages(world, join(at.path, 'worker'), {}, { reloads: false });
  },
};

const node: Kind = {
  title: 'Node, ESM: import, server rendering, sign-in',
  project: 'esbuild',
  setup: NOTHING,
  async run(world, at) {
    at.add({ 'node.js': 'node.js' });
    const told = await world.told();
    const { stdout } = await at.node('./node.js', [], { BYOA_TEST: JSON.stringify(told) });
    await world.expectSignedIn(stdout, told);
  },
};

function runner(title: string, project: string, program: string, args: readonly string[], setup = NOTHING, env: NodeJS.ProcessEnv = {}): Kind {
  return {
    title,
    project,
    setup,
    run: async (world, at) => void (await at.node(program, args, { BYOA_TEST: JSON.stringify(await world.told()), ...env })),
  };
}

const workers: Kind = {
  title: 'Cloudflare Workers (workerd): `byoa`, and `byoa/slim` with `byoa/byoa.wasm`',
  project: 'workerd',
  setup: NOTHING,
  async run(world, at) {
    const told = await world.told();
    const { stdout } = await at.node('./run.mjs', [], { BYOA_TEST: JSON.stringify(told) });
    for (const line of stdout.trim().split('\n')) await world.expectSignedIn(line, told);
  },
};

const types: Kind = {
  title: 'TypeScript: arethetypeswrong',
  project: 'types',
  setup: NOTHING,
  outcome: 'no fault',
  async run(world, at) {
    const { stdout } = await at.node('./run.mjs', [world.tarball]);
    const { entrypoints, problems } = JSON.parse(stdout) as { entrypoints: string[]; problems: unknown[] };
    expect(entrypoints).toEqual(expect.arrayContaining(['.', './react', './slim']));
    expect(problems).toEqual([]);
  },
};

/** Those of `npm test`: what most people use, and what breaks in other ways than the rest. */
export const QUICK: readonly Kind[] = [...vite(8), esbuild, scriptModule, strictPolicy, noWebAssembly, noDecompression, serviceWorker, node, types];

/** All of them. */
export const KINDS: readonly Kind[] = [
  ...[5, 6, 7, 8].flatMap(vite),
  command('webpack 5', 'webpack-5', 'react.js', 'webpack-cli/bin/cli.js', ['build', '--mode', 'production', '--entry', './main.js', '--output-path', 'dist']),
  command('Rspack', 'rspack', 'react.js', '@rspack/cli/bin/rspack.js', ['build', '--mode', 'production', '--entry', './main.js', '--output-path', 'dist']),
  esbuild,
  command('Rollup', 'rollup', 'plain.js', 'rollup/dist/bin/rollup', ['main.js', '--dir', 'dist', '--format', 'esm', '--plugin', 'node-resolve', '--silent']),
  {
    title: 'Parcel',
    project: 'parcel',
    setup: NOTHING,
    async run(world, at) {
      at.add(PAGE);
      await at.node('parcel/lib/bin.js', ['build', 'index.html', '--no-autoinstall', '--log-level', 'error']);
      await onPages(world, join(at.path, 'dist'));
    },
  },
  ...next('Turbopack', '--turbopack'),
  ...next('webpack', '--webpack'),
  scriptModule,
  node,
  runner('Vitest (jsdom)', 'vitest', 'vitest/vitest.mjs', ['run']),
  runner('Jest (Node; jsdom renders)', 'jest', 'jest/bin/jest.js', [], '`transformIgnorePatterns`, as for any ESM package'),
  serviceWorker,
  strictPolicy,
  noWebAssembly,
  noDecompression,
  workers,
  types,
];
