import { act, cleanup, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react';
import { type ReactNode, StrictMode, useEffect, version } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SignInButton as Renamed } from 'virtual:seed-sample/renamed';
import { SignInButton as Verbatim } from 'virtual:seed-sample/verbatim';
import * as hooks from '../src/react/hooks.js';
import { LazyClient } from '../src/client.js';
import { getDefaultClient } from '../src/default-client.js';
import {
  type AuthEvents,
  DynamicContextProvider,
  SignedIn,
  SignedOut,
  getAuthToken,
  getMinAuthToken,
  type UseSyncExternalAuthOptions,
  useDynamicEvents,
  useSyncExternalAuth,
} from '../src/react/index.js';
import { refreshUser } from '../src/profile.js';
import { logout, signInWithExternalJwt } from '../src/session.js';
import { expectAnError } from './expect-an-error.js';
import { FakeWasm, alice, config, credentials, refusal, settle } from './fake-core.js';

let wasm: FakeWasm;
vi.mock('../src/load-wasm.js', () => ({ loadWasm: () => wasm.load() }));

const { useAuthSnapshot, useDynamicClient, useDynamicContext, useExternalAuth, useIsLoggedIn, useRefreshUser } = hooks;

beforeEach(() => {
  wasm = new FakeWasm();
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function inProvider(events?: AuthEvents) {
  return ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <DynamicContextProvider settings={{ ...config, events }}>{children}</DynamicContextProvider>
    </StrictMode>
  );
}

/** Renders a hook under StrictMode and waits until the core has started. */
async function started<T>(hook: () => T, events?: AuthEvents) {
  const rendered = renderHook(hook, { wrapper: inProvider(events) });
  await act(settle);
  return rendered;
}

it('runs on the React that is meant', () => {
  expect(version.split('.')[0]).toBe(process.env['REACT_MAJOR'] ?? '19');
});

describe('the provider', () => {
  it('starts one core under StrictMode and does not lose it', async () => {
    const { result } = await started(() => useDynamicContext());
    expect(wasm.loads).toBe(1);
    expect(wasm.only.closed).toBe(false);
    expect(wasm.only.listeners.size).toBe(1);
    expect(result.current).toMatchObject({ sdkHasLoaded: true, user: undefined, ...config });
  });

  it('closes the core when it is gone, and starts anew when it comes back', async () => {
    const { unmount } = await started(() => useDynamicContext());
    unmount();
    await settle();
    expect(wasm.only.closed).toBe(true);
    const { result } = await started(() => useDynamicContext());
    expect(wasm.clients).toHaveLength(2);
    expect(result.current.sdkHasLoaded).toBe(true);
  });

  it('takes a made client, and leaves it open', async () => {
    const client = new LazyClient(config, wasm.load);
    const wrapper = ({ children }: { children: ReactNode }) => (
      <StrictMode>
        <DynamicContextProvider client={client}>{children}</DynamicContextProvider>
      </StrictMode>
    );
    const { result, unmount } = renderHook(useDynamicClient, { wrapper });
    await act(settle);
    expect(result.current).toBe(client);
    expect(client.getSnapshot().status).toBe('signedOut');
    unmount();
    await settle();
    expect(wasm.only.closed).toBe(false);
  });

  it('makes another client for other settings, and closes the first', async () => {
    const show = (environmentId: string) => (
      <StrictMode>
        <DynamicContextProvider settings={{ ...config, environmentId }}>ok</DynamicContextProvider>
      </StrictMode>
    );
    const { rerender } = render(show(config.environmentId));
    await act(settle);
    rerender(show(config.environmentId));
    await act(settle);
    expect(wasm.clients).toHaveLength(1);
    rerender(show('00000000-0000-4000-8000-000000000002'));
    await act(settle);
    expect(wasm.clients.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('passes its settings on, and keeps the client when only an object or a function is new', async () => {
    const show = () => (
      <StrictMode>
        <DynamicContextProvider settings={{ ...config, localStorageSuffix: 'two', autoRefresh: false, log: () => {}, metadata: { name: 'App' } }}>ok</DynamicContextProvider>
      </StrictMode>
    );
    const { rerender } = render(show());
    await act(settle);
    rerender(show());
    await act(settle);
    expect(wasm.only.config).toMatchObject({ ...config, storageKeySuffix: 'two', autoRefresh: false });
  });

  it.each(['environmentId', 'apiBaseUrl'] as const)('says that %s is missing', (name) => {
    expectAnError();
    const { [name]: _, ...rest } = config;
    const settings = rest as typeof config;
    expect(() => render(<DynamicContextProvider settings={settings} />)).toThrow(`byoa needs \`${name}\``);
  });

  it('says so when the core cannot be loaded, and renders as loading', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    wasm.failure = new Error('no wasm here');
    const { result } = await started(() => useDynamicContext());
    expect(report).toHaveBeenCalledWith(wasm.failure);
    expect(result.current.sdkHasLoaded).toBe(false);
  });
});

describe('the hooks', () => {
  it.each(Object.entries<() => unknown>(hooks as Record<string, () => unknown>))('%s names the provider where there is none', (name, hook) => {
    expectAnError();
    expect(() => renderHook(hook)).toThrow(
      expect.objectContaining({
        name: 'MissingProviderError',
        message: `${name} must be used inside <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}> or <DynamicProvider client={client}>.`,
      }),
    );
  });

  it('follow a sign-in and a logout', async () => {
    const { result } = await started(() => ({ ...useDynamicContext(), ...useExternalAuth(), loggedIn: useIsLoggedIn(), snapshot: useAuthSnapshot() }));
    expect(result.current.loggedIn).toBe(false);
    const profile = await act(() => result.current.signInWithExternalJwt(credentials));
    expect(profile).toBe(alice);
    expect(result.current).toMatchObject({ user: alice, loggedIn: true, snapshot: { status: 'signedIn' } });
    await expect(act(() => result.current.handleLogOut())).resolves.toBeUndefined();
    expect(result.current).toMatchObject({ user: undefined, loggedIn: false, snapshot: { reason: 'user-intent' } });
    expect(wasm.only.exchanges).toBe(1);
  });

  it('give the same objects again while nothing changes', async () => {
    const { result, rerender } = await started(() => [useExternalAuth(), useDynamicContext(), useRefreshUser()]);
    const first = result.current;
    rerender();
    expect(result.current).not.toBe(first);
    result.current.forEach((value, index) => expect(value).toBe(first[index]));
  });

  it('keep the sign-in function across a sign-in', async () => {
    const { result } = await started(() => useExternalAuth());
    const { signInWithExternalJwt } = result.current;
    await act(() => signInWithExternalJwt(credentials));
    expect(result.current.signInWithExternalJwt).toBe(signInWithExternalJwt);
  });

  it('read the profile anew', async () => {
    const { result } = await started(() => ({ refresh: useRefreshUser(), user: useDynamicContext().user }));
    await act(() => result.current.refresh());
    expect(result.current.user?.alias).toBe('Alice');
  });

  it('leave no listener behind', async () => {
    const client = new LazyClient(config, wasm.load);
    const subscribe = vi.spyOn(client, 'subscribe');
    const ends: ReturnType<typeof vi.fn>[] = [];
    subscribe.mockImplementation(() => {
      const end = vi.fn();
      ends.push(end);
      return end;
    });
    const { unmount } = renderHook(() => [useDynamicContext(), useIsLoggedIn()], {
      wrapper: ({ children }: { children: ReactNode }) => <StrictMode><DynamicContextProvider client={client}>{children}</DynamicContextProvider></StrictMode>,
    });
    unmount();
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(end).toHaveBeenCalledOnce();
  });

  it('reject a sign-in whose provider is gone, without a complaint of React', async () => {
    const report = vi.spyOn(console, 'error');
    wasm.gate = new Promise(() => {});
    const { result, unmount } = await started(() => useExternalAuth());
    const signingIn = result.current.signInWithExternalJwt(credentials);
    await settle();
    unmount();
    await expect(signingIn).rejects.toMatchObject({ code: 'superseded' });
    expect(report).not.toHaveBeenCalled();
  });
});

describe('the events', () => {
  it('tell of success, of changes and of the logout with the user who left', async () => {
    const onAuthSuccess = vi.fn();
    const onUserProfileUpdate = vi.fn();
    const onLogout = vi.fn();
    const { result } = await started(() => useDynamicClient(), { onAuthSuccess, onUserProfileUpdate, onLogout });
    await act(() => signInWithExternalJwt(credentials, result.current));
    expect(onAuthSuccess).toHaveBeenCalledExactlyOnceWith({ user: alice, isAuthenticated: true, handleLogOut: expect.any(Function), primaryWallet: null });
    expect(onUserProfileUpdate).not.toHaveBeenCalled();
    await act(() => refreshUser(result.current));
    const renamed = { ...alice, alias: 'Alice' };
    expect(onUserProfileUpdate).toHaveBeenCalledExactlyOnceWith(renamed);
    await act(() => onAuthSuccess.mock.calls[0]?.[0].handleLogOut());
    expect(onLogout).toHaveBeenCalledExactlyOnceWith(renamed);
  });

  it('tell of a failure with the error that the promise rejects with', async () => {
    const onAuthFailure = vi.fn();
    const refusal = new Error('refused');
    const { result } = await started(() => useExternalAuth(), { onAuthFailure });
    wasm.only.gate = Promise.reject(refusal);
    await expect(act(() => result.current.signInWithExternalJwt(credentials))).rejects.toBe(refusal);
    expect(onAuthFailure).toHaveBeenCalledExactlyOnceWith({ type: 'externalAuth', option: 'alice', externalUserId: 'alice' }, { error: refusal });
  });

  it('call the newest callbacks, not those of the first render', async () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const show = (onLogout: () => void) => <StrictMode><DynamicContextProvider settings={{ ...config, events: { onLogout } }} /></StrictMode>;
    wasm.stored = alice;
    const { rerender } = render(show(first));
    await act(settle);
    rerender(show(second));
    await act(() => wasm.only.logout());
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledExactlyOnceWith(alice);
  });
});

describe('useDynamicEvents', () => {
  it('tells of each event with its own arguments, to the newest callback, until it is gone', async () => {
    const told: unknown[] = [];
    const show = (mark: string) => {
      function Listener() {
        useDynamicEvents('authInit', (attempt) => told.push([mark, 'authInit', attempt.externalUserId]));
        useDynamicEvents('authFailure', (attempt, { error }) => told.push([mark, 'authFailure', attempt.option, error]));
        useDynamicEvents('logout', (user) => told.push([mark, 'logout', user]));
        return null;
      }
      return Listener;
    };
    const [First, Second] = [show('first'), show('second')];
    const client = new LazyClient(config, wasm.load);
    const page = (Shown: () => null) => <StrictMode><DynamicContextProvider client={client}><Shown /></DynamicContextProvider></StrictMode>;
    const { rerender, unmount } = render(page(First));
    await act(() => signInWithExternalJwt(credentials, client));
    rerender(page(Second));
    const refused = refusal('invalid_external_auth');
    wasm.only.gate = Promise.reject(refused);
    await act(() => signInWithExternalJwt(credentials, client).catch(() => {}));
    await act(() => logout(client));
    unmount();
    await act(() => logout(client));
    expect(told).toEqual([
      ['first', 'authInit', 'alice'],
      ['second', 'authInit', 'alice'],
      ['second', 'authFailure', 'alice', refused],
      ['second', 'logout', alice],
    ]);
  });
});

describe('SignedIn and SignedOut', () => {
  it('show one or the other, and neither while nothing is known', async () => {
    const client = new LazyClient(config, wasm.load);
    const page = <DynamicContextProvider client={client}><SignedIn>in</SignedIn><SignedOut>out</SignedOut></DynamicContextProvider>;
    expect(renderToString(page)).toBe('');
    const { container } = render(page);
    expect(container.textContent).toBe('');
    await act(settle);
    expect(container.textContent).toBe('out');
    await act(() => signInWithExternalJwt(credentials, client));
    expect(container.textContent).toBe('in');
  });
});

describe('the provider\'s client', () => {
  it('is the default one from the first effect below on, and no longer when the provider is gone', async () => {
    wasm.stored = alice;
    const seen: unknown[] = [];
    function Child() {
      const client = hooks.useDynamicClient();
      useEffect(() => void seen.push(getDefaultClient() === client), [client]);
      return null;
    }
    const { unmount } = render(<Child />, { wrapper: inProvider() });
    await act(settle);
    expect(new Set(seen)).toEqual(new Set([true]));
    expect([getAuthToken(), getMinAuthToken()]).toEqual(['fat-0', 'small-0']);
    unmount();
    expect(() => getDefaultClient()).toThrow('There is no byoa client yet');
    expect(getAuthToken()).toBeUndefined();
  });
});

describe('the profile hooks', () => {
  it('change the user and answer in the shape of the legacy SDK', async () => {
    wasm.stored = alice;
    const { result } = await started(() => hooks.useUserUpdateRequest());
    const { updateUser } = result.current;
    const answer = await act(() => updateUser({ alias: 'Al' }));
    expect(answer).toMatchObject({
      isEmailVerificationRequired: false,
      isSmsVerificationRequired: false,
      missingFields: [],
      updateUserProfileResponse: { user: { id: alice.userId, alias: 'Al' }, minifiedJwt: 'small-0' },
    });
    expect(result.current.updateUser).toBe(updateUser);
  });

  it('refresh the session and give the profile', async () => {
    wasm.stored = alice;
    const { result } = await started(() => hooks.useRefreshAuth());
    expect(await act(() => result.current())).toEqual(alice);
    expect(getMinAuthToken()).toBe('small-1');
  });

  it('delete the user, and say when that failed', async () => {
    wasm.stored = alice;
    const { result } = await started(() => hooks.useDeleteUserAccount());
    const offline = refusal('network_error');
    wasm.only.gate = Promise.reject(offline);
    await act(() => result.current.deleteUser());
    expect(result.current).toMatchObject({ error: offline, isLoading: false });
    wasm.only.gate = Promise.resolve();
    await act(() => result.current.deleteUser());
    expect(result.current).toMatchObject({ error: null, isLoading: false });
    expect(wasm.only.snapshot).toEqual({ status: 'signedOut', reason: 'user-deleted' });
  });

  it('start the client anew', async () => {
    const { result } = await started(() => ({ reinitialize: hooks.useReinitialize(), loaded: useDynamicContext().sdkHasLoaded }));
    wasm.stored = alice;
    await act(() => result.current.reinitialize());
    expect(wasm.clients.map(({ closed }) => closed)).toEqual([true, false]);
    expect(result.current.loaded).toBe(true);
    expect(getMinAuthToken()).toBe('small-0');
  });
});

describe('useSyncExternalAuth', () => {
  const provider = (user: string | null) => ({
    getExternalJwt: vi.fn(async () => (user === null ? null : `h.${btoa(JSON.stringify({ sub: user }))}.s`)),
    getExternalUserId: () => user,
  });

  it('follows a provider that lives in React, asked once under StrictMode and again when its user is another', async () => {
    const [alices, bobs] = [provider('alice'), provider('bob')];
    const client = new LazyClient(config, wasm.load);
    const wrapper = ({ children }: { children: ReactNode }) => <StrictMode><DynamicContextProvider client={client}>{children}</DynamicContextProvider></StrictMode>;
    const { result, rerender, unmount } = renderHook(useSyncExternalAuth, { wrapper, initialProps: { ...alices, enabled: false } as UseSyncExternalAuthOptions });
    await act(settle);
    expect([result.current, alices.getExternalJwt.mock.calls.length]).toEqual([{ status: 'off' }, 0]);
    rerender({ ...alices, enabled: true });
    await act(settle);
    expect([result.current, client.user?.externalUserId, alices.getExternalJwt.mock.calls.length]).toEqual([{ status: 'synced' }, 'alice', 1]);
    rerender({ ...alices });
    await act(settle);
    expect(alices.getExternalJwt).toHaveBeenCalledOnce();
    rerender(bobs);
    await act(settle);
    expect([result.current, client.user?.externalUserId]).toEqual([{ status: 'synced' }, 'bob']);
    unmount();
    await settle();
    expect(client.user?.externalUserId).toBe('bob');
  });

  it('subscribes once, and leaves when it is gone', async () => {
    const ends = vi.fn();
    const subscribe = vi.fn(() => ends);
    const { rerender, unmount } = renderHook(() => useSyncExternalAuth({ ...provider('alice'), subscribe }), { wrapper: inProvider() });
    await act(settle);
    rerender();
    expect([subscribe.mock.calls.length, ends.mock.calls.length]).toEqual([1, 0]);
    unmount();
    expect(ends).toHaveBeenCalledOnce();
  });
});

describe('a page rendered by a server', () => {
  it('hydrates without a complaint and then shows the restored session', async () => {
    const report = vi.spyOn(console, 'error');
    wasm.stored = alice;
    function Greeting() {
      const { sdkHasLoaded, user } = useDynamicContext();
      return <p>{sdkHasLoaded ? `Hello ${user?.externalUserId}` : 'One moment'}</p>;
    }
    const page = <StrictMode><DynamicContextProvider settings={config}><Greeting /></DynamicContextProvider></StrictMode>;
    const container = document.body.appendChild(document.createElement('div'));
    container.innerHTML = renderToString(page);
    expect(container.textContent).toBe('One moment');
    const root = await act(() => hydrateRoot(container, page));
    await waitFor(() => expect(container.textContent).toBe('Hello alice'));
    await act(() => root.unmount());
    container.remove();
    expect(report).not.toHaveBeenCalled();
  });
});

describe.each([['with the package name replaced', Renamed], ['verbatim, under an alias', Verbatim]])("the seed's sample %s", (_, SignInButton) => {
  it('signs in', async () => {
    render(<SignInButton {...credentials} />, { wrapper: inProvider() });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await waitFor(() => expect(wasm.only.snapshot.status).toBe('signedIn'));
    expect(wasm.only.exchanges).toBe(1);
  });

  it('reports a refusal', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const refusal = new Error('refused');
    wasm.gate = Promise.reject(refusal);
    render(<SignInButton {...credentials} />, { wrapper: inProvider() });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await waitFor(() => expect(report).toHaveBeenCalledWith('sign-in failed:', refusal));
  });
});
