// A service worker that signs in for the page that asks it.
import { createDynamicClient, getAuthToken, signInWithExternalJwt } from 'byoa';

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('message', ({ data: { environmentId, apiBaseUrl, externalJwt, externalUserId }, ports: [port] }) => {
  const client = createDynamicClient({ environmentId, apiBaseUrl });
  signInWithExternalJwt({ externalJwt, externalUserId }, client).then(
    ({ user }) => port.postMessage({ who: `signed in as ${user.externalUserId}`, token: getAuthToken(client) }),
    (error) => port.postMessage({ who: `${error.code}: ${error.message}` }),
  );
});
