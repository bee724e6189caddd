// @vitest-environment jsdom
import { createDynamicClient, getAuthToken, signInWithExternalJwt } from 'byoa';
import { DynamicContextProvider, useIsLoggedIn } from 'byoa/react';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

const { environmentId, apiBaseUrl, externalJwt, externalUserId } = JSON.parse(process.env.BYOA_TEST);

it('signs in, and shows it', async () => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const client = createDynamicClient({ environmentId, apiBaseUrl });
  const root = document.createElement('div');
  const Shown = () => (useIsLoggedIn() ? 'signed in' : 'signed out');
  await act(() => createRoot(root).render(createElement(DynamicContextProvider, { client }, createElement(Shown))));
  expect(root.textContent).toBe('signed out');
  await act(async () => {
    const { user } = await signInWithExternalJwt({ externalJwt, externalUserId }, client);
    expect(user.externalUserId).toBe(externalUserId);
  });
  expect(root.textContent).toBe('signed in');
  expect(getAuthToken(client)?.split('.')).toHaveLength(3);
});
