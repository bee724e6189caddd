'use client';

import { isByoaError, useDynamicContext, useExternalAuth } from 'byoa/react';
import { useState } from 'react';
import { backendUrl } from '../lib/settings';

/** Asks the backend for a JWT; a real one knows who asks. */
async function credentials(user: string): Promise<{ externalJwt: string; externalUserId: string }> {
  const response = await fetch(`${backendUrl}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  if (!response.ok) throw new Error('The backend gave no token.');
  return response.json();
}

export function Door() {
  const { user, sdkHasLoaded, handleLogOut } = useDynamicContext();
  const { signInWithExternalJwt } = useExternalAuth();
  const [said, setSaid] = useState('');

  const signIn = async () => {
    try {
      await signInWithExternalJwt(await credentials('alice'));
      setSaid('');
    } catch (error) {
      setSaid(isByoaError(error) ? `${error.reason ?? error.code}: ${error.message}` : String(error));
    }
  };

  if (!sdkHasLoaded) return <p>One moment…</p>;
  return (
    <>
      <p>{user ? `Signed in as ${user.externalUserId}` : 'Nobody is signed in'}</p>
      {user ? <button onClick={handleLogOut}>Sign out</button> : <button onClick={signIn}>Sign in</button>}
      <p role="status">{said}</p>
    </>
  );
}
