// What every consumer is held against: a real byoa-server, an issuer, a browser, and the packed package.
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { launchBrowser, openWatched } from '../../support/browser.ts';
import { ByoaServer, ENVIRONMENT_ID } from '../../support/byoa-server.ts';
import { TestIssuer } from '../../support/issuer.ts';
import { freePorts, scratch, undoing } from '../../support/processes.ts';
import { Project, pack } from './project.ts';

const AUDIENCE = 'consumer';
const ALGORITHM = 'ES256';
/** A dev server compiles on the first request. */
const FIRST_ANSWER_MS = 120_000;

/** What a consumer is told: which environment, and who signs in with what. */
export interface Told {
  readonly environmentId: string;
  readonly apiBaseUrl: string;
  readonly externalJwt: string;
  readonly externalUserId: string;
}

export class World {
  readonly #issuer: TestIssuer;
  readonly #ports: number[];
  readonly #projects = new Map<string, Promise<Project>>();
  readonly server: ByoaServer;
  readonly browser: Browser;
  readonly folder: string;
  readonly tarball: string;
  readonly stop: () => Promise<void>;
  #users = 0;

  private constructor(parts: { issuer: TestIssuer; ports: number[]; server: ByoaServer; browser: Browser; folder: string; tarball: string; stop: () => Promise<void> }) {
    this.#issuer = parts.issuer;
    this.#ports = parts.ports;
    this.server = parts.server;
    this.browser = parts.browser;
    this.folder = parts.folder;
    this.tarball = parts.tarball;
    this.stop = parts.stop;
  }

  /** @param places how many origins will be asked for */
  static async start(places: number): Promise<World> {
    const undo = undoing();
    try {
      const folder = scratch();
      undo.add(folder.remove);
      const tarball = await pack(folder.path);
      const issuer = await TestIssuer.start([ALGORITHM]);
      undo.add(issuer.stop);
      const [serverPort, ...ports] = (await freePorts(places + 1)) as [number, ...number[]];
      const server = new ByoaServer(serverPort, folder.path);
      const allowedOrigins = ports.map((port) => `http://localhost:${port}`);
      await server.createEnvironment({ issuer: issuer.url, jwksUrl: issuer.jwksUrl, audience: AUDIENCE, allowedOrigins });
      await server.start();
      undo.add(() => server.stop());
      const browser = await launchBrowser();
      undo.add(() => browser.close());
      return new World({ issuer, ports, server, browser, folder: folder.path, tarball, stop: undo.all });
    } catch (error) {
      await undo.all();
      throw error;
    }
  }

  /** A port whose origin the environment allows; each is given once. */
  port(): number {
    const port = this.#ports.pop();
    if (port === undefined) throw new Error('World.start() was asked for fewer places.');
    return port;
  }

  /** The project of this name, installed once. */
  project(name: string): Promise<Project> {
    const known = this.#projects.get(name) ?? Project.install(name, this.folder, this.tarball);
    this.#projects.set(name, known);
    return known;
  }

  /** A user of their own, with a good token. */
  async told(): Promise<Told> {
    const externalUserId = `user-${(this.#users += 1)}`;
    const externalJwt = await this.#issuer.sign(ALGORITHM, { sub: externalUserId, audience: AUDIENCE });
    return { environmentId: ENVIRONMENT_ID, apiBaseUrl: this.server.apiBaseUrl, externalJwt, externalUserId };
  }

  /** What a program printed as its last line: that it signed this user in, with a token that lives. */
  async expectSignedIn(line: string, told: Told): Promise<void> {
    const { who, token } = JSON.parse(line) as { who: string; token?: string };
    expect(who).toBe(`signed in as ${told.externalUserId}`);
    expect(await this.server.session(token ?? '')).toBe(204);
  }

  /**
   * Signs in on a page in the browser, reloads it where a session is to be found again, and sees that nobody but
   * the page's own origin and the server was asked, that no file of wasm was, and that nothing was complained of.
   *
   * @returns the addresses asked for
   */
  async signIn(origin: string, { reloads = true, ignores = [] as readonly RegExp[], prepare = '' } = {}): Promise<string[]> {
    const told = await this.told();
    const { page, requests, said, close } = await openWatched(this.browser);
    try {
      await page.addInitScript(`${prepare}; globalThis.byoaTest = ${JSON.stringify(told)};`);
      page.setDefaultTimeout(FIRST_ANSWER_MS);
      await page.goto(origin);
      await page.getByText('signed out').waitFor();
      await page.getByRole('button', { name: 'Sign in' }).click();
      const output = page.locator('output');
      await expect.poll(() => output.textContent(), { timeout: 20_000, message: said.join('\n') }).toMatch(/^(signed in as|\w+:)/);
      expect(await output.textContent()).toBe(`signed in as ${told.externalUserId}`);
      const token = await page.evaluate<string>('globalThis.byoaToken?.()');
      expect(await this.server.session(token)).toBe(204);
      if (reloads) {
        await page.reload();
        await page.getByText(`signed in as ${told.externalUserId}`).waitFor();
      }
    } finally {
      await close();
    }
    const complaints = said.filter((text) => /^(error|warning|uncaught)/.test(text) && !ignores.some((pattern) => pattern.test(text)));
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(new URL(origin).origin) && !url.startsWith(this.server.origin) && /^https?:/.test(url))).toEqual([]);
    expect(requests.filter((url) => /\.wasm\b/.test(url))).toEqual([]);
    return requests;
  }
}
