// An issuer that none of us wrote: the npm package oidc-provider, through the authorization code flow.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ByoaServer, ENVIRONMENT_ID } from '../support/byoa-server.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { freePorts, scratch, undoing } from '../support/processes.ts';

const CLIENT = 'an-app';
const SECRET = 'a-secret-that-only-this-test-knows';
const ORIGIN = 'http://localhost:5173';
const CALLBACK = `${ORIGIN}/callback`;
const ACCOUNT = 'anna';

const undo = undoing();
let issuer: string;
let server: ByoaServer;

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  const [issuerPort, serverPort] = (await freePorts(2)) as [number, number];
  issuer = `http://localhost:${issuerPort}`;
  const listening = await listen(issuerPort);
  undo.add(() => {
    listening.closeAllConnections();
    return once(listening.close(), 'close');
  });
  server = new ByoaServer(serverPort, folder.path);
  await server.createEnvironment({ issuer, jwksUrl: `${issuer}/jwks`, audience: CLIENT, allowedOrigins: [ORIGIN] });
  undo.add(() => server.stop());
  await server.start();
});
afterAll(undo.all);

async function listen(port: number): Promise<Server> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT, client_secret: SECRET, redirect_uris: [CALLBACK], response_types: ['code'], grant_types: ['authorization_code'] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'of-the-provider' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { email: ['email', 'email_verified'] },
    // The e-mail address goes into the id token itself.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: true } },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, email: `${accountId}@example.com`, email_verified: true }),
    }),
  });
  const listening = createServer(provider.callback()).listen(port, '127.0.0.1');
  await once(listening, 'listening');
  return listening;
}

/** The whole flow: authorization request, login, consent, code, token. */
async function idToken(): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const request = new URL(`${issuer}/auth`);
  request.search = new URLSearchParams({
    client_id: CLIENT,
    response_type: 'code',
    scope: 'openid email',
    redirect_uri: CALLBACK,
    state: 'some-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();

  const browser = new CookieBrowser();
  const isCallback = (url: URL) => url.origin === ORIGIN;
  const login = await browser.visit(request, isCallback);
  const consent = await browser.visit(login.url, isCallback, { prompt: 'login', login: ACCOUNT, password: 'any' });
  const { url } = await browser.visit(consent.url, isCallback, { prompt: 'consent' });
  expect(url.searchParams.get('state')).toBe('some-state');

  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${CLIENT}:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: url.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  });
  const { id_token } = (await response.json()) as { id_token: string };
  return id_token;
}

it("exchanges the provider's id token, and jose verifies the session token through our key set", async () => {
  const external = await idToken();
  expect(decodeProtectedHeader(external)).toMatchObject({ alg: 'RS256', kid: 'of-the-provider' });

  const response = await server.signIn(external, { origin: ORIGIN });
  const answer = (await response.json()) as { user: { id: string; verifiedCredentials: unknown[] }; minifiedJwt: string };
  expect({ status: response.status, answer }).toMatchObject({ status: 200 });
  expect(answer.user.verifiedCredentials).toEqual([
    expect.objectContaining({ format: 'externalUser', public_identifier: ACCOUNT }),
    expect.objectContaining({ format: 'email', email: `${ACCOUNT}@example.com` }),
  ]);

  const keys = createRemoteJWKSet(new URL(server.url('.well-known/jwks')));
  const { payload } = await jwtVerify(answer.minifiedJwt, keys, {
    issuer: `${new URL(server.origin).host}/${ENVIRONMENT_ID}`,
    audience: ORIGIN,
    algorithms: ['ES256'],
  });
  expect(payload.sub).toBe(answer.user.id);
  expect(String(payload['scope']).split(' ')).toContain('user:basic');
  expect(await server.session(answer.minifiedJwt)).toBe(204);
});

it('gives a second sign-in the same user', async () => {
  const signIn = async () => (await (await server.signIn(await idToken(), { origin: ORIGIN })).json()) as { user: { id: string; sessionId: string } };
  const [first, second] = [await signIn(), await signIn()];
  expect(second.user.id).toBe(first.user.id);
  expect(second.user.sessionId).not.toBe(first.user.sessionId);
});
