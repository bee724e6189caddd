import { readFileSync } from 'node:fs';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isByoaError, onEvent, signInWithExternalJwt, updateUser } from '../src/index.js';
import { useSignInWithExternalJwt, useUser } from '../src/react-hooks/index.js';
import { SignedIn, SignedOut, useAuthSnapshot, useDynamicContext, useExternalAuth } from '../src/react/index.js';
import { TestProvider, createTestClient, createTestIssuer, testError } from '../src/testing/react.js';

afterEach(cleanup);

/** An app's own button. */
function Door() {
  const { user, sdkHasLoaded, handleLogOut } = useDynamicContext();
  const { signInWithExternalJwt: signIn } = useExternalAuth();
  const snapshot = useAuthSnapshot();
  if (!sdkHasLoaded) return <p>One moment</p>;
  if (user) return <button onClick={handleLogOut}>Sign {user.externalUserId} out</button>;
  const enter = () => void signIn({ externalJwt: 'a.b.c', externalUserId: 'alice' }).catch(() => {});
  return (
    <>
      <button onClick={enter}>Sign in</button>
      {snapshot.status === 'signedOut' && <p>{snapshot.reason ?? 'nobody yet'}</p>}
    </>
  );
}

describe('TestProvider', () => {
  it('has somebody signed in at the very first render', () => {
    render(<TestProvider user="alice"><Door /></TestProvider>);
    expect(screen.getByText('Sign alice out')).toBeTruthy();
  });

  it('has nobody signed in, and signs in whoever presses the button', async () => {
    const onAuthSuccess = vi.fn();
    render(<TestProvider events={{ onAuthSuccess }}><Door /></TestProvider>);
    fireEvent.click(screen.getByText('Sign in'));
    fireEvent.click(await screen.findByText('Sign alice out'));
    expect(await screen.findByText('user-intent')).toBeTruthy();
    expect(onAuthSuccess).toHaveBeenCalledTimes(1);
  });

  it('fails as the test says', async () => {
    const onAuthFailure = vi.fn();
    render(<TestProvider failure={{ code: 'invalid_external_auth', reason: 'jwt_expired' }} events={{ onAuthFailure }}><Door /></TestProvider>);
    fireEvent.click(screen.getByText('Sign in'));
    await vi.waitFor(() => expect(onAuthFailure).toHaveBeenCalledTimes(1));
    const [, { error }] = onAuthFailure.mock.calls[0] as [unknown, { error: unknown }];
    expect(isByoaError(error) && { ...error }).toEqual({ name: 'InvalidExternalAuthError', code: 'invalid_external_auth', reason: 'jwt_expired', status: 422, retryable: false });
  });

  it('stays at its beginning where it is told to', async () => {
    render(<TestProvider loading><Door /></TestProvider>);
    await act(async () => {});
    expect(screen.getByText('One moment')).toBeTruthy();
  });

  it('works with the components that show one or the other, and ends a session when the test says so', () => {
    const client = createTestClient({ user: { externalUserId: 'alice', alias: 'Alice' } });
    render(<TestProvider client={client}><SignedIn>in</SignedIn><SignedOut>out</SignedOut></TestProvider>);
    expect(screen.getByText('in')).toBeTruthy();
    act(() => client.endSession('session-revoked'));
    expect(screen.getByText('out')).toBeTruthy();
    act(() => client.signInAs('bilal'));
    expect(client.user?.externalUserId).toBe('bilal');
  });
});

it('TestProvider is one for the hooks of byoa/react-hooks as well', async () => {
  function Name() {
    const { data: user } = useUser();
    const { mutate } = useSignInWithExternalJwt();
    return <button onClick={() => mutate({ externalJwt: 'a.b.c', externalUserId: 'alice' })}>{user?.externalUserId ?? 'nobody'}</button>;
  }
  render(<TestProvider><Name /></TestProvider>);
  fireEvent.click(screen.getByText('nobody'));
  expect(await screen.findByText('alice')).toBeTruthy();
});

describe('the test client', () => {
  it('is a client for every function of the package', async () => {
    const client = createTestClient();
    const ended = vi.fn();
    onEvent({ event: 'logout', listener: ended }, client);
    const { user } = await signInWithExternalJwt({ externalJwt: await (await createTestIssuer()).sign('alice') }, client);
    expect(user.externalUserId).toBe('alice');
    expect(client.token?.split('.')).toHaveLength(3);
    await updateUser({ userFields: { alias: 'Alice' } }, client);
    expect(client.user?.alias).toBe('Alice');
    client.endSession();
    expect(ended).toHaveBeenCalledWith({ reason: 'session-revoked' });
    expect([client.user, client.token]).toEqual([null, null]);
  });

  it('refuses a JWT of somebody else, as the real one does', async () => {
    const externalJwt = await (await createTestIssuer()).sign('alice');
    const signingIn = signInWithExternalJwt({ externalJwt, externalUserId: 'bilal' }, createTestClient());
    await expect(signingIn).rejects.toMatchObject({ code: 'invalid_external_auth', reason: 'external_user_mismatch' });
  });

  it('throws errors with the status and the promise that docs/ERRORS.md gives each code', () => {
    const rows = [...readFileSync('docs/ERRORS.md', 'utf8').matchAll(/^\| `(\w+)` \| (\d+|none) \| (yes|no) \|/gm)];
    expect(rows.length).toBeGreaterThan(20);
    for (const [, code, status, retryable] of rows) {
      const error = testError({ code: code as string });
      expect([code, String(error.status ?? 'none'), error.retryable ? 'yes' : 'no']).toEqual([code, status, retryable]);
    }
  });
});
