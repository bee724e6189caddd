// `byoa/testing` is held against the real server: the same calls, and the same statuses, shapes, codes and reasons.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, SINGLE_USE_SCOPES } from '../../pkg-template/src/testing/scopes.ts';
import { type TestIssuer, type TestServer, createTestIssuer, createTestServer } from '../../pkg-template/src/testing/index.ts';
import { ByoaServer } from '../support/byoa-server.ts';
import { freePorts, root, scratch, undoing, until } from '../support/processes.ts';

const ORIGIN = 'https://app.example.com';
const ENVIRONMENTS = {
  plain: '00000000-0000-4000-8000-0000000000a0',
  strict: '00000000-0000-4000-8000-0000000000a1',
} as const;
type Which = keyof typeof ENVIRONMENTS;

/** One of the two servers. */
type Target = (which: Which, operation: string, init?: RequestInit) => Promise<Response>;

const undo = undoing();
let issuer: TestIssuer;
let targets: { readonly real: Target; readonly kit: Target };

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  issuer = await createTestIssuer({ audience: 'contract' });
  const jwksFile = join(folder.path, 'jwks.json');
  writeFileSync(jwksFile, JSON.stringify(issuer.jwks()));

  const [port] = (await freePorts(1)) as [number];
  const server = new ByoaServer(port, folder.path);
  const common = { issuer: issuer.issuer, jwksFile, audience: 'contract', allowedOrigins: [ORIGIN] };
  await server.createEnvironment({ id: ENVIRONMENTS.plain, ...common });
  await server.createEnvironment({
    id: ENVIRONMENTS.strict,
    ...common,
    stepUp: ['user:update', 'user:delete'],
    options: ['--replay', 'once', '--assume-email-verified'],
  });
  await server.start();
  undo.add(() => server.stop());

  const options = { issuer, apiBaseUrl: server.apiBaseUrl, allowedOrigins: [ORIGIN] };
  const kits: Record<Which, TestServer> = {
    plain: await createTestServer({ ...options, environmentId: ENVIRONMENTS.plain }),
    strict: await createTestServer({ ...options, environmentId: ENVIRONMENTS.strict, stepUp: ['user:update', 'user:delete'], replay: 'once', assumeEmailVerified: true }),
  };
  targets = {
    real: (which, operation, init) => fetch(server.url(operation, ENVIRONMENTS[which]), init),
    kit: (which, operation, init) => kits[which].fetch(server.url(operation, ENVIRONMENTS[which]), init),
  };
});
afterAll(undo.all);

/** What is compared of an answer. */
interface Seen {
  readonly call: string;
  readonly status: number;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly shape: unknown;
  readonly headers: Record<string, string | null>;
}

interface Body {
  readonly minifiedJwt: string;
  readonly jwt: string;
  readonly elevatedAccessToken: string;
  readonly code?: string;
  readonly expiresAt: number;
  readonly payload?: { readonly additionalMessages?: readonly string[] };
  readonly user: { readonly id: string };
}

/** A caller of one server who notes every answer. */
class Caller {
  readonly seen: Seen[] = [];
  readonly #target: Target;
  readonly #which: Which;

  constructor(target: Target, which: Which) {
    this.#target = target;
    this.#which = which;
  }

  async call(operation: string, { method = 'POST', token, body, headers = {} }: { method?: string; token?: string | undefined; body?: unknown; headers?: Record<string, string> } = {}): Promise<Body> {
    const response = await this.#target(this.#which, operation, {
      method,
      headers: {
        origin: ORIGIN,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = (text === '' ? null : JSON.parse(text)) as Body | null;
    const reason = answer?.payload?.additionalMessages?.[0];
    const named = (name: string) => response.headers.get(name);
    this.seen.push({
      call: `${method} ${operation}`,
      status: response.status,
      ...(answer?.code && { code: answer.code }),
      ...(reason && { reason }),
      shape: shapeOf(answer),
      headers: { 'content-type': named('content-type'), 'cache-control': named('cache-control'), 'www-authenticate': named('www-authenticate') },
    });
    return (answer ?? {}) as Body;
  }

  signIn = (jwt: unknown, more: object = {}) => this.call('externalAuth/signin', { body: { jwt }, ...more });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What kind of value it is, member by member; a token is opened. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, shapeOf(member)]));
  }
  if (typeof value !== 'string') return typeof value;
  if (UUID.test(value)) return 'uuid';
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return 'date';
  const parts = value.split('.');
  if (parts.length === 3 && value.startsWith('eyJ')) {
    return { jwt: parts.slice(0, 2).map((part) => shapeOf(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))) };
  }
  return 'string';
}

/** Runs a script against both, and compares what was seen. */
async function onBoth(which: Which, script: (caller: Caller) => Promise<unknown>, ignored: (seen: Seen) => Seen = (seen) => seen): Promise<readonly Seen[]> {
  const [real, kit] = [new Caller(targets.real, which), new Caller(targets.kit, which)];
  await script(real);
  await script(kit);
  expect(kit.seen.map(ignored)).toEqual(real.seen.map(ignored));
  return real.seen;
}

let users = 0;
/** The same names for both, and new ones for each test. */
const someUser = () => `user-${(users += 1)}`;

describe('the kit and the server answer alike', () => {
  it('to a session from its sign-in to its end', async () => {
    const sub = someUser();
    const seen = await onBoth('plain', async (caller) => {
      const first = await caller.signIn(await issuer.sign(sub, { claims: { email: `${sub}@example.com`, emailVerified: true } }));
      await caller.call('session', { method: 'GET', token: first.minifiedJwt });
      await caller.call('session', { method: 'GET', token: first.jwt });
      await caller.call('users', { method: 'GET', token: first.minifiedJwt });
      const changed = await caller.call('users', { method: 'PUT', token: first.minifiedJwt, body: { alias: 'Ada', username: `name-${sub}`, country: 'FR', metadata: { theme: 'dark' }, policiesConsent: true } });
      await caller.call('users', { method: 'GET', token: changed.minifiedJwt });
      await caller.call('users', { method: 'PUT', token: first.minifiedJwt, body: { alias: '' } });
      const second = await caller.call('refresh', { token: first.minifiedJwt });
      await caller.call('session', { method: 'GET', token: first.minifiedJwt });
      await caller.call('refresh', { token: first.minifiedJwt });
      const again = await caller.signIn(await issuer.sign(sub));
      expect(again.user.id).toBe(first.user.id);
      await caller.call('revoke', { token: second.minifiedJwt, headers: { 'content-type': 'application/json' } });
      await caller.call('session', { method: 'GET', token: second.minifiedJwt });
      await caller.call('session', { method: 'GET', token: again.minifiedJwt });
      await caller.call('users', { method: 'DELETE', token: again.minifiedJwt });
      await caller.call('users', { method: 'GET', token: again.minifiedJwt });
      await caller.call('revoke', { token: again.minifiedJwt });
      await caller.call('revoke');
    });
    expect(seen.map(({ status }) => status)).toEqual([200, 204, 204, 200, 200, 200, 200, 200, 401, 200, 200, 204, 401, 204, 204, 401, 204, 204]);
  });

  it('to the same successor twice, and to a token that comes back two refreshes later', async () => {
    const sub = someUser();
    await onBoth('plain', async (caller) => {
      const first = await caller.signIn(await issuer.sign(sub));
      const second = await caller.call('refresh', { token: first.minifiedJwt });
      const twice = await caller.call('refresh', { token: first.minifiedJwt });
      const jti = (token: string) => (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti;
      expect(jti(twice.minifiedJwt)).toBe(jti(second.minifiedJwt));
      const third = await caller.call('refresh', { token: second.minifiedJwt });
      await caller.call('refresh', { token: first.minifiedJwt });
      await caller.call('session', { method: 'GET', token: third.minifiedJwt });
    });
  });

  it('about when a session ends: with the JWT that it comes from', async () => {
    for (const { real, lifetime } of [{ real: 300, lifetime: 300 }, { real: 7200, lifetime: 9000 }]) {
      const left = async (target: Target) => {
        const now = Math.floor(Date.now() / 1000);
        const { expiresAt } = await new Caller(target, 'plain').signIn(await issuer.sign('lives', { claims: { exp: now + lifetime } }));
        return expiresAt - now;
      };
      for (const target of Object.values(targets)) expect(Math.abs((await left(target)) - real)).toBeLessThanOrEqual(1);
    }
  });

  it('to a token that comes back after its end', async () => {
    const sub = someUser();
    await onBoth('plain', async (caller) => {
      const exp = Math.floor(Date.now() / 1000) + 2;
      const { minifiedJwt: token } = await caller.signIn(await issuer.sign(sub, { claims: { exp } }));
      // A real server has no clock that a test could turn.
      await until('the session token to end', () => Date.now() / 1000 > exp + 0.1);
      await caller.call('session', { method: 'GET', token });
      const { minifiedJwt: next } = await caller.call('refresh', { token });
      await caller.call('session', { method: 'GET', token: next });
      await caller.call('refresh', { token });
      const { minifiedJwt: newest } = await caller.call('refresh', { token: next });
      await caller.call('refresh', { token });
      await caller.call('session', { method: 'GET', token: newest });
    });
  });

  const now = () => Math.floor(Date.now() / 1000);
  it.each<[string, () => Promise<unknown>, string]>([
    ['none', async () => undefined, 'jwt_missing'],
    ['an empty one', async () => '', 'jwt_missing'],
    ['two parts', async () => 'a.b', 'jwt_malformed'],
    ['padding', async () => `${await issuer.sign('x')}=`, 'jwt_malformed'],
    ['a huge one', () => issuer.sign('x', { claims: { padding: 'x'.repeat(17_000) } }), 'jwt_too_large'],
    ['a header that is no object', async () => `WzFd.e30.AA`, 'jwt_header_invalid'],
    ['a payload that is no object', async () => `${(await issuer.sign('x')).split('.')[0]}.WzFd.AA`, 'jwt_payload_invalid'],
    ['no signature', () => issuer.sign('x', { unsigned: true }), 'jwt_alg_not_allowed'],
    ['HMAC', () => issuer.sign('x', { header: { alg: 'HS256' } }), 'jwt_alg_not_allowed'],
    ['another algorithm than the key has', () => issuer.sign('x', { header: { alg: 'RS256' } }), 'jwt_alg_mismatch'],
    ['an unknown key', () => issuer.sign('x', { header: { kid: 'unknown' } }), 'jwt_kid_unknown'],
    ['a key id that is no text', () => issuer.sign('x', { header: { kid: 7 } }), 'jwt_kid_invalid'],
    ['a foreign key', () => issuer.sign('x', { foreignKey: true }), 'jwt_signature_invalid'],
    ['another type', () => issuer.sign('x', { header: { typ: 'at+jwt' } }), 'jwt_typ_not_allowed'],
    ['a critical extension', () => issuer.sign('x', { header: { crit: ['exp'] } }), 'jwt_crit_unsupported'],
    ['no issuer', () => issuer.sign('x', { claims: { iss: undefined } }), 'jwt_iss_missing'],
    ['another issuer', () => issuer.sign('x', { claims: { iss: `${issuer.issuer}/` } }), 'jwt_iss_mismatch'],
    ['no audience', () => issuer.sign('x', { claims: { aud: undefined } }), 'jwt_aud_missing'],
    ['an audience of a wrong type', () => issuer.sign('x', { claims: { aud: ['contract', 7] } }), 'jwt_aud_invalid'],
    ['another audience', () => issuer.sign('x', { claims: { aud: 'another' } }), 'jwt_aud_mismatch'],
    ['no subject', () => issuer.sign('x', { claims: { sub: undefined } }), 'jwt_sub_missing'],
    ['a blank subject', () => issuer.sign(' '), 'jwt_sub_invalid'],
    ['a long subject', () => issuer.sign('é'.repeat(128)), 'jwt_sub_invalid'],
    ['a subject that is a number', () => issuer.sign('x', { claims: { sub: 7 } }), 'jwt_sub_invalid'],
    ['no expiry', () => issuer.sign('x', { claims: { exp: undefined } }), 'jwt_exp_missing'],
    ['an expiry in milliseconds', () => issuer.sign('x', { claims: { exp: Date.now() * 1000 } }), 'jwt_exp_invalid'],
    ['an expiry as text', () => issuer.sign('x', { claims: { exp: '9999999999' } }), 'jwt_exp_invalid'],
    ['a past expiry', () => issuer.sign('x', { claims: { exp: now() - 61 } }), 'jwt_expired'],
    ['a start to come', () => issuer.sign('x', { claims: { nbf: now() + 120 } }), 'jwt_not_yet_valid'],
    ['an issue to come', () => issuer.sign('x', { claims: { iat: now() + 120 } }), 'jwt_issued_in_future'],
    ['times that are no numbers', () => issuer.sign('x', { claims: { iat: 'now' } }), 'jwt_time_invalid'],
    ['an id that is no text', () => issuer.sign('x', { claims: { jti: 7 } }), 'jwt_payload_invalid'],
  ])('to a JWT with %s', async (_, make, reason) => {
    const jwt = await make();
    const [seen] = await onBoth('plain', (caller) => caller.signIn(jwt));
    expect(seen).toMatchObject({ status: 422, code: 'invalid_external_auth', reason });
  });

  it('to a JWT just past its end, within the leeway, without a kid, and with several audiences', async () => {
    const past = now() - 30;
    const jwts = [
      await issuer.sign('lenient', { claims: { exp: past, iat: past - 60 } }),
      await issuer.sign('lenient', { header: { kid: undefined, typ: undefined } }),
      await issuer.sign('lenient', { claims: { aud: ['another', 'contract'] } }),
    ];
    const seen = await onBoth('plain', async (caller) => {
      for (const jwt of jwts) await caller.signIn(jwt);
    });
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('to what an issuer says of an address', async () => {
    const names = [someUser(), someUser(), someUser(), someUser()];
    const claims = [{}, { emailVerified: false }, { email_verified: true }, { emailVerified: true, email_verified: false }];
    for (const which of ['plain', 'strict'] as const) {
      await onBoth(which, async (caller) => {
        for (const [index, name] of names.entries()) {
          await caller.signIn(await issuer.sign(name, { claims: { email: `${name}@example.com`, ...claims[index] } }));
        }
        // A history of one user: vouched for, silent, another address, and taken back.
        const history: Record<string, unknown>[] = [{ email: 'a@example.com', emailVerified: true }, {}, { email: 'b@example.com', emailVerified: true }, { email: 'c@example.com', emailVerified: false }, { email: 'b@example.com', emailVerified: false }];
        const sub = `${names[0]}-history`;
        for (const said of history) await caller.signIn(await issuer.sign(sub, { claims: said }));
      });
    }
  });

  it('to bodies that are none', async () => {
    const jwt = await issuer.sign('x');
    const json = { 'content-type': 'application/json' };
    const seen = await onBoth('plain', async (caller) => {
      await caller.call('externalAuth/signin', { headers: { 'content-type': 'text/plain' }, body: 'hello' });
      await caller.call('externalAuth/signin', { headers: json, body: '{' });
      await caller.call('externalAuth/signin', { headers: json, body: '[]' });
      await caller.call('externalAuth/signin', { body: { jwt: 7 } });
      await caller.call('externalAuth/signin', { body: { jwt, more: 'x'.repeat(70_000) } });
      await caller.call('externalAuth/signin', { body: { jwt, sessionPublicKey: 'no key' } });
    });
    expect(seen.map(({ status }) => status)).toEqual([415, 400, 400, 400, 413, 422]);
  });

  it('to changes that are refused', async () => {
    const [one, other] = [someUser(), someUser()];
    const seen = await onBoth('plain', async (caller) => {
      const first = await caller.signIn(await issuer.sign(one));
      const second = await caller.signIn(await issuer.sign(other));
      const put = (body: object, { minifiedJwt } = first) => caller.call('users', { method: 'PUT', token: minifiedJwt, body });
      await put({ username: `Grace-${one}` });
      await put({ username: `grace-${one}` }, second);
      await put({ alias: 'x'.repeat(256) });
      await put({ alias: 'a\u0000b' });
      await put({ alias: 7 });
      await put({ email: 'nobody' });
      await put({ country: 'fr' });
      await put({ username: ' Ada' });
      await put({ metadata: { text: 'x'.repeat(17_000) } });
      await put({ unknown: 'ignored' });
    });
    expect(seen.slice(2).map(({ status }) => status)).toEqual([200, 422, 422, 422, 400, 422, 422, 422, 422, 200]);
  });

  it('to a caller without a session, or with something else', async () => {
    const jwt = await issuer.sign('x');
    const seen = await onBoth('plain', async (caller) => {
      for (const operation of ['session', 'users']) await caller.call(operation, { method: 'GET' });
      for (const token of ['nonsense', 'a.b.c', jwt]) {
        await caller.call('refresh', { token });
        await caller.call('revoke', { token });
      }
      await caller.call('session', { method: 'GET', headers: { authorization: 'Basic x' } });
      await caller.call('externalAuth/verify', { body: { jwt } });
      await caller.call('stepUp/check', { body: { scope: 'user:update' } });
    });
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([401, 204]));
  });

  it('to a page of a foreign origin', async () => {
    const jwt = await issuer.sign('x');
    const [seen] = await onBoth('plain', (caller) => caller.signIn(jwt, { headers: { origin: 'https://evil.example' } }));
    expect(seen).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('to what there is not', async () => {
    const seen = await onBoth('plain', async (caller) => {
      await caller.call('nothing', { method: 'GET' });
      await caller.call('refresh', { method: 'GET' });
      await caller.call('users', { method: 'PATCH' });
    });
    expect(seen.map(({ status }) => status)).toEqual([404, 405, 405]);
  });

  it('about themselves', async () => {
    // The kit binds no sessions to keys, and says so.
    const withoutDpop = (seen: Seen) => JSON.parse(JSON.stringify(seen, (name, value: unknown) => (name === 'dpop' ? undefined : value))) as Seen;
    await onBoth('plain', async (caller) => {
      await caller.call('settings', { method: 'GET' });
      await caller.call('nonce', { method: 'GET' });
      await caller.call('nonces?count=3', { method: 'GET' });
      await caller.call('nonces?count=9', { method: 'GET' });
      await caller.call('nonces?count=none', { method: 'GET' });
      await caller.call('healthcheck', { method: 'GET' });
      await caller.call('.well-known/jwks', { method: 'GET' });
      await caller.call('.well-known/jwks.json', { method: 'GET' });
    }, withoutDpop);
    const settings = async (target: Target, which: Which) => {
      const { environmentName: _name, security, ...rest } = (await (await target(which, 'settings')).json()) as { environmentName: string; security: Record<string, unknown> };
      const { dpop: _dpop, ...kept } = security;
      return { ...rest, security: kept };
    };
    for (const which of ['plain', 'strict'] as const) expect(await settings(targets.kit, which)).toEqual(await settings(targets.real, which));
  });

  it('to a JWT that comes twice where it counts once', async () => {
    const [withId, without] = [await issuer.sign('once', { claims: { jti: 'one' } }), await issuer.sign('once')];
    const seen = await onBoth('strict', async (caller) => {
      for (const jwt of [withId, withId, without, without]) await caller.signIn(jwt);
    });
    expect(seen.map(({ reason }) => reason)).toEqual([undefined, 'jwt_replayed', undefined, 'jwt_replayed']);
  });

  it('to a step-up and what it opens', async () => {
    const sub = someUser();
    let made = 0;
    const assertion = (claims: object) => issuer.sign(sub, { claims: { jti: `${sub}-${(made += 1)}`, ...claims } });
    const seen = await onBoth('strict', async (caller) => {
      const { minifiedJwt: token } = await caller.signIn(await assertion({}));
      const check = (scope: string, elevated?: string) =>
        caller.call('stepUp/check', { token, body: { scope }, ...(elevated && { headers: { 'x-dyn-elevated-access-token': elevated } }) });
      const stepUp = async (claims: object) => caller.call('externalAuth/verify', { token, body: { jwt: await assertion(claims) } });
      await check('user:update');
      await check('wallet:sign');
      await check('nonsense');
      await caller.call('stepUp/check', { token, body: {} });
      await caller.call('users', { method: 'PUT', token, body: { alias: 'Ada' } });
      await stepUp({});
      await stepUp({ scope: 'nonsense' });
      await stepUp({ scope: 'user:update', jti: undefined });
      await stepUp({ scope: 'user:update', sub: 'somebody-else' });
      const { elevatedAccessToken: update } = await stepUp({ scope: 'user:update' });
      const used = await assertion({ scope: 'user:update' });
      await caller.call('externalAuth/verify', { token, body: { jwt: used } });
      await caller.call('externalAuth/verify', { token, body: { jwt: used } });
      await check('user:update', update);
      for (const alias of ['Ada', 'Grace']) await caller.call('users', { method: 'PUT', token, body: { alias }, headers: { 'x-dyn-elevated-access-token': update } });
      await caller.call('users', { method: 'DELETE', token, headers: { 'x-dyn-elevated-access-token': update } });
      await caller.call('session', { method: 'GET', token: update });
      const { elevatedAccessToken: remove } = await stepUp({ scope: 'user:delete user:update' });
      await caller.call('users', { method: 'PUT', token, body: { alias: 'Once' }, headers: { 'x-dyn-elevated-access-token': remove } });
      await check('user:delete', remove);
      await caller.call('users', { method: 'DELETE', token, headers: { 'x-dyn-elevated-access-token': remove } });
    });
    expect(seen.map(({ status, reason }) => reason ?? status)).toContain('external_user_mismatch');
  });
});

it('the kit knows the scopes that crates/protocol has', () => {
  const source = readFileSync(join(root, 'crates/protocol/src/scopes.rs'), 'utf8');
  const pairs = [...source.matchAll(/\("([a-z_:]+)", (true|false)\)/g)].map(([, name, single]) => `${name} ${single}`);
  const own = [...SCOPES.map((name) => `${name} false`), ...SINGLE_USE_SCOPES.map((name) => `${name} true`)];
  expect(own.sort()).toEqual(pairs.sort());
});
