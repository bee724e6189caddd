// @vitest-environment node
import { expect, it, vi } from 'vitest';
import { type Authorization, createFetch } from '../src/create-fetch.js';

const API = 'https://api.example.com';

/** A backend that answers as told, and a client that gives what it is told to. */
function bench(answers: (Response | ((request: Request) => Response))[] = [], origins = [API]) {
  const sent: Request[] = [];
  const client = {
    token: 'one' as string | undefined,
    isBound: false,
    refreshes: 0,
    asks: [] as { method: string; url: string; nonce?: string | undefined }[],
    async authorize(ask: { method: string; url: string; nonce?: string | undefined }): Promise<Authorization> {
      client.asks.push(ask);
      if (client.token === undefined) return {};
      if (!client.isBound) return { authorization: `Bearer ${client.token}` };
      return { authorization: `DPoP ${client.token}`, proof: `proof-${client.asks.length}-${ask.nonce ?? 'none'}` };
    },
    async refresh() {
      client.refreshes += 1;
      client.token = `new-${client.refreshes}`;
    },
  };
  const fetch = vi.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    sent.push(request.clone());
    await request.text();
    const answer = answers.shift() ?? new Response('fine');
    return typeof answer === 'function' ? answer(request) : answer;
  });
  return { sent, client, call: createFetch({ origins, fetch }, client), fetch };
}
const refused = (headers: Record<string, string> = {}) => new Response('no', { status: 401, headers });
const shown = (sent: Request[]) => sent.map(({ headers }) => headers.get('authorization'));

it('carries the token to a listed origin, and leaves the rest of the request as it is', async () => {
  const { sent, call } = bench();
  await call(`${API}/things?q=1`, { method: 'POST', body: '{"a":1}', headers: { 'x-own': 'yes' }, credentials: 'same-origin' });
  const [request] = sent;
  expect(shown(sent)).toEqual(['Bearer one']);
  expect(request?.headers.get('x-own')).toBe('yes');
  expect(request?.credentials).toBe('same-origin');
  expect(await request?.text()).toBe('{"a":1}');
});

it.each([
  'https://api.example.com.evil.example/',
  'https://evil.example/https://api.example.com',
  'http://api.example.com/',
  'https://api.example.com:8443/',
  'https://sub.api.example.com/',
  'https://api.example.com@evil.example/'.replace('api.example.com@', ''),
])('carries nothing to %s', async (url) => {
  const { sent, call, client } = bench();
  await call(url);
  await call(new Request(url));
  await call(new URL(url));
  expect(shown(sent)).toEqual([null, null, null]);
  expect(client.asks).toEqual([]);
});

it('carries nothing anywhere unless an origin is listed', async () => {
  const { sent, call } = bench([], []);
  await call(`${API}/`);
  expect(shown(sent)).toEqual([null]);
});

it.each(['*', 'https://*.example.com', 'api.example.com', `${API}/v1`, 'null', '', 'file:///', undefined, 'https://user@api.example.com', 'http://api.example.com', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example'])(
  'refuses %s as an origin',
  (origin) => {
    expect(() => bench([], [origin as string])).toThrowError(expect.objectContaining({ code: 'invalid_argument' }));
  },
);

it('sends what nobody is signed in for as it is', async () => {
  const { sent, call, client } = bench();
  client.token = undefined;
  await call(`${API}/`);
  expect(shown(sent)).toEqual([null]);
  expect(sent[0]?.redirect).toBe('follow');
});

it('leaves an Authorization of the caller alone', async () => {
  const { sent, call, client } = bench([refused()]);
  const answer = await call(`${API}/`, { headers: { authorization: 'Basic x' } });
  expect(shown(sent)).toEqual(['Basic x']);
  expect([answer.status, client.refreshes]).toEqual([401, 0]);
});

it('does not follow a redirect with the token', async () => {
  const { sent, call } = bench([new Response(null, { status: 302, headers: { location: 'https://evil.example/' } })]);
  await expect(call(`${API}/old?secret=1`)).rejects.toMatchObject({
    code: 'redirect_refused',
    message: expect.stringContaining(`${API}/old answers`),
  });
  expect(sent.map(({ redirect }) => redirect)).toEqual(['manual']);
});

it.each(['manual', 'error'] as const)('leaves redirects to a caller who asked for "%s"', async (redirect) => {
  const { sent, call } = bench([new Response(null, { status: 302, headers: { location: '/' } })]);
  expect((await call(`${API}/`, { redirect })).status).toBe(302);
  expect(sent.map((request) => request.redirect)).toEqual([redirect]);
});

it('refreshes after a 401 and sends the same request once more, body and all', async () => {
  const { sent, call, client } = bench([refused()]);
  const answer = await call(new Request(`${API}/`, { method: 'PUT', body: 'whole' }));
  expect(answer.status).toBe(200);
  expect(shown(sent)).toEqual(['Bearer one', 'Bearer new-1']);
  expect(await Promise.all(sent.map((request) => request.text()))).toEqual(['whole', 'whole']);
  expect(client.refreshes).toBe(1);
});

it('takes the token that somebody else got meanwhile instead of a refresh', async () => {
  const { sent, call, client } = bench([
    () => {
      client.token = 'two';
      return refused();
    },
  ]);
  await call(`${API}/`);
  expect(shown(sent)).toEqual(['Bearer one', 'Bearer two']);
  expect(client.refreshes).toBe(0);
});

it('gives the second 401 to the caller, and does not refresh for the same token again', async () => {
  const { sent, call, client } = bench([refused(), refused(), refused(), refused()]);
  expect((await call(`${API}/forbidden`)).status).toBe(401);
  expect((await call(`${API}/forbidden`)).status).toBe(401);
  expect((await call(`${API}/forbidden`)).status).toBe(401);
  expect([sent.length, client.refreshes]).toEqual([4, 1]);
});

it('takes plain http for this machine', async () => {
  const origins = ['http://localhost:3000', 'http://app.localhost', 'http://127.0.0.1:3000', 'http://[::1]:3000'];
  const { sent, call } = bench([], origins);
  for (const origin of origins) await call(`${origin}/`);
  expect(shown(sent)).toEqual(origins.map(() => 'Bearer one'));
});

it('takes a blob of a listed origin for no request to it', async () => {
  const { sent, call, client } = bench();
  const fetch = vi.fn(async () => new Response('the blob'));
  await createFetch({ origins: [API], fetch }, client)(`blob:${API}/4e8f0d0a-0000-4000-8000-000000000000`);
  await call('data:text/plain,x');
  expect([client.asks, shown(sent)]).toEqual([[], [null]]);
  expect(fetch).toHaveBeenCalledOnce();
});

it('refreshes at most once a minute for an origin that refuses every token', async () => {
  vi.useFakeTimers();
  try {
    const { call, client } = bench(Array.from({ length: 30 }, () => refused()));
    for (let turn = 0; turn < 5; turn += 1) {
      // Another tab, or the session's own upkeep, gets a new token.
      client.token = `other-${turn}`;
      expect((await call(`${API}/`)).status).toBe(401);
    }
    expect(client.refreshes).toBe(1);
    vi.advanceTimersByTime(60_000);
    await call(`${API}/`);
    expect(client.refreshes).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});

it("gives the backend's own 401 where there is no new token to be had", async () => {
  const { sent, call, client } = bench([refused()]);
  client.refresh = async () => Promise.reject(Object.assign(new Error('no'), { code: 'unauthorized' }));
  const answer = await call(`${API}/`);
  expect([answer.status, await answer.text(), sent.length]).toEqual([401, 'no', 1]);
});

it('proves the key for each attempt, with the nonce that the origin gave', async () => {
  const { sent, call, client } = bench([refused({ 'dpop-nonce': 'n1' })]);
  client.isBound = true;
  await call(`${API}/a`, { method: 'DELETE' });
  await call(`${API}/b`);
  expect(sent.map(({ headers }) => headers.get('dpop'))).toEqual(['proof-1-none', 'proof-2-n1', 'proof-3-n1']);
  expect(shown(sent)).toEqual(['DPoP one', 'DPoP one', 'DPoP one']);
  expect(client.asks[0]).toMatchObject({ method: 'DELETE', url: `${API}/a` });
  expect(client.refreshes).toBe(0);
});

it('keeps the nonces of two origins apart', async () => {
  const other = 'https://other.example.com';
  const { call, client } = bench([new Response('', { headers: { 'dpop-nonce': 'n1' } })], [API, other]);
  client.isBound = true;
  await call(`${API}/`);
  await call(`${other}/`);
  await call(`${API}/`);
  expect(client.asks.map(({ nonce }) => nonce)).toEqual([undefined, undefined, 'n1']);
});

it('ends when its caller says so, also while the session is refreshed', async () => {
  const { call, client, sent } = bench([refused()]);
  const controller = new AbortController();
  client.refresh = () => new Promise(() => {});
  const calling = call(`${API}/`, { signal: controller.signal });
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error('enough'));
  await expect(calling).rejects.toThrow('enough');

  const second = bench();
  second.client.authorize = () => new Promise(() => {});
  const waiting = second.call(`${API}/`, { signal: AbortSignal.abort(new Error('before')) });
  await expect(waiting).rejects.toThrow('before');
  expect(second.sent).toEqual([]);
});

it('sends no token where it cannot be had, and says why', async () => {
  const { call, client, sent } = bench();
  client.authorize = async () => Promise.reject(Object.assign(new Error('no key'), { code: 'session_key_unavailable' }));
  await expect(call(`${API}/`)).rejects.toMatchObject({ code: 'session_key_unavailable' });
  expect(sent).toEqual([]);
});
