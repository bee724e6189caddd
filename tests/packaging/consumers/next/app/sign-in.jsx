'use client';

import { getAuthToken } from 'byoa';
import { DynamicContextProvider, useDynamicContext, useExternalAuth, useIsLoggedIn } from 'byoa/react';
import { useState, useSyncExternalStore } from 'react';

const noStore = () => () => {};

/** What the test puts into the page; nothing on the server. */
export function useGiven() {
  return useSyncExternalStore(noStore, () => globalThis.byoaTest, () => undefined);
}

export function Provided({ children }) {
  const given = useGiven();
  if (!given) return <output>loading</output>;
  const { environmentId, apiBaseUrl } = given;
  return <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}>{children}</DynamicContextProvider>;
}

export function Who({ failure }) {
  const { user, sdkHasLoaded } = useDynamicContext();
  const isLoggedIn = useIsLoggedIn();
  if (typeof window !== 'undefined') window.byoaToken = getAuthToken;
  const who = isLoggedIn ? `signed in as ${user.externalUserId}` : 'signed out';
  return <output>{failure || (sdkHasLoaded ? who : 'loading')}</output>;
}

function Button() {
  const { signInWithExternalJwt } = useExternalAuth();
  const [failure, setFailure] = useState('');
  const { externalJwt, externalUserId } = useGiven();
  const signIn = () => signInWithExternalJwt({ externalJwt, externalUserId }).catch((error) => setFailure(`${error.code}: ${error.message}`));
  return (
    <main>
      <button onClick={signIn}>Sign in</button>
      <Who failure={failure} />
    </main>
  );
}

export function Page() {
  return (
    <Provided>
      <Button />
    </Provided>
  );
}
