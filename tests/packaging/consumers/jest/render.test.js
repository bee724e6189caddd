/** @jest-environment jsdom */
import { createDynamicClient } from 'byoa';
import { DynamicContextProvider, useIsLoggedIn } from 'byoa/react';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';

it('renders in a document without TextDecoder, fetch and WebAssembly streams', () => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const client = createDynamicClient({ environmentId: '00000000-0000-4000-8000-00000000b0a0', apiBaseUrl: 'http://localhost/api/v0', autoInitialize: false });
  const root = document.createElement('div');
  const Shown = () => (useIsLoggedIn() ? 'signed in' : 'signed out');
  act(() => createRoot(root).render(createElement(DynamicContextProvider, { client }, createElement(Shown))));
  expect(root.textContent).toBe('signed out');
});
