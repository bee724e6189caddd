// Import, render twice at once, and sign in, in Node.
import { createDynamicClient, getAuthToken, signInWithExternalJwt } from 'byoa';
import { DynamicContextProvider, useDynamicContext } from 'byoa/react';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';

const { environmentId, apiBaseUrl, externalJwt, externalUserId } = JSON.parse(process.env.BYOA_TEST);
const Shown = () => String(useDynamicContext().sdkHasLoaded);
const page = () => renderToString(createElement(DynamicContextProvider, { settings: { environmentId, apiBaseUrl } }, createElement(Shown)));
if (page() !== 'false' || page() !== 'false') throw new Error(`rendered ${page()}`);

const client = createDynamicClient({ environmentId, apiBaseUrl });
const { user } = await signInWithExternalJwt({ externalJwt, externalUserId }, client);
console.log(JSON.stringify({ who: `signed in as ${user.externalUserId}`, token: getAuthToken(client) }));
process.exit();
