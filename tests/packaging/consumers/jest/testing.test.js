/** @jest-environment jsdom */
// `byoa/testing` where jsdom hides fetch, Response and WebCrypto: nothing but transformIgnorePatterns is set up.
import { createDynamicClient, refreshAuth, signInWithExternalJwt } from 'byoa';
import { useDynamicContext } from 'byoa/react';
import { TestProvider, createTestServer } from 'byoa/testing/react';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';

it('shows who is signed in, below the test provider', () => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const root = document.createElement('div');
  const Shown = () => useDynamicContext().user?.externalUserId ?? 'nobody';
  act(() => createRoot(root).render(createElement(TestProvider, { user: 'alice' }, createElement(Shown))));
  expect(root.textContent).toBe('alice');
});

it('signs in against the server in memory, and is told why a JWT is refused', async () => {
  const before = Object.keys(globalThis);
  const server = await createTestServer();
  const uninstall = server.install();
  const client = createDynamicClient(server.settings);
  const { user } = await signInWithExternalJwt(await server.issuer.credentials('alice'), client);
  expect(user.externalUserId).toBe('alice');
  expect((await refreshAuth(client)).user.id).toBe(user.id);
  const foreign = await server.issuer.credentials('alice', { foreignKey: true });
  await expect(signInWithExternalJwt(foreign, client)).rejects.toMatchObject({ reason: 'jwt_signature_invalid' });
  client.close();
  uninstall();
  expect(Object.keys(globalThis)).toEqual(before);
});
