import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByoaServer } from '../support/byoa-server.ts';
import { TestIssuer } from '../support/issuer.ts';
import { freePorts, scratch, undoing } from '../support/processes.ts';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];
const ORIGIN = 'http://localhost:5173';
const audience = 'interop';
const SESSIONS = { ES256: '00000000-0000-4000-8000-0000000000e5', RS256: '00000000-0000-4000-8000-0000000000a5' } as const;

const undo = undoing();
let issuer: TestIssuer;
let server: ByoaServer;

beforeAll(async () => {
  const folder = scratch();
  undo.add(folder.remove);
  issuer = await TestIssuer.start(ALGORITHMS);
  undo.add(issuer.stop);
  const [port] = (await freePorts(1)) as [number];
  server = new ByoaServer(port, folder.path);
  for (const [sessionAlg, id] of Object.entries(SESSIONS) as ['ES256' | 'RS256', string][]) {
    await server.createEnvironment({ id, issuer: issuer.url, jwksUrl: issuer.jwksUrl, audience, allowedOrigins: [ORIGIN], sessionAlg });
  }
  undo.add(() => server.stop());
  await server.start();
});
afterAll(undo.all);

interface Answer {
  readonly user: { readonly id: string; readonly verifiedCredentials: readonly { readonly public_identifier?: string }[] };
  readonly jwt: string;
  readonly minifiedJwt: string;
  readonly expiresAt: number;
}

async function exchange(alg: string, environmentId: string): Promise<Answer> {
  const sub = `user-of-${alg}`;
  const response = await server.signIn(await issuer.sign(alg, { sub, audience }), { origin: ORIGIN, environmentId });
  const answer = (await response.json()) as Answer;
  expect({ status: response.status, answer }).toMatchObject({ status: 200 });
  expect(answer.user.verifiedCredentials.map((credential) => credential.public_identifier)).toContain(sub);
  return answer;
}

describe('what jose signs', () => {
  it.each(ALGORITHMS)('with %s is accepted', async (alg) => {
    await exchange(alg, SESSIONS.ES256);
  });
});

describe.each(Object.entries(SESSIONS))('a session token signed with %s', (alg, environmentId) => {
  it.each(['jwt', 'minifiedJwt'] as const)('is verified by jose as %s', async (member) => {
    const answer = await exchange('RS256', environmentId);
    const token = answer[member];
    const keys = createRemoteJWKSet(new URL(server.url('.well-known/jwks', environmentId)));
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [alg],
      issuer: `${new URL(server.origin).host}/${environmentId}`,
      audience: ORIGIN,
      requiredClaims: ['sub', 'sid', 'exp', 'iat'],
    });
    expect(payload).toMatchObject({ sub: answer.user.id, environment_id: environmentId, exp: answer.expiresAt });
    expect(String(payload['scope']).split(' ')).toContain('user:basic');
    expect(payload['kid']).toBe(decodeProtectedHeader(token).kid);
  });

  it('is not verified with the keys of another environment', async () => {
    const other = Object.values(SESSIONS).find((id) => id !== environmentId);
    const { minifiedJwt } = await exchange('ES256', environmentId);
    const keys = createRemoteJWKSet(new URL(server.url('.well-known/jwks.json', other)));
    await expect(jwtVerify(minifiedJwt, keys)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });
});
