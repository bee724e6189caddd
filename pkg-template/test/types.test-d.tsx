// Compiled, never run: what the types promise. An unused @ts-expect-error fails the compilation.
import type { ByoaError, ClientSnapshot, UserProfile } from 'byoa';
import { createDynamicClient, isByoaError } from 'byoa';
import { DynamicContextProvider, useDynamicContext, useExternalAuth, useIsLoggedIn } from 'byoa/react';

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
