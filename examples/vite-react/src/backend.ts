import { createFetch } from 'byoa';

const backend = import.meta.env.VITE_BACKEND_URL ?? 'http://localhost:4701';

/** Asks the backend for a JWT; a real one knows who asks. */
export async function credentials(user: string): Promise<{ externalJwt: string; externalUserId: string }> {
  const response = await fetch(`${backend}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  if (!response.ok) throw new Error('The backend gave no token.');
  return response.json();
}

/** Reads what only the signed-in user may read: a fetch that shows the session, and the proof of its key, to this backend only. */
export async function secret(): Promise<string> {
  const response = await createFetch({ origins: [new URL(backend).origin] })(`${backend}/me`);
  if (!response.ok) throw new Error('The backend let nobody in.');
  return (await response.json()).message;
}
