// A page that follows its own provider, with the real client, core and server: useSyncExternalAuth and byoa/react-hooks.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { built, root, scratch, undoing } from '../support/processes.ts';

const PAGE = `<!doctype html><html lang="en"><head><title>Sync</title><link rel="icon" href="data:,">
<script type="application/json" id="config"></script></head>
<body><div id="root"></div><script type="module" src="./main.tsx"></script></body></html>`;

/** The provider remembers its user over a reload, as providers do, and can be made to fail. */
const MAIN = `
import { createRoot } from 'react-dom/client';
import { StrictMode, useState } from 'react';
import { createDynamicClient, onEvent } from 'byoa';
import { DynamicProvider, useLogout, useSignInWithExternalJwt, useSyncExternalAuth, useUser } from 'byoa/react-hooks';

const { issuerUrl, apiBaseUrl } = JSON.parse(document.getElementById('config').textContent);
const client = createDynamicClient({ environmentId: '00000000-0000-4000-8000-00000000b0a0', coreConfig: { apiBaseUrl } });
const reasons = [];
onEvent({ event: 'logout', listener: ({ reason }) => reasons.push(reason) });
window.reasons = reasons;

const listeners = new Set();
const provider = {
  mood: 'well',
  get user() { return sessionStorage.getItem('provider') ?? ''; },
  become(user) { sessionStorage.setItem('provider', user); listeners.forEach((tell) => tell()); },
};
const tokenOf = async (user) => (await (await fetch(issuerUrl + '/token', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user, alg: 'ES256' }),
})).json()).externalJwt;

async function getExternalJwt() {
  if (provider.mood === 'broken') throw new Error('the provider is broken');
  return provider.user ? tokenOf(provider.user) : null;
}
const subscribe = (changed) => { listeners.add(changed); return () => listeners.delete(changed); };

function Page() {
  const sync = useSyncExternalAuth({ getExternalJwt, subscribe });
  const { data: user, isLoading } = useUser();
  const { mutate: logout } = useLogout();
  const { mutate: signIn } = useSignInWithExternalJwt();
  const [, again] = useState(0);
  const provide = (user) => () => { provider.become(user); again((n) => n + 1); };
  return <>
    <button onClick={provide('alice')}>Alice at the provider</button>
    <button onClick={provide('bilal')}>Bilal at the provider</button>
    <button onClick={provide('')}>Nobody at the provider</button>
    <button onClick={() => { provider.mood = 'broken'; provider.become(provider.user); }}>Break the provider</button>
    <button onClick={() => { provider.mood = 'well'; provider.become(provider.user); }}>Mend the provider</button>
    <button onClick={() => logout()}>Sign out here</button>
    <button onClick={async () => signIn({ externalJwt: await tokenOf('alice') })}>Sign in here</button>
    <output>{isLoading ? 'loading' : (user?.externalUserId ?? 'nobody') + ', ' + sync.status}</output>
  </>;
}
createRoot(document.getElementById('root')).render(
  <StrictMode><DynamicProvider client={client}><Page /></DynamicProvider></StrictMode>,
);`;

const undo = undoing();
let browser: Browser;
let demo: Demo;
let page: Page;
let said: readonly string[];
let exchanges: number;
let close: () => Promise<unknown>;

beforeAll(async () => {
  browser = await launchBrowser();
  undo.add(() => browser.close());
  const folder = scratch();
  undo.add(folder.remove);
  writeFileSync(join(folder.path, 'index.html'), PAGE);
  writeFileSync(join(folder.path, 'main.tsx'), MAIN);
  const entry = (path: string) => built(`pkg/dist/${path}`, 'node scripts/build.mjs pkg');
  await build({
    root: folder.path,
    configFile: false,
    logLevel: 'error',
    plugins: [react()],
    resolve: {
      alias: [
        { find: /^byoa$/, replacement: entry('index.js') },
        { find: /^byoa\/react-hooks$/, replacement: entry('react-hooks/index.js') },
        { find: /^(react(?:-dom)?)(\/.*)?$/, replacement: `${join(root, 'node_modules', '$1')}$2` },
      ],
    },
    build: { outDir: join(folder.path, 'dist'), assetsInlineLimit: 0 },
  });
  demo = await startDemo({ dist: join(folder.path, 'dist') });
  undo.add(demo.stop);
});
afterAll(undo.all);

beforeEach(async () => {
  ({ page, said, close } = await openWatched(browser));
  exchanges = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/externalAuth/signin')) exchanges += 1;
  });
  await page.goto(demo.pageUrl);
});
afterEach(() => close());

const press = (name: string) => page.getByRole('button', { name }).click();
const shown = (text: string) => page.getByText(text, { exact: true }).waitFor();
const reasons = () => page.evaluate(() => (window as unknown as { reasons: string[] }).reasons);

it('follows a sign-in, a reload, a switch of user and a sign-out of the provider', async () => {
  await shown('nobody, signedOut');
  await press('Alice at the provider');
  await shown('alice, synced');
  expect(exchanges).toBe(1);
  await page.reload();
  await shown('alice, synced');
  expect(exchanges, 'a restored session needs no exchange').toBe(1);
  await press('Bilal at the provider');
  await shown('bilal, synced');
  expect([exchanges, await reasons()]).toEqual([2, ['provider-signed-out']]);
  await press('Nobody at the provider');
  await shown('nobody, signedOut');
  expect(await reasons()).toEqual(['provider-signed-out', 'provider-signed-out']);
  expect(said.filter((text) => text.startsWith('uncaught'))).toEqual([]);
});

it('keeps the session while the provider is broken, and says so', async () => {
  await press('Alice at the provider');
  await shown('alice, synced');
  await press('Break the provider');
  await shown('alice, retrying');
  await press('Mend the provider');
  await shown('alice, synced');
  expect([exchanges, await reasons()]).toEqual([1, []]);
});

it('lets a user who signs out here stay out, until the user signs in here or another is at the provider', async () => {
  await press('Alice at the provider');
  await shown('alice, synced');
  await press('Sign out here');
  await shown('nobody, paused');
  await press('Alice at the provider');
  await shown('nobody, paused');
  expect(exchanges).toBe(1);
  await press('Sign in here');
  await shown('alice, synced');
  await press('Sign out here');
  await shown('nobody, paused');
  await press('Bilal at the provider');
  await shown('bilal, synced');
});

it('signs out in the other tab too, and brings nobody back there', async () => {
  await press('Alice at the provider');
  await shown('alice, synced');
  const other = await page.context().newPage();
  await other.addInitScript(() => sessionStorage.setItem('provider', 'alice'));
  await other.goto(demo.pageUrl);
  await other.getByText('alice, synced', { exact: true }).waitFor();
  await press('Sign out here');
  await other.getByText('nobody, paused', { exact: true }).waitFor();
  await shown('nobody, paused');
});
