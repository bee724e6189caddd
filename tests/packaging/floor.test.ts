// The core in JavaScript, for hosts without WebAssembly, beside the one in wasm: the same verdicts, by the same words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { built, root } from '../support/processes.ts';

const HOW = 'node scripts/build.mjs pkg';
const CONFIG = { environmentId: '00000000-0000-4000-8000-00000000b0a0', apiBaseUrl: 'https://auth.example.com/api/v0' };

interface Core {
  readonly ByoaClient: new (config: typeof CONFIG) => Client;
}

interface Client {
  start(): unknown;
  externalAuth(): { signInWithExternalJwt(args: object): Promise<unknown> };
  updateUser(fields: unknown): Promise<unknown>;
  refresh(): Promise<unknown>;
  getSnapshot(): unknown;
  getAuthToken(): string | undefined;
  onEvent(listener: (event: unknown) => void): () => void;
  close(): void;
}

const cores: Partial<Record<'wasm' | 'floor', Core>> = {};

beforeAll(async () => {
  const load = (name: string) => import(pathToFileURL(built(`pkg/dist/generated/${name}.js`, HOW)).href);
  const [{ makeCore }, { instantiate }] = await Promise.all([load('byoa'), load('floor')]);
  const wasm = readFileSync(built('pkg/byoa.wasm', HOW));
  cores.wasm = await makeCore(async (imports: WebAssembly.Imports) => (await WebAssembly.instantiate(wasm, imports)).instance.exports);
  cores.floor = await makeCore(instantiate);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What a fetch is answered; each call takes the next, the last one stays. */
type Answers = readonly (() => Response)[];

/** All that can be seen from outside of a core that does something: what it asked, kept, told, gave and refused. */
async function witness(core: Core, now: number, answers: Answers, act: (client: Client) => Promise<unknown>): Promise<object> {
  vi.useFakeTimers({ now, toFake: ['Date'] });
  const asked: unknown[] = [];
  const kept = new Map<string, string>();
  vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => bytes.fill(7) });
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const request = new Request(input, init);
    // Read by the way, and not by what is compared.
    if (request.url.endsWith('/settings')) return new Response('{}', { headers: { 'content-type': 'application/json' } });
    asked.push([request.method, request.url, [...request.headers], await request.text()]);
    return (answers[Math.min(asked.length, answers.length) - 1] ?? (() => new Response('', { status: 503 })))();
  });
  const told: unknown[] = [];
  const client = new core.ByoaClient(CONFIG);
  client.onEvent((event) => told.push(event));
  client.start();
  await settled();
  const outcome = await act(client).then(
    (value) => ({ gave: value }),
    (error) => ({ threw: { name: error.name, message: error.message, ...error } }),
  );
  await settled();
  const seen = { outcome, asked, kept: [...kept], told, snapshot: client.getSnapshot(), token: client.getAuthToken() };
  client.close();
  return seen;
}

/** What was begun in the background has ended: nothing here waits for more than some turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function sameOfBoth(now: number, answers: Answers, act: (client: Client) => Promise<unknown>): Promise<any> {
  const { wasm, floor } = cores;
  if (!wasm || !floor) throw new Error('not loaded');
  const expected = await witness(wasm, now, answers, act);
  expect(await witness(floor, now, answers, act)).toEqual(expected);
  return expected;
}

const signIn = (externalJwt: unknown, externalUserId: unknown) => (client: Client) =>
  client.externalAuth().signInWithExternalJwt({ externalJwt, externalUserId });

const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token of any shape: what reads it in the client does not look at the signature. */
const token = (header: unknown, payload: unknown) => `${part(header)}.${part(payload)}.${part('signature')}`;

const NOW = 1_795_330_719_000;
const session = (claims: object = {}) => token({ alg: 'ES256' }, { iss: 'auth.example.com/e', sub: 'u', exp: NOW / 1000 + 7200, iat: NOW / 1000, scope: 'user:basic', ...claims });
const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) => () =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
const user = { id: 'b0a00000-0000-4000-8000-000000000001', projectEnvironmentId: CONFIG.environmentId, sessionId: 's', verifiedCredentials: [], email: 'ada@example.com', firstName: 'Ädä 𝄞', metadata: { nested: [1, -2.5, 1e21, null, true, 'é'] }, newUser: true, missingFields: [], scope: 'user:basic', lastVerifiedCredentialId: 'c', firstVisit: '2026-01-01T00:00:00.000Z', lastVisit: '2026-01-01T00:00:00.000Z' };
const signedIn = (more: object = {}) => answer({ user, expiresAt: NOW / 1000 + 7200, jwt: session(), minifiedJwt: session(), ...more });
const good = token({ alg: 'ES256', typ: 'JWT' }, { iss: 'https://issuer.example.com', aud: 'app', sub: 'ada', iat: NOW / 1000, exp: NOW / 1000 + 300 });

describe('the core in JavaScript and the one in wasm', () => {
  interface Case {
    readonly id: string;
    readonly now: number;
    readonly jwt: string;
  }
  const corpus = readFileSync(join(root, 'crates/jwt/tests/data/corpus_open.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Case);

  it('give the same verdict on every token of the corpus', async () => {
    const codes = new Map<string, number>();
    for (const { now, jwt } of corpus) {
      let sub: unknown = 'somebody';
      try {
        sub = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).sub;
      } catch {
        // Not to be read; any name will do.
      }
      for (const externalUserId of [sub, 'somebody-else']) {
        const { outcome } = await sameOfBoth(now * 1000, [signedIn()], signIn(jwt, externalUserId));
        const code = outcome.threw ? `${outcome.threw.code} ${outcome.threw.reason}` : 'accepted';
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    // The corpus reaches both answers and many reasons; else the comparison would be of little.
    expect(codes.get('accepted')).toBeGreaterThan(20);
    expect(codes.size).toBeGreaterThan(6);
  });

  it.each([
    ['accepts', signedIn()],
    ['refuses, with a reason', answer({ error: 'refused', code: 'invalid_external_auth', reason: 'jwt_expired' }, 401)],
    ['has no time', answer({ error: 'slow down', code: 'rate_limited' }, 429, { 'retry-after': '7' })],
    ['says no JSON', answer('<!doctype html>')],
    ['says half a JSON', answer('{"user":')],
    ['leaves out the user', answer({ expiresAt: 1, jwt: session() })],
    ['says numbers that are none', answer(`{"expiresAt":1e999,"jwt":${JSON.stringify(session())}}`)],
    ['says a time with a fraction', signedIn({ expiresAt: NOW / 1000 + 0.5 })],
    ['says a time in the far future', signedIn({ expiresAt: 2 ** 53 })],
    ['says deeply nested JSON', answer(`${'['.repeat(500)}${']'.repeat(500)}`)],
    ['fails', answer('', 500)],
    ['is another program', answer({ hello: 'world' }, 200)],
  ])('say the same where the server %s', async (_, first) => {
    await sameOfBoth(NOW, [first], signIn(good, 'ada'));
  });

  it.each([
    ['nothing', undefined, undefined],
    ['numbers', 1, 2],
    ['empty texts', '', ''],
    ['a long text of other alphabets', '𝄞é'.repeat(9000), 'é'],
    ['lone surrogates', '\ud800.\udc00.a', '\ud800'],
    ['a time of 53 bits', token({ alg: 'ES256' }, { sub: 'a', exp: 2 ** 53 - 1 }), 'a'],
    ['a time beyond 64 bits', token({ alg: 'ES256' }, '{"sub":"a","exp":99999999999999999999999}'), 'a'],
    ['a negative time', token({ alg: 'ES256' }, { sub: 'a', exp: -1 }), 'a'],
    ['a time with a fraction', token({ alg: 'ES256' }, { sub: 'a', exp: NOW / 1000 + 9.75 }), 'a'],
    ['a time with an exponent', token({ alg: 'ES256' }, '{"sub":"a","exp":1.9e9}'), 'a'],
  ])('say the same about %s', async (_, jwt, id) => {
    await sameOfBoth(NOW, [signedIn()], signIn(jwt, id));
  });

  it('go the same way through a session', async () => {
    const { outcome, snapshot } = await sameOfBoth(
      NOW,
      [signedIn(), answer({ user: { ...user, alias: 'ada' } }), signedIn({ jwt: session({ n: 2 }) }), answer('', 401)],
      async (client) => {
        const first = await signIn(good, 'ada')(client);
        const changed = await client.updateUser({ alias: 'ada', metadata: { a: [1, 2.5, 'é'] } }).catch(String);
        const refreshed = await client.refresh().catch(String);
        const last = await client.refresh().catch(String);
        return { first, changed, refreshed, last };
      },
    );
    expect(outcome.gave.first).toBeDefined();
    expect(snapshot).toBeDefined();
  });
});
