// What an app without React does.
import { createDynamicClient, getAuthToken, signInWithExternalJwt } from 'byoa';

const { environmentId, apiBaseUrl, externalJwt, externalUserId } = globalThis.byoaTest;
const client = createDynamicClient({ environmentId, apiBaseUrl });
const output = document.createElement('output');
const button = Object.assign(document.createElement('button'), { textContent: 'Sign in' });
document.body.append(button, output);

function show() {
  const { status, user } = client.getSnapshot();
  output.textContent = status === 'signedIn' ? `signed in as ${user.externalUserId}` : status === 'signedOut' ? 'signed out' : 'loading';
}
client.subscribe(show);
show();
button.addEventListener('click', () => {
  signInWithExternalJwt({ externalJwt, externalUserId }).catch((error) => (output.textContent = `${error.code}: ${error.message}`));
});
globalThis.byoaToken = getAuthToken;
