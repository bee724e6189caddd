// What an app with React does: a provider, a button, who is signed in.
import { getAuthToken } from 'byoa';
import { DynamicContextProvider, useDynamicContext, useExternalAuth, useIsLoggedIn } from 'byoa/react';
import { StrictMode, createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';

const { environmentId, apiBaseUrl, externalJwt, externalUserId } = globalThis.byoaTest;

function Page() {
  const { signInWithExternalJwt } = useExternalAuth();
  const { user, sdkHasLoaded } = useDynamicContext();
  const isLoggedIn = useIsLoggedIn();
  const [failure, setFailure] = useState('');
  const signIn = () => signInWithExternalJwt({ externalJwt, externalUserId }).catch((error) => setFailure(`${error.code}: ${error.message}`));
  const who = isLoggedIn ? `signed in as ${user.externalUserId}` : 'signed out';
  globalThis.byoaToken = getAuthToken;
  return createElement('main', null, createElement('button', { onClick: signIn }, 'Sign in'), createElement('output', null, failure || (sdkHasLoaded ? who : 'loading')));
}

createRoot(document.getElementById('root')).render(
  createElement(StrictMode, null, createElement(DynamicContextProvider, { settings: { environmentId, apiBaseUrl } }, createElement(Page))),
);
