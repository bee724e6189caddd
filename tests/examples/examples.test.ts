// The examples as their reader has them: the packed package installed into a copy, built, and signed in to with a
// browser against a real server. BYOA_TEST_EXAMPLES=all takes those that are too slow for every run.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { ByoaServer } from '../support/byoa-server.ts';
import { type Running, built, freePorts, root, run, scratch, startProcess, undoing } from '../support/processes.ts';

const ENVIRONMENT_ID = '3f0c3c7e-5a5e-4f0e-9d52-4d1f0b0f6a11';
const undo = undoing();
let browser: Browser;
let folder: string;
let tarball: string;
let server: ByoaServer;
let ports: { readonly backend: number; readonly vite: number; readonly next: number };
let backend: Running;

/** A copy of an example with its packages, and with the packed package in the place of the repository's. */
async function installed(name: string): Promise<string> {
  const place = join(folder, name);
  // Without what a reader's own run has left.
  cpSync(join(root, 'examples', name), place, { recursive: true, filter: (path) => !/node_modules|\.next|dist$/.test(path.slice(root.length)) });
  const file = join(place, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
  for (const version of Object.values(manifest.dependencies)) expect(version, `${name} pins its packages`).toMatch(/^(\d|file:\.\.\/\.\.\/pkg$)/);
  if (manifest.dependencies['byoa']) manifest.dependencies['byoa'] = `file:${tarball}`;
  writeFileSync(file, JSON.stringify(manifest));
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'], { cwd: place });
  return place;
}

/** A program of an installed example, run without npm in between. */
const program = (place: string, path: string) => join(place, 'node_modules', path);

beforeAll(async () => {
  const place = scratch();
  undo.add(place.remove);
  folder = place.path;
  built('pkg/dist/index.js', 'node scripts/build.mjs pkg');
  const { stdout } = await run('npm', ['pack', join(root, 'pkg'), '--json', '--pack-destination', folder]);
  // npm 11 gives a list, npm 12 an object by name.
  const packed = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>)[0];
  if (!packed) throw new Error('npm packed nothing');
  tarball = join(folder, packed.filename);

  const [api, backendPort, vite, next] = (await freePorts(4)) as [number, number, number, number];
  ports = { backend: backendPort, vite, next };
  const issuer = `http://localhost:${backendPort}`;
  server = new ByoaServer(api, folder);
  await server.createEnvironment({
    id: ENVIRONMENT_ID,
    issuer,
    jwksUrl: `${issuer}/.well-known/jwks.json`,
    audience: 'byoa-examples',
    allowedOrigins: [`http://localhost:${vite}`, `http://localhost:${next}`],
  });
  await server.start();
  undo.add(() => server.stop());

  backend = await startProcess(process.execPath, [join(await installed('express-backend'), 'server.mjs')], `${issuer}/.well-known/jwks.json`, {
    PORT: String(backendPort),
    BYOA_API_BASE_URL: server.apiBaseUrl,
    BYOA_ENVIRONMENT_ID: ENVIRONMENT_ID,
    APP_ORIGINS: `http://localhost:${vite},http://localhost:${next}`,
  });
  undo.add(backend.stop);
  browser = await launchBrowser();
  undo.add(() => browser.close());
}, 300_000);
afterAll(undo.all);

async function open(url: string) {
  const watched = await openWatched(browser);
  onTestFinished(watched.close);
  await watched.page.goto(url);
  await watched.page.getByText('Nobody is signed in').waitFor();
  return watched;
}

/** Where a page was answered 401. The exchange may ask a proof for a nonce (RFC 9449, 8), which Chromium writes on the console. */
function refusedBy(page: Page): string[] {
  const refused: string[] = [];
  page.on('response', (response) => void (response.status() === 401 && refused.push(response.url())));
  return refused;
}

async function signIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Signed in as alice').waitFor();
}

describe('express-backend', () => {
  const ask = (path: string, init?: RequestInit) => fetch(`http://localhost:${ports.backend}${path}`, init);

  it('lets nobody in without a session, with nonsense, or with the JWT that was meant for the exchange', async () => {
    expect((await ask('/me')).status).toBe(401);
    expect((await ask('/me', { headers: { authorization: 'Bearer a.b.c' } })).status).toBe(401);
    const token = await ask('/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"user":"alice"}' });
    const { externalJwt } = (await token.json()) as { externalJwt: string };
    expect((await ask('/me', { headers: { authorization: `Bearer ${externalJwt}` } })).status).toBe(401);
    // The session of that JWT is one of no page: its audience is the server's own address.
    const { minifiedJwt } = (await (await server.signIn(externalJwt, { environmentId: ENVIRONMENT_ID })).json()) as { minifiedJwt: string };
    expect((await ask('/me', { headers: { authorization: `Bearer ${minifiedJwt}` } })).status).toBe(401);
    const page = { origin: `http://localhost:${ports.vite}`, environmentId: ENVIRONMENT_ID };
    const good = (await (await server.signIn(externalJwt, page)).json()) as { minifiedJwt: string };
    expect((await ask('/me', { headers: { authorization: `Bearer ${good.minifiedJwt}` } })).status).toBe(200);
  });

  it('gives nobody a token whom it does not know', async () => {
    const token = await ask('/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"user":"mallory"}' });
    expect(token.status).toBe(400);
  });
});

describe('vite-react', () => {
  it('builds, signs in, asks the backend with the session, survives a reload and signs out', async () => {
    const place = await installed('vite-react');
    const env = {
      ...process.env,
      NODE_ENV: 'production' as const,
      VITE_BYOA_ENVIRONMENT_ID: ENVIRONMENT_ID,
      VITE_BYOA_API_BASE_URL: server.apiBaseUrl,
      VITE_BACKEND_URL: `http://localhost:${ports.backend}`,
    };
    await run('npm', ['run', 'build'], { cwd: place, env });
    const url = `http://localhost:${ports.vite}/`;
    const page = await startProcess(process.execPath, [program(place, 'vite/bin/vite.js'), 'preview', place, '--port', String(ports.vite), '--strictPort'], url);
    onTestFinished(page.stop);

    const watched = await open(url);
    const refused = refusedBy(watched.page);
    await signIn(watched.page);
    await watched.page.getByRole('button', { name: 'Ask the backend' }).click();
    await watched.page.getByText('Only you can read this.').waitFor();
    await watched.page.reload();
    await watched.page.getByText('Signed in as alice').waitFor();
    await watched.page.getByRole('button', { name: 'Sign out' }).click();
    await watched.page.getByText('Nobody is signed in').waitFor();
    expect(refused.filter((one) => !one.startsWith(server.apiBaseUrl))).toEqual([]);
    expect(watched.said.filter((line) => !line.includes('401 (Unauthorized)'))).toEqual([]);
  }, 300_000);
});

// Its installation and build take minutes: `npm run test:examples`.
describe.runIf(process.env['BYOA_TEST_EXAMPLES'] === 'all')('next-app', () => {
  it('builds, signs in, and shows the protected page to who is signed in only', async () => {
    const place = await installed('next-app');
    const url = `http://localhost:${ports.next}`;
    const env = {
      ...process.env,
      NODE_ENV: 'production' as const,
      NEXT_TELEMETRY_DISABLED: '1',
      NEXT_PUBLIC_BYOA_ENVIRONMENT_ID: ENVIRONMENT_ID,
      NEXT_PUBLIC_BYOA_API_BASE_URL: server.apiBaseUrl,
      NEXT_PUBLIC_BACKEND_URL: `http://localhost:${ports.backend}`,
      NEXT_PUBLIC_APP_ORIGIN: url,
    };
    await run('npm', ['run', 'build'], { cwd: place, env });
    const app = await startProcess(process.execPath, [program(place, 'next/dist/bin/next'), 'start', place, '--port', String(ports.next)], url, env);
    onTestFinished(app.stop);

    const account = async (headers: Record<string, string> = {}) => (await fetch(`${url}/account`, { headers })).text();
    expect(await account()).toContain('The server knows nobody here');
    expect(await account({ cookie: 'app_session=a.b.c' })).toContain('The server knows nobody here');

    const foreign = { method: 'POST', headers: { origin: 'https://evil.example', authorization: 'Bearer a.b.c' } };
    expect((await fetch(`${url}/api/session`, foreign)).status).toBe(403);
    expect((await fetch(`${url}/api/session`, { ...foreign, headers: { ...foreign.headers, origin: url } })).status).toBe(401);

    const watched = await open(url);
    const refused = refusedBy(watched.page);
    await signIn(watched.page);
    const cookie = async () => (await watched.page.context().cookies()).find(({ name }) => name === 'app_session');
    await expect.poll(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    await watched.page.getByRole('link', { name: 'Your account' }).click();
    await watched.page.getByText(/The server knows you as [0-9a-f-]{36}/).waitFor();
    await watched.page.goto(url);
    await watched.page.getByText('Signed in as alice').waitFor();
    await watched.page.getByRole('button', { name: 'Sign out' }).click();
    await watched.page.getByText('Nobody is signed in').waitFor();
    await expect.poll(cookie).toBeUndefined();
    expect(refused.filter((one) => !one.startsWith(server.apiBaseUrl))).toEqual([]);
    expect(watched.said.filter((line) => /hydrat|error/i.test(line) && !line.includes('401 (Unauthorized)'))).toEqual([]);
  }, 600_000);
});
