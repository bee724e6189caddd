import { act, cleanup, render, renderHook } from '@testing-library/react';
import { type ReactNode, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as hooks from 'byoa/react-hooks';
import { LazyClient } from '../src/client.js';
import { logout, signInWithExternalJwt } from '../src/session.js';
import { expectAnError } from './expect-an-error.js';
import { FakeWasm, alice, config, credentials, deferred, refusal, settle } from './fake-core.js';

const { DynamicProvider, useDeleteUser, useDynamicClient, useInitStatus, useLogout, useOnEvent, useOnceEvent } = hooks;
const { useRefreshAuth, useSessionExpiresAt, useSignInWithExternalJwt, useUpdateUser, useUser } = hooks;

vi.mock('../src/load-wasm.js', () => ({ loadWasm: vi.fn() }));

let wasm: FakeWasm;
let client: LazyClient;

beforeEach(() => {
  wasm = new FakeWasm();
  client = new LazyClient(config, wasm.load);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function wrapper({ children }: { children: ReactNode }) {
  return <StrictMode><DynamicProvider client={client}>{children}</DynamicProvider></StrictMode>;
}

/** Renders a hook below a client that has started. */
async function started<T>(hook: () => T) {
  await client.open();
  return renderHook(hook, { wrapper });
}

describe('the provider', () => {
  it('gives the client as it is, and neither starts nor closes it', async () => {
    const { result, unmount } = renderHook(useDynamicClient, { wrapper });
    await act(settle);
    expect(result.current).toBe(client);
    expect(wasm.loads).toBe(0);
    await client.open();
    unmount();
    await settle();
    expect(wasm.only.closed).toBe(false);
  });

  const all = Object.entries(hooks).filter(([name]) => name.startsWith('use')) as [string, (props: unknown) => unknown][];
  it.each(all)('%s throws a MissingProviderError outside of it', (name, hook) => {
    expectAnError();
    expect(() => renderHook(() => hook({}))).toThrow(expect.objectContaining({ name: 'MissingProviderError', message: expect.stringContaining(`${name} must be used inside`) }));
  });
});

describe('a mutation', () => {
  it('goes from idle over pending to success', async () => {
    const { result } = await started(useSignInWithExternalJwt);
    expect(result.current).toMatchObject({ status: 'idle', isIdle: true, isPending: false, data: undefined, error: null });
    const gate = deferred();
    wasm.only.gate = gate.promise;
    await act(async () => result.current.mutate(credentials));
    expect(result.current).toMatchObject({ status: 'pending', isPending: true });
    await act(async () => gate.resolve());
    expect(result.current).toMatchObject({ status: 'success', isSuccess: true, isPending: false, data: { user: { externalUserId: 'alice' } } });
    act(() => result.current.reset());
    expect(result.current).toMatchObject({ status: 'idle', data: undefined });
  });

  it('keeps what went wrong, throws nothing, and tells the callbacks', async () => {
    const { result } = await started(useSignInWithExternalJwt);
    const refused = refusal('invalid_external_auth', { reason: 'jwt_expired' });
    wasm.only.gate = Promise.reject(refused);
    const [onSuccess, onError, onSettled] = [vi.fn(), vi.fn(), vi.fn()];
    await act(async () => result.current.mutate(credentials, { onSuccess, onError, onSettled }));
    expect(result.current).toMatchObject({ status: 'error', isError: true, error: refused });
    expect(onSuccess).not.toHaveBeenCalled();
    expect(onError).toHaveBeenCalledExactlyOnceWith(refused, credentials);
    expect(onSettled).toHaveBeenCalledExactlyOnceWith(undefined, refused, credentials);
    await act(() => expect(result.current.mutateAsync(credentials)).rejects.toBe(refused));
  });

  it('shows the newest of two calls, whichever ends last', async () => {
    const { result } = await started(useSignInWithExternalJwt);
    const slow = deferred();
    wasm.only.gate = slow.promise;
    await act(async () => result.current.mutate({ ...credentials, externalUserId: 'slow' }));
    wasm.only.gate = Promise.resolve();
    await act(async () => result.current.mutate(credentials));
    await act(async () => slow.resolve());
    expect(result.current.data?.user.externalUserId).toBe('alice');
  });

  it('keeps its functions, and itself while nothing changes', async () => {
    const { result, rerender } = await started(useLogout);
    const before = result.current;
    rerender();
    expect(result.current).toBe(before);
    await act(async () => result.current.mutate());
    const { mutate, mutateAsync, reset } = before;
    expect(result.current).toMatchObject({ mutate, mutateAsync, reset, status: 'success' });
  });

  it('is there for each thing that a user can do', async () => {
    const { result } = await started(() => ({ refresh: useRefreshAuth(), update: useUpdateUser(), remove: useDeleteUser(), out: useLogout() }));
    await act(() => signInWithExternalJwt(credentials, client));
    await act(() => result.current.refresh.mutateAsync());
    expect(result.current.refresh.data?.minifiedJwt).toBe('small-2');
    await act(() => result.current.update.mutateAsync({ userFields: { alias: 'Al' } }));
    expect(client.user?.alias).toBe('Al');
    await act(() => result.current.remove.mutateAsync());
    expect(client.user).toBeNull();
    await act(() => result.current.out.mutateAsync());
    expect(result.current.out.isSuccess).toBe(true);
  });
});

describe('the state hooks', () => {
  it('follow the user, the end of the session and the start of the client', async () => {
    const { result } = renderHook(() => ({ user: useUser(), end: useSessionExpiresAt(), init: useInitStatus() }), { wrapper });
    expect(result.current).toMatchObject({ user: { data: null, isLoading: true, error: null }, end: { data: null }, init: { data: 'uninitialized' } });
    await act(() => client.open());
    expect(result.current).toMatchObject({ user: { data: null, isLoading: false }, init: { data: 'finished', isLoading: false } });
    await act(() => signInWithExternalJwt(credentials, client));
    expect(result.current.user.data).toBe(client.user);
    expect(result.current.end.data).toBe(client.sessionExpiresAt);
    await act(() => logout(client));
    expect(result.current).toMatchObject({ user: { data: null }, end: { data: null } });
  });

  it('say why nothing can be known', async () => {
    const { result } = renderHook(useUser, { wrapper });
    wasm.failure = new Error('blocked');
    await act(() => client.open().catch(() => {}));
    expect(result.current).toEqual({ data: null, isLoading: false, error: wasm.failure });
  });

  it('give the same object until something changes', async () => {
    wasm.stored = alice;
    const { result, rerender } = await started(() => [useUser(), useSessionExpiresAt(), useInitStatus()]);
    const before = result.current;
    rerender();
    result.current.forEach((value, index) => expect(value).toBe(before[index]));
  });

  it('render on a server as not known yet', () => {
    const Page = () => <p>{JSON.stringify([useUser(), useInitStatus()])}</p>;
    expect(renderToString(<DynamicProvider client={client}><Page /></DynamicProvider>).replaceAll('&quot;', '"')).toBe(
      '<p>[{"data":null,"isLoading":true,"error":null},{"data":"uninitialized","isLoading":true,"error":null}]</p>',
    );
  });
});

describe('the event hooks', () => {
  it('call the newest listener for as long as the component is there, or once', async () => {
    const told: string[] = [];
    function Listener({ mark }: { mark: string }) {
      useOnEvent({ event: 'logout', listener: ({ reason }) => told.push(`${mark} ${reason}`) });
      useOnceEvent({ event: 'logout', listener: () => told.push(`${mark} once`) });
      return null;
    }
    await client.open();
    const { rerender, unmount } = render(<Listener mark="first" />, { wrapper });
    rerender(<Listener mark="second" />);
    await act(() => logout(client));
    await act(() => logout(client));
    unmount();
    await logout(client);
    expect(told).toEqual(['second user-intent', 'second once', 'second user-intent']);
  });
});
