import { createDynamicClient } from 'byoa';
import { Page } from './sign-in';

export default async function Home() {
  // In a server component the client can be made, and has no session.
  const client = createDynamicClient({ environmentId: '00000000-0000-4000-8000-00000000b0a0', apiBaseUrl: 'https://auth.example.com/api/v0' });
  return (
    <>
      <p>on the server: {client.getSnapshot().status}</p>
      <Page />
    </>
  );
}
