// Compiled, never run: what the types promise. An unused @ts-expect-error fails the compilation.
import type { ByoaError, ClientSnapshot, DynamicEvents, InitStatus, LogoutReason, OTPVerification, SdkUser, SyncState, UserProfile, VerifyResponse } from 'byoa';
import {
  BaseError,
  createDynamicClient,
  getDefaultClient,
  isByoaError,
  isSignedIn,
  logout,
  onEvent,
  onceEvent,
  refreshAuth,
  refreshUser,
  signInWithExternalJwt,
  syncExternalAuth,
  updateUser,
} from 'byoa';
import { DynamicContextProvider, useDynamicContext, useDynamicEvents, useExternalAuth, useIsLoggedIn, useSyncExternalAuth } from 'byoa/react';
import { DynamicProvider, useInitStatus, useLogout, useOnEvent, useSessionExpiresAt, useSignInWithExternalJwt, useUpdateUser, useUser } from 'byoa/react-hooks';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>() => {};

export async function LegacyHook() {
  const { signInWithExternalJwt } = useExternalAuth();
  holds<Equal<typeof signInWithExternalJwt extends (props: { externalUserId: string; externalJwt: string }) => Promise<UserProfile | undefined> ? true : false, true>>();
  const profile = await signInWithExternalJwt({ externalJwt: '', externalUserId: '' });
  // @ts-expect-error the profile may be undefined, as in the legacy SDK
  profile.userId;
  // @ts-expect-error both are required
  await signInWithExternalJwt({ externalJwt: '' });
}

export function Context() {
  const { user, sdkHasLoaded, handleLogOut } = useDynamicContext();
  holds<Equal<typeof user, UserProfile | undefined>>();
  holds<Equal<typeof sdkHasLoaded, boolean>>();
  holds<Equal<ReturnType<typeof useIsLoggedIn>, boolean>>();
  const legacy: () => Promise<unknown> = handleLogOut;
  return legacy;
}

export function errors(caught: unknown) {
  if (!isByoaError(caught)) return;
  holds<Equal<typeof caught, ByoaError>>();
  const known: boolean = caught.code === 'invalid_external_auth' && caught.reason === 'jwt_expired';
  const fromANewerServer: boolean = caught.code === 'a_code_of_tomorrow';
  return known || fromANewerServer;
}

export function snapshot(now: ClientSnapshot) {
  // @ts-expect-error only a signed-in snapshot has a user
  now.user;
  return now.status === 'signedIn' ? now.user.sessionId : now.status;
}

const settings = { environmentId: '', apiBaseUrl: '' };
export const providers = [
  <DynamicContextProvider settings={settings} />,
  <DynamicContextProvider settings={{ ...settings, events: { onLogout: (user) => user?.userId } }} />,
  <DynamicContextProvider client={createDynamicClient(settings)} />,
  <DynamicContextProvider client={createDynamicClient(settings)} settings={{ events: {} }} />,
  // @ts-expect-error there is no default server
  <DynamicContextProvider settings={{ environmentId: '' }} />,
  // @ts-expect-error one of the two
  <DynamicContextProvider />,
  // @ts-expect-error not both
  <DynamicContextProvider settings={settings} client={createDynamicClient(settings)} />,
];

export async function functions(signal: AbortSignal) {
  const client = getDefaultClient();
  const answer = await signInWithExternalJwt({ externalJwt: '', externalUserId: '', signal }, client);
  holds<Equal<typeof answer, VerifyResponse>>();
  holds<Equal<ReturnType<typeof refreshAuth>, Promise<VerifyResponse>>>();
  holds<Equal<ReturnType<typeof refreshUser>, Promise<SdkUser>>>();
  holds<Equal<ReturnType<typeof updateUser>, Promise<OTPVerification | undefined>>>();
  holds<Equal<ReturnType<typeof logout>, Promise<void>>>();
  holds<Equal<ReturnType<typeof isSignedIn>, boolean>>();
  holds<Equal<typeof client.user, SdkUser | null>>();
  holds<Equal<typeof client.token, string | null>>();
  holds<Equal<typeof client.sessionExpiresAt, Date | null>>();
  holds<Equal<typeof client.initStatus, InitStatus>>();
  await refreshAuth(client, { signal });
  // @ts-expect-error the client comes last
  await signInWithExternalJwt(client);
  // @ts-expect-error a number is no JWT
  await signInWithExternalJwt({ externalJwt: 7 });
  // @ts-expect-error what is known is not for writing
  client.token = '';
}

export function events() {
  const end = onEvent({ event: 'logout', listener: ({ reason }) => holds<Equal<typeof reason, LogoutReason>>() });
  holds<Equal<typeof end, () => void>>();
  onceEvent({ event: 'userChanged', listener: ({ user }) => holds<Equal<typeof user, SdkUser | null>>() });
  onEvent({ event: 'sessionExpiring', listener: ({ expiresAt }) => holds<Equal<typeof expiresAt, Date>>() });
  // @ts-expect-error there is no such event
  onEvent({ event: 'walletAccountsChanged', listener: () => {} });
  // @ts-expect-error a logout has no user
  onEvent({ event: 'logout', listener: ({ user }) => user });
  holds<Equal<keyof DynamicEvents & 'tokenChanged', 'tokenChanged'>>();
}

export function errorKinds(caught: unknown) {
  if (caught instanceof BaseError) holds<Equal<typeof caught, ByoaError>>();
}

export function sync(state: SyncState) {
  syncExternalAuth({ getExternalJwt: () => null }).stop();
  syncExternalAuth({ getExternalJwt: async () => undefined, getExternalUserId: () => 'alice', subscribe: () => () => {} });
  // @ts-expect-error how shall it know who is there?
  syncExternalAuth({});
  // @ts-expect-error only a failure has an error
  state.error;
  switch (state.status) {
    case 'retrying':
      return state.attempt;
    case 'paused':
      return state.reason;
    case 'off':
    case 'syncing':
    case 'synced':
    case 'signedOut':
      return 0;
  }
}

export function Hooks() {
  const { mutate, mutateAsync, ...state } = useSignInWithExternalJwt();
  mutate({ externalJwt: '' }, { onSuccess: ({ user }) => user.id, onError: (error) => error.message });
  mutate();
  holds<Equal<ReturnType<typeof mutateAsync>, Promise<VerifyResponse>>>();
  if (state.status === 'success') holds<Equal<typeof state.data, VerifyResponse>>();
  if (state.isError) holds<Equal<typeof state.error, Error>>();
  if (state.isPending) holds<Equal<typeof state.data, undefined>>();
  useLogout().mutate();
  useUpdateUser().mutate({ userFields: { alias: '' } });
  // @ts-expect-error there is no such field
  useUpdateUser().mutate({ userFields: { wallet: '' } });
  holds<Equal<ReturnType<typeof useUser>['data'], SdkUser | null>>();
  holds<Equal<ReturnType<typeof useInitStatus>['data'], InitStatus>>();
  holds<Equal<ReturnType<typeof useSessionExpiresAt>['data'], Date | null>>();
  useOnEvent({ event: 'tokenChanged', listener: ({ token }) => holds<Equal<typeof token, string | null>>() });
  useDynamicEvents('authFailure', (attempt, { error }) => [attempt.externalUserId, error]);
  // @ts-expect-error there is no such event
  useDynamicEvents('embeddedWalletCreated', () => {});
  holds<Equal<ReturnType<typeof useSyncExternalAuth>, SyncState>>();
  return <DynamicProvider client={getDefaultClient()} />;
}
