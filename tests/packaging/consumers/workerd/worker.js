// Signs in on Cloudflare's runtime, which compiles no bytes: with the JavaScript core, and with the file as a module.
import * as usual from 'byoa';
import * as slim from 'byoa/slim';
import wasm from 'byoa/byoa.wasm';

export default {
  async fetch(request) {
    const { form, environmentId, apiBaseUrl, externalJwt, externalUserId } = await request.json();
    const byoa = form === 'slim' ? slim : usual;
    if (form === 'slim') await slim.initializeWasm(wasm);
    const client = byoa.createDynamicClient({ environmentId, apiBaseUrl });
    try {
      const { user } = await byoa.signInWithExternalJwt({ externalJwt, externalUserId }, client);
      return Response.json({ who: `signed in as ${user.externalUserId}`, token: byoa.getAuthToken(client) });
    } catch (error) {
      return Response.json({ who: `${error.code}: ${error.message}` });
    }
  },
};
