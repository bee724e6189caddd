import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTestClock, createTestIssuer, createTestServer } from '../src/testing/index.js';

const HOUR = 60 * 60_000;

interface Answer {
  readonly minifiedJwt: string;
  readonly expiresAt: number;
  readonly code?: string;
  readonly user: { readonly id: string };
}

type Server = Awaited<ReturnType<typeof createTestServer>>;

async function ask(server: Server, operation: string, { token, body, method = 'POST' }: { token?: string; body?: object; method?: string } = {}) {
  const { apiBaseUrl, environmentId } = server.settings;
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await server.fetch(`${apiBaseUrl}/sdk/${environmentId}/${operation}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, answer: JSON.parse(text || '{}') as Answer, response };
}

const signIn = async (server: Server, sub = 'alice') => (await ask(server, 'externalAuth/signin', { body: { jwt: await server.issuer.sign(sub) } })).answer;

afterEach(() => vi.useRealTimers());

describe('the test issuer', () => {
  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const)('signs with %s what any JWT library verifies', async (algorithm) => {
    const issuer = await createTestIssuer({ algorithm, audience: 'app' });
    const keys = createRemoteJWKSet(new URL(`${issuer.issuer}/jwks`), { [customFetch]: async () => Response.json(issuer.jwks()) });
    const { payload } = await jwtVerify(await issuer.sign('alice', { claims: { email: 'a@example.com' } }), keys, { issuer: issuer.issuer, audience: 'app' });
    expect(payload).toMatchObject({ sub: 'alice', email: 'a@example.com' });
  });

  it('rotates its keys, with and without the old one beside the new one', async () => {
    const server = await createTestServer();
    const jwt = await server.issuer.sign('alice');
    await server.issuer.rotate();
    expect((await ask(server, 'externalAuth/signin', { body: { jwt } })).status).toBe(200);
    await server.issuer.rotate({ publishOld: false });
    expect((await ask(server, 'externalAuth/signin', { body: { jwt } })).answer).toMatchObject({ payload: { additionalMessages: ['jwt_kid_unknown'] } });
  });
});

describe('the test server', () => {
  it('gives session tokens that a backend can verify', async () => {
    const server = await createTestServer();
    const { minifiedJwt, user } = await signIn(server);
    const { apiBaseUrl, environmentId } = server.settings;
    const url = new URL(`${apiBaseUrl}/sdk/${environmentId}/.well-known/jwks`);
    const keys = createRemoteJWKSet(url, { [customFetch]: server.fetch });
    const { payload } = await jwtVerify(minifiedJwt, keys, { issuer: `${url.host}/${environmentId}` });
    expect(payload).toMatchObject({ sub: user.id, scope: 'user:basic' });
  });

  it('is as late as the fake timers of the test say', async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] });
    const server = await createTestServer();
    const { minifiedJwt: token } = await signIn(server);
    vi.setSystemTime(Date.UTC(2030, 0, 1, 0, 59, 59));
    expect((await ask(server, 'session', { token, method: 'GET' })).status).toBe(204);
    vi.setSystemTime(Date.UTC(2030, 0, 1, 1));
    expect((await ask(server, 'session', { token, method: 'GET' })).status).toBe(401);
  });

  it('refreshes the newest token also past its end, until the window closes, and nothing else', async () => {
    const clock = createTestClock();
    const server = await createTestServer({ now: clock.now, refreshWindowSeconds: 24 * 60 * 60 });
    const { minifiedJwt: first } = await signIn(server);
    clock.jump(5 * HOUR);
    expect((await ask(server, 'users', { token: first, method: 'GET' })).status).toBe(401);
    const { answer } = await ask(server, 'refresh', { token: first });
    expect(answer.expiresAt).toBe(clock.now() / 1000 + 7200);
    clock.jump(19 * HOUR);
    expect((await ask(server, 'refresh', { token: answer.minifiedJwt })).status).toBe(401);
  });

  it('does not go on with a session that was left alone for too long', async () => {
    const clock = createTestClock();
    const server = await createTestServer({ now: clock.now, idleLimitSeconds: 600 });
    const { minifiedJwt: token } = await signIn(server);
    clock.jump(HOUR + 599_000);
    const { answer } = await ask(server, 'refresh', { token });
    clock.jump(2 * HOUR + 600_000);
    expect((await ask(server, 'refresh', { token: answer.minifiedJwt })).answer.code).toBe('session_idle');
    expect((await ask(server, 'session', { token: answer.minifiedJwt, method: 'GET' })).answer.code).toBe('unauthorized');
  });

  it('gives a replaced token its successor within the grace, and ends the session later', async () => {
    const clock = createTestClock();
    const server = await createTestServer({ now: clock.now });
    const { minifiedJwt: first } = await signIn(server);
    const { answer: second } = await ask(server, 'refresh', { token: first });
    clock.jump(29_000);
    expect((await ask(server, 'refresh', { token: first })).answer.expiresAt).toBe(second.expiresAt);
    clock.jump(1_000);
    expect((await ask(server, 'refresh', { token: first })).status).toBe(401);
    expect((await ask(server, 'session', { token: second.minifiedJwt, method: 'GET' })).status).toBe(401);
  });

  it('ends the session for a replaced token that has ended as well', async () => {
    const clock = createTestClock();
    const server = await createTestServer({ now: clock.now });
    const { minifiedJwt: owners } = await signIn(server);
    clock.jump(24 * HOUR);
    const { answer: stolen } = await ask(server, 'refresh', { token: owners });
    clock.jump(30_000);
    expect((await ask(server, 'refresh', { token: owners })).status).toBe(401);
    expect((await ask(server, 'refresh', { token: stolen.minifiedJwt })).status).toBe(401);
  });

  it('fails as it is told, as often as it is told, where it is told', async () => {
    const server = await createTestServer();
    const { minifiedJwt: token } = await signIn(server);
    server.failNext({ operation: 'refresh', status: 429, code: 'too_many_requests', retryAfter: 3, times: 2 });
    expect((await ask(server, 'session', { token, method: 'GET' })).status).toBe(204);
    for (let turn = 0; turn < 2; turn += 1) {
      const { status, answer, response } = await ask(server, 'refresh', { token });
      expect([status, answer.code, response.headers.get('retry-after')]).toEqual([429, 'too_many_requests', '3']);
    }
    expect((await ask(server, 'refresh', { token })).status).toBe(200);
    server.failNext({ network: true });
    await expect(ask(server, 'users', { token, method: 'GET' })).rejects.toBeInstanceOf(TypeError);
    expect(server.requests.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'externalAuth/signin 200', 'session 204', 'refresh 429', 'refresh 429', 'refresh 200', 'users 0',
    ]);
  });

  it('keeps answers back until they are released, or the caller gives up', async () => {
    const server = await createTestServer();
    const release = server.hold();
    let answered = false;
    const asked = ask(server, 'settings', { method: 'GET' }).then(() => (answered = true));
    const giving = new AbortController();
    const { apiBaseUrl, environmentId } = server.settings;
    const given = server.fetch(`${apiBaseUrl}/sdk/${environmentId}/settings`, { signal: giving.signal });
    giving.abort();
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    expect(answered).toBe(false);
    release();
    await asked;
    expect(answered).toBe(true);
  });

  it('ends sessions as an administrator does', async () => {
    const server = await createTestServer();
    const [alice, bilal] = [await signIn(server, 'alice'), await signIn(server, 'bilal')];
    server.endSessions('alice');
    expect((await ask(server, 'session', { token: alice.minifiedJwt, method: 'GET' })).status).toBe(401);
    expect((await ask(server, 'session', { token: bilal.minifiedJwt, method: 'GET' })).status).toBe(204);
    expect(server.users.map(({ externalUserId }) => externalUserId)).toEqual(['alice', 'bilal']);
  });

  it('is behind the global fetch while it is installed, as far as its address goes', async () => {
    const others = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('elsewhere'));
    onTestFinished(() => others.mockRestore());
    const server = await createTestServer();
    const { apiBaseUrl, environmentId } = server.settings;
    const uninstall = server.install();
    expect((await fetch(new Request(`${apiBaseUrl}/sdk/${environmentId}/settings`))).status).toBe(200);
    expect(await (await fetch('https://elsewhere.example/')).text()).toBe('elsewhere');
    uninstall();
    expect(await (await fetch(`${apiBaseUrl}/sdk/${environmentId}/settings`)).text()).toBe('elsewhere');
  });

  it('keeps its answers from a page that may not read them, as a browser does', async () => {
    const server = await createTestServer({ allowedOrigins: ['https://app.example.com'] });
    const { apiBaseUrl, environmentId } = server.settings;
    const uninstall = server.install();
    onTestFinished(uninstall);
    await expect(fetch(`${apiBaseUrl}/sdk/${environmentId}/settings`)).rejects.toBeInstanceOf(TypeError);
  });
});

it('the kit is in no page that does not ask for it: nothing of the package imports it', () => {
  const sources = (readdirSync('pkg-template/src', { recursive: true }) as string[]).filter((name) => /\.tsx?$/.test(name) && !name.startsWith('testing'));
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.filter((name) => /from '[^']*testing\//.test(readFileSync(join('pkg-template/src', name), 'utf8')))).toEqual([]);
});

describe('the test clock', () => {
  it('runs timers in their order, each at its time, and dates with them', async () => {
    const clock = createTestClock(Date.UTC(2026, 0, 1));
    const restore = clock.install();
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name} ${new Date().toISOString().slice(11, 19)}`);
    try {
      setTimeout(note('second'), 2_000);
      setTimeout(note('first'), 1_000);
      clearTimeout(setTimeout(note('never'), 1_500));
      const every = setInterval(note('every'), 1_500);
      await clock.advance(3_000);
      clearInterval(every);
      await clock.advance(3_000);
      expect(Date.now()).toBe(Date.UTC(2026, 0, 1) + 6_000);
    } finally {
      restore();
    }
    expect(ran).toEqual(['first 00:00:01', 'every 00:00:01', 'second 00:00:02', 'every 00:00:03']);
    expect(Date.now()).toBeGreaterThan(Date.UTC(2026, 0, 2));
  });
});
