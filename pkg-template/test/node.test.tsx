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
