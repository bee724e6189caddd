// @vitest-environment node
import { renderToString } from 'react-dom/server';
import { expect, it, vi } from 'vitest';

const loadWasm = vi.hoisted(() => vi.fn());
vi.mock('../src/load-wasm.js', () => ({ loadWasm }));

it('is imported and rendered in Node without a window and without wasm', async () => {
  expect(typeof window).toBe('undefined');
  const { createDynamicClient, isSignedIn } = await import('byoa');
  const { DynamicContextProvider, useDynamicContext, useIsLoggedIn } = await import('byoa/react');
  const { config } = await import('./fake-core.js');

  const client = createDynamicClient(config);
  await Promise.resolve();
  expect([client.getSnapshot(), client.initStatus, isSignedIn()]).toEqual([{ status: 'loading' }, 'uninitialized', false]);
  function Greeting() {
    const { sdkHasLoaded, user } = useDynamicContext();
    return <p>{`${sdkHasLoaded} ${user} ${useIsLoggedIn()}`}</p>;
  }
  const html = renderToString(
    <DynamicContextProvider settings={config}>
      <Greeting />
    </DynamicContextProvider>,
  );
  expect(html).toBe('<p>false undefined false</p>');
  expect(loadWasm).not.toHaveBeenCalled();
});

it('gives each entry to Node without leaving a trace in the process', async () => {
  vi.resetModules();
  const before = Object.getOwnPropertyNames(globalThis).sort();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const [byoa, react, hooks] = await Promise.all([import('byoa'), import('byoa/react'), import('byoa/react-hooks')]);
  expect(Object.getOwnPropertyNames(globalThis).sort()).toEqual(before);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(timers);
  expect(() => byoa.getDefaultClient()).toThrow('There is no byoa client yet');
  // Both React entries give one context, so that their hooks can be mixed.
  expect(react.MissingProviderError).toBe(hooks.MissingProviderError);
  expect(loadWasm).not.toHaveBeenCalled();
});

it('renders the mutations and the state of byoa/react-hooks on a server', async () => {
  const { createDynamicClient } = await import('byoa');
  const { DynamicProvider, useSignInWithExternalJwt, useUser } = await import('byoa/react-hooks');
  const { config } = await import('./fake-core.js');
  const Page = () => <p>{`${useSignInWithExternalJwt().status} ${useUser().isLoading}`}</p>;
  const html = renderToString(<DynamicProvider client={createDynamicClient(config)}><Page /></DynamicProvider>);
  expect(html).toBe('<p>idle true</p>');
});
