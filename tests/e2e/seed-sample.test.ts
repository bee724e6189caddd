import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import react from '@vitejs/plugin-react';
import { type InlineConfig, build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, openWatched } from '../support/browser.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { built, root, scratch, undoing } from '../support/processes.ts';
import { seedSamplePlugin } from '../support/seed-sample.ts';

const PAGE = `<!doctype html><html lang="en"><head><title>Sample</title><link rel="icon" href="data:,">
<script type="application/json" id="config"></script></head>
<body><div id="root"></div><script type="module" src="./main.tsx"></script></body></html>`;

const main = (variant: string) => `
import { createRoot } from 'react-dom/client';
import { StrictMode, useState } from 'react';
import { DynamicContextProvider, useDynamicContext, useIsLoggedIn } from 'byoa/react';
import { SignInButton } from 'virtual:seed-sample/${variant}';

const { issuerUrl, apiBaseUrl } = JSON.parse(document.getElementById('config').textContent);
const settings = { environmentId: '00000000-0000-4000-8000-00000000b0a0', apiBaseUrl };

function Page() {
  const [token, setToken] = useState();
  const { user, sdkHasLoaded } = useDynamicContext();
  const isLoggedIn = useIsLoggedIn();
  const fetchToken = async (bend) => {
    const response = await fetch(issuerUrl + '/token', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'alice', alg: 'ES256', bend }),
    });
    setToken({ ...(await response.json()), is: bend ?? 'good' });
  };
  return <>
    <button onClick={() => fetchToken()}>Good token</button>
    <button onClick={() => fetchToken('wrong-audience')}>Bad token</button>
    {token && <><p>holds a {token.is} token</p><SignInButton {...token} /></>}
    <output>{!sdkHasLoaded ? 'loading' : isLoggedIn ? 'signed in as ' + user.externalUserId : 'signed out'}</output>
  </>;
}
createRoot(document.getElementById('root')).render(
  <StrictMode><DynamicContextProvider settings={settings}><Page /></DynamicContextProvider></StrictMode>,
);`;

const VARIANTS = ['renamed', 'verbatim'] as const;
const undo = undoing();
let browser: Browser;
const demos = new Map<string, Demo>();

beforeAll(async () => {
  browser = await launchBrowser();
  undo.add(() => browser.close());
  for (const variant of VARIANTS) {
    const dist = await buildPage(variant);
    const demo = await startDemo({ dist });
    undo.add(demo.stop);
    demos.set(variant, demo);
  }
});
afterAll(undo.all);

async function buildPage(variant: string): Promise<string> {
  const folder = scratch();
  undo.add(folder.remove);
  writeFileSync(join(folder.path, 'index.html'), PAGE);
  writeFileSync(join(folder.path, 'main.tsx'), main(variant));
  const module = (path: string) => join(root, 'node_modules', path);
  const hooks = built('pkg/dist/react/index.js', 'node scripts/build.mjs pkg');
  const config: InlineConfig = {
    root: folder.path,
    configFile: false,
    logLevel: 'error',
    plugins: [seedSamplePlugin(), react()],
    resolve: {
      alias: [
        { find: /^byoa\/react$/, replacement: hooks },
        { find: /^@dynamic-labs\/sdk-react-core$/, replacement: hooks },
        { find: /^(react(?:-dom)?)(\/.*)?$/, replacement: `${module('$1')}$2` },
      ],
    },
    build: { outDir: join(folder.path, 'dist'), assetsInlineLimit: 0 },
  };
  await build(config);
  return join(folder.path, 'dist');
}

it.each(VARIANTS)("runs the seed's sample in the browser, %s", async (variant) => {
  const demo = demos.get(variant);
  if (!demo) throw new Error('not started');
  const { page, said, close } = await openWatched(browser);
  try {
    await page.goto(demo.pageUrl);
    await page.getByText('signed out').waitFor();
    await page.getByRole('button', { name: 'Bad token' }).click();
    await page.getByText('holds a wrong-audience token').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => said.filter((text) => text.startsWith('error: sign-in failed:'))).toHaveLength(1);
    expect(await page.locator('output').textContent()).toBe('signed out');

    await page.getByRole('button', { name: 'Good token' }).click();
    await page.getByText('holds a good token').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('signed in as alice').waitFor();
    await page.reload();
    await page.getByText('signed in as alice').waitFor();
  } finally {
    await close();
  }
});
