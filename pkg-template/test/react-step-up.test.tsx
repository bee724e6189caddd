import { act, cleanup, renderHook } from '@testing-library/react';
import { type ReactNode, StrictMode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkStepUpAuth, createFetch, getElevatedAccessToken, requestExternalAuthElevatedToken } from 'byoa';
import { useExternalAuth, useStepUpAuthentication } from 'byoa/react';
import { DynamicProvider, useCheckStepUpAuth, useRequestExternalAuthElevatedToken } from 'byoa/react-hooks';
import { LazyClient } from '../src/client.js';
import { logout, signInWithExternalJwt } from '../src/session.js';
import { FakeWasm, config, credentials, deferred, refusal } from './fake-core.js';

vi.mock('../src/load-wasm.js', () => ({ loadWasm: vi.fn() }));

let wasm: FakeWasm;
let client: LazyClient;

beforeEach(async () => {
  wasm = new FakeWasm();
  client = new LazyClient(config, wasm.load);
  await signInWithExternalJwt(credentials, client);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const wrapper = ({ children }: { children: ReactNode }) => <StrictMode><DynamicProvider client={client}>{children}</DynamicProvider></StrictMode>;
const externalJwt = 'assertion';
const required = { isRequired: true, credentials: [] };

describe('the functions', () => {
  it('hand the assertion, the scope and whether to consume on to the core', async () => {
    const elevate = vi.spyOn(wasm.only, 'requestElevatedToken');
    const get = vi.spyOn(wasm.only, 'getElevatedAccessToken').mockReturnValue('elevated');
    await expect(requestExternalAuthElevatedToken({ externalJwt }, client)).resolves.toEqual({ elevatedAccessToken: 'elevated' });
    expect(elevate).toHaveBeenCalledExactlyOnceWith({ externalJwt });
    expect(getElevatedAccessToken({ scope: 'user:delete', consume: false }, client)).toBe('elevated');
    expect(get).toHaveBeenCalledExactlyOnceWith({ scope: 'user:delete', consume: false });
    expect(getElevatedAccessToken({ scope: 'user:delete' }, new LazyClient(config, wasm.load))).toBeUndefined();
  });

  it('pass a refusal on', async () => {
    const refused = refusal('invalid_external_auth', { reason: 'jwt_replayed' });
    vi.spyOn(wasm.only, 'requestElevatedToken').mockRejectedValue(refused);
    await expect(requestExternalAuthElevatedToken({ externalJwt }, client)).rejects.toBe(refused);
  });

  it('say that a step-up is needed where that cannot be learnt', async () => {
    await expect(checkStepUpAuth({ scope: 'user:delete' }, client)).resolves.toEqual({ isRequired: false, credentials: [] });
    vi.spyOn(wasm.only, 'checkStepUp').mockRejectedValue(refusal('network_error'));
    await expect(checkStepUpAuth({ scope: 'user:delete' }, client)).resolves.toEqual(required);
  });
});

describe('createFetch', () => {
  it('carries the session to its own origins only, and loads nothing before', async () => {
    const sent = vi.fn(async (_input: RequestInfo | URL, _init?: RequestInit) => new Response('ok'));
    const ask = vi.spyOn(wasm.only, 'authorize');
    const fetch = createFetch({ origins: ['https://api.example.com'], fetch: sent as typeof globalThis.fetch }, client);
    expect(ask).not.toHaveBeenCalled();
    await fetch('https://api.example.com/orders');
    await fetch('https://elsewhere.example.com/');
    const seen = sent.mock.calls.map(([input, init]) => new Request(input, init).headers.get('authorization'));
    expect(seen).toEqual(['Bearer small-1', null]);
  });
});

describe('useStepUpAuthentication', () => {
  it('asks, steps up, and shows what is under way and what failed', async () => {
    const { result, rerender } = renderHook(useStepUpAuthentication, { wrapper });
    const { isStepUpRequired, verifyWithExternalJwt } = result.current;
    const gate = deferred();
    vi.spyOn(wasm.only, 'checkStepUp').mockImplementation(async () => (await gate.promise, required as never));
    let answer: Promise<boolean> | undefined;
    await act(async () => void (answer = isStepUpRequired({ scope: 'user:delete' })));
    expect(result.current.state).toEqual({ isLoading: true, error: null });
    await act(async () => gate.resolve());
    await expect(answer).resolves.toBe(true);
    expect(result.current.state).toEqual({ isLoading: false, error: null });

    const refused = refusal('invalid_external_auth');
    vi.spyOn(wasm.only, 'requestElevatedToken').mockRejectedValueOnce(refused);
    await act(() => expect(verifyWithExternalJwt({ externalJwt })).rejects.toBe(refused));
    expect(result.current.state).toEqual({ isLoading: false, error: refused });
    act(() => result.current.resetState());
    expect(result.current.state.error).toBeNull();
    await act(() => expect(verifyWithExternalJwt({ externalJwt })).resolves.toEqual({ elevatedAccessToken: 'elevated' }));
    const before = result.current;
    rerender();
    expect(result.current).toBe(before);
    expect(before).toMatchObject({ isStepUpRequired, verifyWithExternalJwt });
  });

  it('is what useExternalAuth steps up with', async () => {
    const elevate = vi.spyOn(wasm.only, 'requestElevatedToken');
    const { result } = renderHook(useExternalAuth, { wrapper });
    await expect(result.current.verifyWithExternalJwt({ externalJwt })).resolves.toEqual({ elevatedAccessToken: 'elevated' });
    expect(elevate).toHaveBeenCalledExactlyOnceWith({ externalJwt });
  });
});

describe('byoa/react-hooks', () => {
  it('has the step-up as a mutation', async () => {
    const { result } = renderHook(useRequestExternalAuthElevatedToken, { wrapper });
    await act(async () => result.current.mutate({ externalJwt }));
    expect(result.current).toMatchObject({ status: 'success', data: { elevatedAccessToken: 'elevated' } });
  });

  it('asks whether one is needed: for who is signed in, again for another scope, and not for nobody', async () => {
    const check = vi.spyOn(wasm.only, 'checkStepUp');
    const { result, rerender } = renderHook(useCheckStepUpAuth, { wrapper, initialProps: { scope: 'user:update' } });
    expect(result.current).toMatchObject({ isLoading: true, data: undefined });
    await act(async () => {});
    expect(result.current).toMatchObject({ isLoading: false, data: { isRequired: false }, error: null });
    check.mockResolvedValue(required as never);
    await act(async () => rerender({ scope: 'user:delete' }));
    expect(result.current.data).toEqual(required);
    expect(new Set(check.mock.calls.map(([{ scope }]: any) => scope))).toEqual(new Set(['user:update', 'user:delete']));
    check.mockClear();
    await act(() => logout(client));
    expect(check).not.toHaveBeenCalled();
  });
});
