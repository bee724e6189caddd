// What React does with the hooks: how often it renders, in what order, on a server and in a browser.
import { act, cleanup, render } from '@testing-library/react';
import { type ReactNode, StrictMode, Suspense, memo, startTransition, useEffect, useLayoutEffect, useState } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToPipeableStream, renderToString } from 'react-dom/server';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamicContextProvider, SignedIn, SignedOut, useAuthSnapshot, useDynamicContext, useExternalAuth, useIsLoggedIn } from 'byoa/react';
import { DynamicProvider, useSessionExpiresAt, useUser } from 'byoa/react-hooks';
import { LazyClient } from '../src/client.js';
import { findDefaultClient } from '../src/default-client.js';
import { refreshUser, updateUser } from '../src/profile.js';
import { getAuthToken, logout, refreshAuth, signInWithExternalJwt } from '../src/session.js';
import { FakeWasm, alice, config, credentials, settle } from './fake-core.js';

let wasm: FakeWasm;
let client: LazyClient;
/** Whatever React complains of fails the test. */
const complaints: string[] = [];
vi.mock('../src/load-wasm.js', () => ({ loadWasm: () => wasm.load() }));

beforeEach(() => {
  wasm = new FakeWasm();
  client = new LazyClient(config, wasm.load);
  vi.spyOn(console, 'error').mockImplementation((...told) => void complaints.push(told.join(' ')));
});
afterEach(() => {
  vi.unstubAllGlobals();
  cleanup();
  vi.restoreAllMocks();
  // React 18 takes the server's renderer and the browser's, both in this process, for two at once.
  const inEarnest = complaints.splice(0).filter((told) => !told.includes('Detected multiple renderers concurrently'));
  expect(inEarnest).toEqual([]);
});

/** Counts how often each hook makes its component render. */
function counted(hooks: Record<string, () => unknown>) {
  const counts: Record<string, number> = {};
  const components = Object.entries(hooks).map(([name, use]) => {
    counts[name] = 0;
    return memo(function Counted() {
      use();
      useEffect(() => {
        counts[name] = (counts[name] ?? 0) + 1;
      });
      return null;
    });
  });
  const since = () => {
    const now = { ...counts };
    for (const name of Object.keys(counts)) counts[name] = 0;
    return now;
  };
  return { since, page: <>{components.map((Counted, index) => <Counted key={index} />)}</> };
}

describe('a component', () => {
  it('is rendered once for a sign-in, and not at all for what it does not show', async () => {
    const { since, page } = counted({ useDynamicContext, useIsLoggedIn, useAuthSnapshot, useExternalAuth, useUser, useSessionExpiresAt });
    await client.open();
    const shown = (key: string) => <DynamicContextProvider client={client} settings={{ events: { onLogout: () => key } }}>{page}</DynamicContextProvider>;
    const { rerender } = render(shown('first'));
    since();
    const none = { useDynamicContext: 0, useIsLoggedIn: 0, useAuthSnapshot: 0, useExternalAuth: 0, useUser: 0, useSessionExpiresAt: 0 };
    await act(() => signInWithExternalJwt(credentials, client));
    expect(since(), 'a sign-in').toEqual({ ...none, useDynamicContext: 1, useIsLoggedIn: 1, useAuthSnapshot: 1, useUser: 1, useSessionExpiresAt: 1 });
    await act(() => refreshAuth(client));
    expect(since(), 'a new token').toEqual({ ...none, useAuthSnapshot: 1, useSessionExpiresAt: 1 });
    await act(() => updateUser({ userFields: { alias: 'Alice' } }, client));
    expect(since(), 'another profile').toEqual({ ...none, useDynamicContext: 1, useAuthSnapshot: 1, useUser: 1 });
    await act(() => refreshUser(client));
    expect(since(), 'the same profile').toEqual({ ...none, useAuthSnapshot: 1 });
    rerender(shown('second'));
    expect(since(), 'other callbacks').toEqual(none);
    await act(() => logout(client));
    expect(since(), 'a logout').toEqual({ ...none, useDynamicContext: 1, useIsLoggedIn: 1, useAuthSnapshot: 1, useUser: 1, useSessionExpiresAt: 1 });
  });

  it('is mounted twice by StrictMode without a second core, listener or exchange', async () => {
    let effects = 0;
    function Page() {
      useDynamicContext();
      useEffect(() => void (effects += 1), []);
      return null;
    }
    const container = document.body.appendChild(document.createElement('div'));
    const root = createRoot(container);
    await act(() => root.render(<StrictMode><DynamicContextProvider settings={config}><Page /></DynamicContextProvider></StrictMode>));
    await act(settle);
    expect(effects, 'StrictMode is at work').toBe(2);
    expect([wasm.loads, wasm.only.listeners.size, wasm.only.eventListeners.size, wasm.only.closed]).toEqual([1, 1, 1, false]);
    await act(() => root.unmount());
    container.remove();
    await settle();
    expect(wasm.only.closed).toBe(true);
  });

  it('comes and goes a hundred times and leaves no listener', async () => {
    await client.open();
    let open = 0;
    const subscribe = client.subscribe;
    vi.spyOn(client, 'subscribe').mockImplementation((listener) => {
      const end = subscribe(listener);
      open += 1;
      return () => {
        open -= 1;
        end();
      };
    });
    const { page } = counted({ useDynamicContext, useUser });
    for (let turn = 0; turn < 100; turn += 1) render(<DynamicContextProvider client={client}>{page}</DynamicContextProvider>).unmount();
    expect(client.subscribe).toHaveBeenCalled();
    expect(open).toBe(0);
  });
});

describe('a transition', () => {
  it('never shows two users at once, whoever signs in while it is rendered', async () => {
    // Without act(): it would render everything in one go.
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
    await client.open();
    await signInWithExternalJwt({ ...credentials, externalUserId: 'user-0' }, client);
    const commits: string[][] = [];
    let renders = 0;

    function Slow({ index }: { index: number }) {
      const { user } = useDynamicContext();
      const { data } = useUser();
      renders += 1;
      // Longer than React renders in one go, so that others get a turn between the rows.
      for (const end = performance.now() + 4; performance.now() < end; );
      return <i>{`${index % 2 === 0 ? user?.externalUserId : data?.externalUserId}`}</i>;
    }
    let show!: (rows: number) => void;
    function Page() {
      // No row at first: nobody has subscribed yet, so that only a look before the commit can see the change.
      const [rows, setRows] = useState(0);
      show = setRows;
      useLayoutEffect(() => {
        commits.push([...container.querySelectorAll('i')].map((row) => row.textContent));
      });
      return <>{Array.from({ length: rows }, (_, index) => <Slow key={index} index={index} />)}</>;
    }
    const container = document.body.appendChild(document.createElement('div'));
    const root = createRoot(container);
    root.render(<DynamicContextProvider client={client}><Page /></DynamicContextProvider>);
    await vi.waitFor(() => expect(commits).toEqual([[]]));

    startTransition(() => show(40));
    await vi.waitFor(() => expect(renders).toBeGreaterThan(3), { interval: 1 });
    expect(commits, 'the transition is under way').toHaveLength(1);
    await signInWithExternalJwt({ ...credentials, externalUserId: 'user-1' }, client);
    await vi.waitFor(() => expect(commits.at(-1)).toHaveLength(40), { timeout: 5000 });
    expect(new Set(commits.at(-1))).toEqual(new Set(['user-1']));
    for (const commit of commits) expect(new Set(commit).size, commit.join(' ')).toBeLessThanOrEqual(1);
    root.unmount();
    container.remove();
  });
});

/** A page that uses every kind of hook. */
function Page() {
  const { sdkHasLoaded, user } = useDynamicContext();
  const { data } = useUser();
  return (
    <main>
      <p>{sdkHasLoaded ? `Hello ${user?.externalUserId ?? 'stranger'}` : 'One moment'}</p>
      <p>{`${useIsLoggedIn()} ${data?.externalUserId} ${useSessionExpiresAt().data?.getTime()}`}</p>
      <SignedIn>in</SignedIn>
      <SignedOut>out</SignedOut>
    </main>
  );
}

/** What a server sends for the page, part by part. */
function streamed(page: ReactNode): Promise<string> {
  return new Promise((resolve, reject) => {
    const { pipe } = renderToPipeableStream(page, {
      onAllReady: () => {
        const through = new PassThrough();
        resolve(text(through));
        pipe(through);
      },
      onError: reject,
    });
  });
}

/** Suspends once, as data of a page does. */
function suspending(promise: Promise<unknown>) {
  let done = false;
  void promise.then(() => (done = true));
  return function Waits({ children }: { children: ReactNode }) {
    if (!done) throw promise;
    return children;
  };
}

describe('a page from a server', () => {
  const NOTHING = '<p>One moment</p><p>false undefined undefined</p>';

  it.each([['renderToString', async (page: ReactNode) => renderToString(page)], ['a stream', streamed]])('by %s is hydrated without a complaint, and then shows the restored session', async (_, send) => {
    wasm.stored = alice;
    const page = <StrictMode><DynamicContextProvider settings={config}><Suspense fallback="…"><Page /></Suspense></DynamicContextProvider></StrictMode>;
    const container = document.body.appendChild(document.createElement('div'));
    container.innerHTML = await send(page);
    expect(container.innerHTML).toContain(NOTHING);
    const recovered = vi.fn();
    const root = await act(async () => hydrateRoot(container, page, { onRecoverableError: recovered }));
    await act(settle);
    expect(container.textContent).toBe('Hello alicetrue alice 1800000000000in');
    expect(recovered).not.toHaveBeenCalled();
    await act(() => root.unmount());
    container.remove();
  });

  it('is hydrated without a complaint although the client knows the user already', async () => {
    wasm.stored = alice;
    const page = <DynamicProvider client={client}><Page /></DynamicProvider>;
    const container = document.body.appendChild(document.createElement('div'));
    container.innerHTML = renderToString(page);
    await client.open();
    const recovered = vi.fn();
    const root = await act(async () => hydrateRoot(container, page, { onRecoverableError: recovered }));
    expect(container.textContent).toBe('Hello alicetrue alice 1800000000000in');
    expect(recovered).not.toHaveBeenCalled();
    await act(() => root.unmount());
    container.remove();
  });

  it('has no user in it, whoever is signed in with other requests at the same time', async () => {
    const made: LazyClient[] = [];
    const requests = ['alice', 'bob'].map(async (user, index) => {
      const own = new LazyClient(config, wasm.load);
      made.push(own);
      await signInWithExternalJwt({ ...credentials, externalUserId: user }, own);
      const waited = new Promise((resolve) => setTimeout(resolve, 5 * (2 - index)));
      const Waits = suspending(waited);
      return streamed(<DynamicContextProvider client={own}><Suspense fallback="…"><Waits><Page /></Waits></Suspense></DynamicContextProvider>);
    });
    const pages = await Promise.all(requests);
    for (const page of pages) {
      expect(page).toContain(NOTHING);
      expect(page).not.toMatch(/alice|bob|small-|fat-/);
    }
    // Each client keeps its own user, and none became that of the process.
    expect(made.map(({ user }) => user?.externalUserId)).toEqual(['alice', 'bob']);
    expect([findDefaultClient(), getAuthToken()]).toEqual([undefined, undefined]);
  });

  it('loads nothing and starts nothing', async () => {
    await streamed(<DynamicContextProvider settings={config}><Page /></DynamicContextProvider>);
    await settle();
    expect(wasm.loads).toBe(0);
  });
});
