// `npm run bench -- startup`: what an SDK costs before somebody can sign in, and when they do, in Chromium.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { locateBrowser } from '../../scripts/lib/browser.mjs';
import { run, start } from '../../scripts/lib/children.mjs';
import { Halt } from '../../scripts/lib/halt.mjs';
import { orHalt } from './or-halt.mjs';
import { root } from '../../scripts/lib/places.mjs';
import { writeSection } from './documents.mjs';
import { installPeer } from './install-peer.mjs';

export const STARTUP_USAGE = `         --no-build             take pkg/ and the server as they are (BYOA_SERVER_BIN, else target/release)
         --runs NUMBER          fresh browser profiles for each SDK (15)
         --sign-ins NUMBER      in each of them (12)
         --json                 print JSON only; writes no document`;

const PEERS = join(root, 'bench', 'peers', 'size');
const ENVIRONMENT = '00000000-0000-4000-8000-00000000b0a0';
const SUBJECT = 'ada';
const BUSY = 0.5;

/** Each SDK as a module with the same three functions. `ours` are those that speak to byoa-server. */
const SUBJECTS = [
  {
    name: 'byoa',
    package: 'byoa',
    ours: true,
    code: `import { createDynamicClient, initializeClient, logout, signInWithExternalJwt } from 'byoa';
      let client;
      export const ready = async ({ environmentId, apiBaseUrl }) => {
        client = createDynamicClient({ environmentId, apiBaseUrl, autoInitialize: false });
        await initializeClient(client);
      };
      export const signIn = ({ jwt, subject }) => signInWithExternalJwt({ externalJwt: jwt, externalUserId: subject }, client);
      export const signOut = () => logout(client);`,
  },
  {
    name: '@dynamic-labs-sdk/client',
    package: '@dynamic-labs-sdk/client',
    ours: true,
    code: `import { createDynamicClient, initializeClient, logout, signInWithExternalJwt } from '@dynamic-labs-sdk/client';
      let client;
      export const ready = async ({ environmentId, apiBaseUrl }) => {
        client = createDynamicClient({ environmentId, autoInitialize: false, instrumentation: { enabled: false },
          coreConfig: { apiBaseUrl }, metadata: { name: 'bench', universalLink: location.origin } });
        await initializeClient(client);
      };
      export const signIn = ({ jwt, subject }) => signInWithExternalJwt({ externalJwt: jwt, externalUserId: subject }, client);
      export const signOut = () => logout(client);`,
  },
  {
    name: '@supabase/auth-js',
    package: '@supabase/auth-js',
    path: '/supabase/token?grant_type=id_token',
    code: `import { AuthClient } from '@supabase/auth-js';
      let client;
      export const ready = async () => {
        client = new AuthClient({ url: location.origin + '/supabase', autoRefreshToken: false, detectSessionInUrl: false });
        const { error } = await client.initialize();
        if (error) throw error;
      };
      export const signIn = async ({ jwt }) => {
        const { error } = await client.signInWithIdToken({ provider: 'google', token: jwt });
        if (error) throw error;
      };
      export const signOut = () => client.signOut({ scope: 'local' });`,
  },
  {
    name: '@auth0/auth0-spa-js',
    package: '@auth0/auth0-spa-js',
    path: '/oauth/token',
    code: `import { createAuth0Client } from '@auth0/auth0-spa-js';
      let client;
      export const ready = async () => {
        client = await createAuth0Client({ domain: location.origin, clientId: 'app', cacheLocation: 'localstorage' });
      };
      export const signIn = ({ jwt }) => client.loginWithCustomTokenExchange({ subject_token: jwt, subject_token_type: 'urn:bench:jwt' });
      export const signOut = () => client.logout({ openUrl: false });`,
  },
];

/** @param {string[]} args */
export async function benchStartup(args) {
  const options = read(args);
  const say = options.json ? () => {} : (text) => console.log(text);
  const server = process.env.BYOA_SERVER_BIN ?? join(root, 'target', 'release', 'byoa-server');
  if (!options.noBuild) {
    say('Building pkg/ and the server …');
    const builds = process.env.BYOA_SERVER_BIN ? ['pkg'] : ['pkg', 'server'];
    await orHalt('could not be built', run(process.execPath, ['scripts/build.mjs', ...builds], { cwd: root, env: process.env }));
  }
  for (const needed of [join(root, 'pkg', 'package.json'), server]) {
    if (!existsSync(needed)) throw new Halt(`There is no ${needed}: leave --no-build out, so that it is built.`);
  }
  const browserOf = await locateBrowser();
  if (!browserOf) throw new Halt('There is no Chromium: install it, or name it in CHROME_BIN.');
  await installPeer(PEERS, say, ['--ignore-scripts']);

  const folder = mkdtempSync(join(tmpdir(), 'byoa-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const scripts = await bundle();
  const issuer = await startIssuer();
  const pages = await startPages(scripts);
  const exchange = await startExchange(server, folder, issuer, pages.origin);
  const loadBefore = loadavg()[0];
  const browser = await chromium.launch({
    executablePath: browserOf.chrome,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const told = { environmentId: ENVIRONMENT, apiBaseUrl: `${exchange.origin}/api/v0`, subject: SUBJECT, jwt: await issuer.jwt() };
  const results = SUBJECTS.map((subject) => ({ subject, ready: [], bare: [], signIn: [] }));
  try {
    // In turns, so that a drift of the machine hits all of them.
    for (let turn = 0; turn < options.runs + 1; turn += 1) {
      for (const result of results) {
        const measured = await measure(browser, pages.origin, result.subject, told, options.signIns);
        // The first turn warms up the servers and the browser's process.
        if (turn === 0) continue;
        result.ready.push(measured.ready);
        result.bare.push(...measured.bare);
        result.signIn.push(...measured.signIn);
      }
      say(`${turn === 0 ? 'warmed up' : `turn ${turn} of ${options.runs}`}`);
    }
    const report = {
      date: new Date().toISOString().slice(0, 10),
      machine: { model: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), loadBefore },
      chromium: browser.version(),
      runs: options.runs,
      signIns: options.signIns,
      results: results.map(summarise),
    };
    if (options.json) return console.log(JSON.stringify(report, null, 2));
    const text = table(report);
    console.log(`\n${text}`);
    writeSection('docs/SIZE.md', 'startup', text);
  } finally {
    await browser.close();
    await exchange.stop();
    pages.stop();
    issuer.stop();
  }
}

/** One fresh profile: from before the import to ready, then bare requests and sign-ins by turns. In milliseconds. */
async function measure(browser, origin, subject, told, signIns) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(`${subject.name}: ${error.message}`));
    await page.goto(`${origin}/`);
    const script = `/${SUBJECTS.indexOf(subject)}/entry.js`;
    const url = subject.ours ? `${told.apiBaseUrl}/sdk/${told.environmentId}/externalAuth/signin` : subject.path;
    return await page.evaluate(measureInPage, { script, url, told, signIns });
  } finally {
    await context.close();
  }
}

/** Runs in the page. */
async function measureInPage({ script, url, told, signIns }) {
  const began = performance.now();
  const sdk = await import(script);
  await sdk.ready(told);
  const ready = performance.now() - began;
  const timed = async (action) => {
    const from = performance.now();
    await action();
    return performance.now() - from;
  };
  const body = JSON.stringify({ jwt: told.jwt });
  const bareFetch = async () => {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!answer.ok) throw new Error(`the bare request was answered ${answer.status}`);
    await answer.json();
  };
  const bare = [];
  const signIn = [];
  for (let time = 0; time < signIns + 2; time += 1) {
    const first = await timed(time % 2 ? bareFetch : () => sdk.signIn(told));
    if (time % 2 === 0) await sdk.signOut();
    const second = await timed(time % 2 ? () => sdk.signIn(told) : bareFetch);
    if (time % 2) await sdk.signOut();
    // The first two open connections and ask for permissions (CORS).
    if (time < 2) continue;
    bare.push(time % 2 ? first : second);
    signIn.push(time % 2 ? second : first);
  }
  return { ready, bare, signIn };
}

async function bundle() {
  const work = mkdtempSync(join(PEERS, 'node_modules', '.byoa-startup-'));
  process.on('exit', () => rmSync(work, { recursive: true, force: true }));
  mkdirSync(join(work, 'node_modules'));
  symlinkSync(join(root, 'pkg'), join(work, 'node_modules', 'byoa'));
  const flags = ['--bundle', '--minify', '--format=esm', '--splitting', '--platform=browser', '--target=es2022', '--legal-comments=none', '--log-level=error'];
  const defines = ['--define:process.env.NODE_ENV="production"', '--define:global=globalThis', '--loader:.wasm=file', '--external:@farcaster/*', '--external:@stripe/crypto', '--loader:.css=empty', '--loader:.png=dataurl', '--loader:.svg=dataurl'];
  for (const [index, { code }] of SUBJECTS.entries()) {
    mkdirSync(join(work, String(index)));
    writeFileSync(join(work, String(index), 'entry.js'), code);
    const args = [join(work, String(index), 'entry.js'), ...flags, ...defines, `--outdir=${join(work, 'out', String(index))}`];
    await orHalt('An SDK could not be bundled', run(join(PEERS, 'node_modules', '.bin', 'esbuild'), args, { cwd: work, env: process.env }));
  }
  return join(work, 'out');
}

/** Whose tokens byoa-server takes. */
async function startIssuer() {
  const { SignJWT, exportJWK, generateKeyPair } = await import('jose');
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'bench', use: 'sig' }] });
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(keys)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${server.address().port}`;
  const sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'bench' }).setIssuedAt().setExpirationTime('1h').sign(privateKey);
  const stop = () => (server.closeAllConnections(), server.close());
  return { url, sign, jwt: () => sign({ iss: url, sub: SUBJECT, aud: 'bench' }), stop };
}

async function startPages(folder) {
  const answers = {
    '/supabase/token': (origin) => ({ access_token: unsigned({ sub: SUBJECT, exp: inAnHour(), iss: origin }), token_type: 'bearer', expires_in: 3600, refresh_token: 'refresh', user: { id: SUBJECT, aud: 'authenticated', app_metadata: {}, user_metadata: {}, created_at: new Date().toISOString() } }),
    '/supabase/logout': () => ({}),
    '/oauth/token': (origin) => ({ access_token: 'access', token_type: 'Bearer', expires_in: 3600, scope: 'openid profile email', id_token: unsigned({ iss: `${origin}/`, aud: 'app', sub: SUBJECT, iat: inAnHour() - 3600, exp: inAnHour() }) }),
  };
  // Isolated, which makes the clock precise to some microseconds.
  const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const origin = `http://localhost:${server.address().port}`;
    request.resume();
    if (answers[pathname]) return void request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[pathname](origin))));
    if (pathname === '/') return void response.writeHead(200, { ...isolated, 'content-type': 'text/html' }).end('<!doctype html><title>bench</title><link rel="icon" href="data:,">');
    const file = join(folder, pathname);
    if (!file.startsWith(folder) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { ...isolated, 'content-type': 'text/javascript' }).end(readFileSync(file));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://localhost:${server.address().port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** A token whose signature nobody looks at. */
function unsigned(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT', kid: 'bench' })}.${part(claims)}.${part('signature')}`;
}

async function startExchange(program, folder, issuer, pageOrigin) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const database = ['--database-url', `sqlite://${join(folder, 'byoa.db')}`];
  const trust = ['--allow-private-jwks'];
  const make = ['env', 'create', '--id', ENVIRONMENT, '--issuer', issuer.url, '--jwks-url', `${issuer.url}/jwks`, '--audience', 'bench', '--allowed-origin', pageOrigin];
  await orHalt('The environment could not be made', run(program, [...make, ...trust, ...database], { cwd: root, env: process.env }));
  const child = start(program, ['serve', '--listen', `127.0.0.1:${port}`, '--public-url', origin, '--no-rate-limit', ...trust, ...database], { cwd: root, env: { ...process.env, BYOA_LOG: 'warn' }, onLine: () => {} });
  for (let tries = 0; tries < 200; tries += 1) {
    const answered = await fetch(`${origin}/healthz`).then(() => true, () => false);
    if (answered) return { origin, stop: () => child.stop() };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Halt('byoa-server did not answer.');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}

function summarise({ subject, ready, bare, signIn }) {
  const { version } = JSON.parse(readFileSync(join(subject.package === 'byoa' ? join(root, 'pkg') : join(PEERS, 'node_modules', subject.package), 'package.json'), 'utf8'));
  return {
    name: subject.name,
    version,
    readyMs: quartiles(ready),
    bareMs: quartiles(bare),
    signInMs: quartiles(signIn),
    addedMs: quartiles(signIn).median - quartiles(bare).median,
  };
}

function quartiles(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (part) => sorted[Math.floor((sorted.length - 1) * part)];
  return { quarter: at(0.25), median: at(0.5), threeQuarters: at(0.75) };
}

function table({ date, machine, chromium: version, runs, signIns, results }) {
  const spread = ({ quarter, median, threeQuarters }) => `${median.toFixed(1)} (${quarter.toFixed(1)}–${threeQuarters.toFixed(1)})`;
  const rows = results.map(({ name, version: of, readyMs, bareMs, signInMs, addedMs }) => `| ${name} | ${of} | ${spread(readyMs)} | ${spread(bareMs)} | ${spread(signInMs)} | **${addedMs.toFixed(1)}** |`);
  const busy = machine.loadBefore > machine.cores * BUSY ? `\n\nThe machine was busy (load ${machine.loadBefore.toFixed(1)} on ${machine.cores} cores): the numbers are higher than they would be alone.` : '';
  return `Milliseconds: median (quartiles). ${runs} fresh profiles for each, ${signIns} sign-ins in each of them, by turns; Chromium ${version},
${machine.model}, ${machine.cores} cores, ${date}.

| | version | import → ready | a bare \`fetch\` | sign-in | sign-in adds |
|---|---|--:|--:|--:|--:|
${rows.join('\n')}${busy}`;
}

function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        'no-build': { type: 'boolean', default: false },
        runs: { type: 'string', default: '15' },
        'sign-ins': { type: 'string', default: '12' },
        json: { type: 'boolean', default: false },
      },
    });
    const number = (text) => {
      const value = Number(text);
      if (!Number.isInteger(value) || value < 1) throw new Error(`${text} is not a number of runs`);
      return value;
    };
    return { noBuild: values['no-build'], runs: number(values.runs), signIns: number(values['sign-ins']), json: values.json };
  } catch (error) {
    throw new Halt(`${error.message}\n${STARTUP_USAGE}`);
  }
}
