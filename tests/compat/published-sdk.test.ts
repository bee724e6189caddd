// The published SDK, unchanged, in a browser, against this server: what its users would do first.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Witness, launchBrowser, openWatched } from '../support/browser.ts';
import { ByoaServer, ENVIRONMENT_ID } from '../support/byoa-server.ts';
import { TestIssuer } from '../support/issuer.ts';
import { freePorts, scratch, undoing } from '../support/processes.ts';

const AUDIENCE = 'compat';
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

const undo = undoing();
let issuer: TestIssuer;
let server: ByoaServer;
let browser: Browser;
let witness: Witness;

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  const dist = join(folder.path, 'dist');
  await build({
    root: join(import.meta.dirname, 'page'),
    logLevel: 'error',
    define: { global: 'globalThis' },
    build: { outDir: dist, minify: false },
  });
  const pages = createServer((request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '');
    readFile(join(dist, path)).then(
      (body) => response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(pages, 'listening');
  undo.add(() => (pages.closeAllConnections(), once(pages.close(), 'close')));
  const origin = `http://localhost:${(pages.address() as { port: number }).port}`;

  issuer = await TestIssuer.start(['RS256']);
  undo.add(issuer.stop);
  const [port] = (await freePorts(1)) as [number];
  server = new ByoaServer(port, folder.path);
  await server.createEnvironment({
    issuer: issuer.url,
    jwksUrl: issuer.jwksUrl,
    audience: AUDIENCE,
    allowedOrigins: [origin],
    stepUp: ['user:delete'],
  });
  await server.start();
  undo.add(() => server.stop());
  browser = await launchBrowser();
  undo.add(() => browser.close());
  witness = await openWatched(browser);
  await witness.page.goto(origin);
  await witness.page.waitForFunction(() => 'sdk' in window);
});

afterAll(() => undo.all());

/** Runs `body` in the page with the SDK and its client, and with `argument`. */
function inPage<T>(body: string, argument: unknown = null): Promise<T> {
  return witness.page.evaluate(`(async (sdk, client, argument) => { ${body} })(window.sdk, window.client, ${JSON.stringify(argument)})`);
}

const jwt = (claims: object = {}) => issuer.sign('RS256', { sub: 'ada', audience: AUDIENCE, claims });

it('initialises', async () => {
  const status = await inPage(
    `window.client = sdk.createDynamicClient({
       environmentId: argument.environmentId, autoInitialize: false, instrumentation: { enabled: false },
       coreConfig: { apiBaseUrl: argument.apiBaseUrl }, metadata: { name: 'compat', universalLink: location.origin },
     });
     await sdk.initializeClient(window.client);
     return window.client.initStatus;`,
    { environmentId: ENVIRONMENT_ID, apiBaseUrl: server.apiBaseUrl },
  );
  expect(status).toBe('finished');
});

it('tells a refused JWT apart', async () => {
  const refused = await inPage<{ name: string }>(
    `return sdk.signInWithExternalJwt({ externalJwt: argument }, client).then(() => ({}), (error) => ({ name: error.name, code: error.code }));`,
    await jwt({ aud: 'another' }),
  );
  expect(refused).toEqual({ name: 'InvalidExternalAuthError', code: 'invalid_external_auth_error' });
});

it('signs in', async () => {
  const user = await inPage<{ verifiedCredentials: { format: string; publicIdentifier: string }[] }>(
    `await sdk.signInWithExternalJwt({ externalJwt: argument }, client);
     return JSON.parse(JSON.stringify(client.user));`,
    await jwt(),
  );
  expect(user.verifiedCredentials).toMatchObject([{ format: 'externalUser', publicIdentifier: 'ada' }]);
  expect(await server.session(await token())).toBe(204);
});

const token = () => inPage<string>('return client.token;');

it('updates the user', async () => {
  const alias = await inPage(
    `await sdk.updateUser({ userFields: { alias: 'Ada' } }, client);
     await sdk.refreshUser(client);
     return client.user.alias;`,
  );
  expect(alias).toBe('Ada');
});

it('refreshes', async () => {
  const before = await token();
  await inPage('await sdk.refreshAuth(client);');
  const after = await token();
  expect(after).not.toBe(before);
  expect([await server.session(before), await server.session(after)]).toEqual([401, 204]);
});

it('steps up', async () => {
  const check = (scope: string) => inPage<boolean>('return (await sdk.checkStepUpAuth({ scope: argument }, client)).isRequired;', scope);
  expect(await check('user:delete')).toBe(true);
  const elevated = await inPage<string | undefined>(
    `await sdk.requestExternalAuthElevatedToken({ externalJwt: argument }, client);
     return sdk.getElevatedAccessToken({ scope: 'user:delete', consume: false }, client);`,
    await jwt({ scope: 'user:delete', jti: crypto.randomUUID() }),
  );
  expect(elevated?.split('.')).toHaveLength(3);
  expect(await check('user:delete')).toBe(false);
});

it('logs out', async () => {
  const held = await token();
  const user = await inPage(`await sdk.logout(client); return client.user;`);
  expect(user).toBeNull();
  expect(await server.session(held)).toBe(401);
});

it('asked nobody else', () => {
  const hosts = new Set(witness.requests.map((url) => new URL(url).hostname));
  expect([...hosts].filter((host) => host !== 'localhost' && host !== '')).toEqual([]);
});
