// The demo as `npm start` runs it: three real processes, here on free ports and in a folder of their own.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ByoaServer } from './byoa-server.ts';
import { built, freePorts, root, scratch, startProcess, undoing } from './processes.ts';

const BUILD = 'node scripts/build.mjs demo';

export interface Demo {
  readonly pageUrl: string;
  readonly issuerUrl: string;
  readonly server: ByoaServer;
  /** Ends the backend; the page stays. */
  readonly stopIssuer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startDemo({ dist = 'www/dist', ports }: { dist?: string; ports?: readonly number[] } = {}): Promise<Demo> {
  const folder = scratch();
  const undo = undoing();
  undo.add(folder.remove);
  try {
    const [pagePort, issuerPort, serverPort] = (ports ?? (await freePorts(3))) as [number, number, number];
    const pageUrl = `http://localhost:${pagePort}`;
    const issuerUrl = `http://localhost:${issuerPort}`;
    const jwksUrl = `${issuerUrl}/.well-known/jwks.json`;

    const server = new ByoaServer(serverPort, folder.path);
    await server.createEnvironment({ issuer: issuerUrl, jwksUrl, audience: 'byoa-demo', allowedOrigins: [pageUrl] });
    const env = {
      BYOA_PAGE_PORT: String(pagePort),
      BYOA_ISSUER_PORT: String(issuerPort),
      BYOA_SERVER_PORT: String(serverPort),
      BYOA_DEMO_DIR: folder.path,
    };
    const node = (script: string, url: string, ...args: string[]) => startProcess(process.execPath, [join(root, script), ...args], url, env);
    undo.add(() => server.stop());
    const [issuer, page] = await Promise.all([
      node('www/issuer/server.mjs', jwksUrl),
      node('www/serve.mjs', pageUrl, '--dist', built(dist, BUILD)),
      server.start(),
    ]);
    undo.add(issuer.stop);
    undo.add(page.stop);
    return { pageUrl, issuerUrl, server, stopIssuer: issuer.stop, stop: undo.all };
  } catch (error) {
    await undo.all();
    throw error;
  }
}

/** Signs in at the backend and exchanges the JWT, as a visitor does. */
export async function signInOnPage(page: Page, user = 'Alice Moreau', alg = 'RS256'): Promise<void> {
  await page.getByRole('radio', { name: user }).check();
  await page.getByRole('radio', { name: alg }).check();
  await page.getByRole('button', { name: 'Sign in at your backend' }).click();
  await page.getByRole('article', { name: 'external JWT' }).waitFor();
  await page.getByRole('button', { name: 'signInWithExternalJwt()' }).click();
  await page.getByRole('article', { name: 'session token' }).waitFor();
}

/** Tokens of the session that the page keeps in localStorage, wherever in it they are. */
export async function storedTokens(page: Page): Promise<string[]> {
  const stored = await page.evaluate(() => JSON.stringify(localStorage));
  return stored.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? [];
}
