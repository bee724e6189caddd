import { createDynamicClient, getAuthToken, signInWithExternalJwt } from 'byoa';

const { environmentId, apiBaseUrl, externalJwt, externalUserId } = JSON.parse(process.env.BYOA_TEST);

it('signs in', async () => {
  const client = createDynamicClient({ environmentId, apiBaseUrl });
  const { user } = await signInWithExternalJwt({ externalJwt, externalUserId }, client);
  expect(user.externalUserId).toBe(externalUserId);
  expect(getAuthToken(client)?.split('.')).toHaveLength(3);
  client.close();
});
