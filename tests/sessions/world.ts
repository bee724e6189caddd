// A real server behind a proxy that breaks things, an issuer, an app, and the tabs that show it.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { ByoaServer, ENVIRONMENT_ID, type Environment, type Serve } from '../support/byoa-server.ts';
import type { Driver, Profile, Tab } from '../support/driver.ts';
import { FaultyProxy } from '../support/faulty-proxy.ts';
import { TestIssuer } from '../support/issuer.ts';
import type { CoreClient } from '../../pkg-template/src/core.ts';
import { built, freePorts, scratch, undoing, until } from '../support/processes.ts';

const AUDIENCE = 'sessions';
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };
/** Not `localhost`, so that plain HTTP is no secure context. */
export const INSECURE_HOST = 'app.example.test';

export interface World {
  readonly proxy: FaultyProxy;
  readonly server: ByoaServer;
  /** Where the app is. */
  readonly origin: string;
  /** The same app under a name that is no secure context. */
  readonly insecureOrigin: string;
  /** A JWT of the app's own backend. */
  readonly jwt: (sub: string, claims?: object) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(serve: Omit<Serve, 'publicUrl'> = {}, environment: Partial<Environment> = {}): Promise<World> {
  const undo = undoing();
  try {
    const folder = scratch();
    undo.add(folder.remove);
    const issuer = await TestIssuer.start(['ES256']);
    undo.add(issuer.stop);
    // Asked for last: another test file may take it meanwhile.
    const [port] = (await freePorts(1)) as [number];
    const proxy = await FaultyProxy.start(new URL(`http://127.0.0.1:${port}`));
    undo.add(proxy.stop);
    const app = await serveApp(proxy.origin);
    undo.add(app.stop);
    const server = new ByoaServer(port, folder.path, { ...serve, publicUrl: proxy.origin });
    const allowedOrigins = [app.origin, app.insecureOrigin];
    await server.createEnvironment({ issuer: issuer.url, jwksUrl: issuer.jwksUrl, audience: AUDIENCE, allowedOrigins, ...environment });
    await server.start();
    undo.add(() => server.stop());
    const jwt = (sub: string, claims = {}) => issuer.sign('ES256', { sub, audience: AUDIENCE, claims });
    return { proxy, server, origin: app.origin, insecureOrigin: app.insecureOrigin, jwt, stop: undo.all };
  } catch (error) {
    await undo.all();
    throw error;
  }
}

/** The built package and the test's page, as any static host would. */
async function serveApp(apiOrigin: string) {
  const pkg = built('pkg/dist', 'node scripts/build.mjs pkg');
  const page = join(import.meta.dirname, 'page');
  const config = JSON.stringify({ environmentId: ENVIRONMENT_ID, apiBaseUrl: `${apiOrigin}/api/v0` });
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://app').pathname);
    const file = path.startsWith('/pkg/') ? join(pkg, path.slice('/pkg'.length)) : join(page, path === '/' ? 'index.html' : path);
    const body = await readFile(file, 'utf8').catch(() => undefined);
    if (body === undefined) return void response.writeHead(404).end();
    // For the frame, whose origin is nobody's.
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'access-control-allow-origin': '*' });
    response.end(body.replace('id="config"></script>', `id="config">${config}</script>`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    insecureOrigin: `http://${INSECURE_HOST}:${port}`,
    stop: () => (server.closeAllConnections(), once(server.close(), 'close')),
  };
}

/** What a page remembers of one moment. */
export interface Moment {
  /** Comparable between tabs. */
  readonly at: number;
  readonly kind: 'state' | 'event';
  readonly type?: string;
  readonly status?: 'loading' | 'signedIn' | 'signedOut';
  readonly reason: string | null;
  readonly code?: string;
  readonly user: string | null;
  readonly firstName?: string | null;
  readonly level?: string | null;
}

/** What became of a call. */
export interface Outcome {
  readonly at: number;
  readonly value: string | null;
  readonly error: { name: string; code: string | null; reason: string | null; status: number | null; message: string; retryable: boolean | null } | null;
}

interface PageApp {
  readonly log: Moment[];
  readonly uncaught: string[];
  readonly ready?: boolean;
  readonly startFailure: Outcome['error'];
  now(): State;
  signIn(jwt: string, id: string): Promise<Outcome>;
  refresh(): Promise<Outcome>;
  refreshUser(): Promise<Outcome>;
  update(fields: object): Promise<Outcome>;
  logout(): Promise<Outcome>;
  token(): Token | null;
  rawToken(): string | null;
  core(): Promise<CoreClient>;
  load(name: string): Promise<unknown>;
  inspect(): Timeline | null;
}

export interface State {
  readonly status: 'loading' | 'signedIn' | 'signedOut';
  readonly reason: string | null;
  readonly user: string | null;
  readonly firstName: string | null;
  readonly expiresAt: number | null;
  readonly level: string | null;
}

export interface Token {
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly exp: number;
  readonly iat: number;
  readonly bound: boolean;
}

export interface Timeline {
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly nextRefreshAt?: number;
  readonly refreshExpiresAt?: number;
  readonly skewMs: number;
  readonly storage: string;
  readonly security: { readonly level: string };
}

declare global {
  interface Window {
    readonly app: PageApp;
    readonly stepClock: (ms: number) => void;
    readonly said: { to: string; message: string }[];
    readonly reports: unknown[];
  }
}

/** How a tab of the app is opened. */
export interface Opening {
  /** Conditions of page/conditions.js. */
  readonly with?: readonly string[];
  /** By how many milliseconds its clock is wrong. */
  readonly clockOffMs?: number;
  readonly origin?: string;
  /** `off` for a session of whoever has the token; bound to a key unless given, where the browser can. */
  readonly binding?: 'off';
}

/** A tab that shows the app. */
export class AppTab {
  readonly tab: Tab;
  constructor(tab: Tab) {
    this.tab = tab;
  }

  static async open(world: World, profile: Profile, opening: Opening = {}): Promise<AppTab> {
    const tab = new AppTab(await profile.open(address(world, opening)));
    await tab.ready();
    return tab;
  }

  /** Until the client has started, or failed to. */
  ready(): Promise<void> {
    return until('the app to start', () => this.tab.run(() => window.app?.ready === true));
  }

  async reload(): Promise<void> {
    await this.tab.reload();
    await this.ready();
  }

  state = () => this.tab.run(() => window.app.now());
  token = () => this.tab.run(() => window.app.token());
  inspect = () => this.tab.run(() => window.app.inspect());
  log = () => this.tab.run(() => window.app.log);
  uncaught = () => this.tab.run(() => window.app.uncaught);
  logout = () => this.tab.run(() => window.app.logout());
  refresh = () => this.tab.run(() => window.app.refresh());
  refreshUser = () => this.tab.run(() => window.app.refreshUser());
  update = (fields: object) => this.tab.run((given) => window.app.update(given), fields);
  stepClock = (ms: number) => this.tab.run((by) => window.stepClock(by), ms);

  /** As a user of the app's own backend. */
  async signIn(world: World, sub: string): Promise<Outcome> {
    return this.tab.run(({ jwt, id }) => window.app.signIn(jwt, id), { jwt: await world.jwt(sub), id: sub });
  }

  /** Until it shows what is asked for. */
  async shows(what: string, check: (state: State) => boolean): Promise<State> {
    let last: State | undefined;
    try {
      await until(what, async () => check((last = await this.state())));
    } catch (error) {
      throw new Error(`${String(error)} It shows ${JSON.stringify(last)} after ${JSON.stringify(await this.log().then((log) => log.slice(-12)))}`);
    }
    return last as State;
  }
}

export function address(world: World, opening: Opening = {}): string {
  const url = new URL(opening.origin ?? world.origin);
  if (opening.with?.length) url.searchParams.set('with', opening.with.join(','));
  if (opening.clockOffMs) url.searchParams.set('clock', String(opening.clockOffMs));
  if (opening.binding) url.searchParams.set('binding', opening.binding);
  return url.href;
}

/** Logouts that a tab saw, in order. */
export async function logouts(tab: AppTab): Promise<string[]> {
  return (await tab.log()).flatMap(({ kind, type, reason }) => (kind === 'event' && (type === 'logout' || type === 'signedOut') ? [String(reason)] : []));
}

/** Numbers that a seed repeats (mulberry32). */
export function randomFrom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (bound: number) => Math.floor(next() * bound),
    pick: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T,
  };
}

/** From BYOA_SEED, else a new one; printed, so that a failure can be had again. */
export function seed(): number {
  const given = process.env['BYOA_SEED'];
  const chosen = given ? Number(given) : Math.floor(Math.random() * 2 ** 32);
  console.log(`seed ${chosen} (again with BYOA_SEED=${chosen})`);
  return chosen;
}

export type { Driver };
