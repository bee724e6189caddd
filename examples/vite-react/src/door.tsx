import { isByoaError, useDynamicContext, useExternalAuth } from 'byoa/react';
import { useState } from 'react';
import { credentials, secret } from './backend';

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
      {user ? (
        <>
          <button onClick={async () => setSaid(await secret())}>Ask the backend</button>
          <button onClick={handleLogOut}>Sign out</button>
        </>
      ) : (
        <button onClick={signIn}>Sign in</button>
      )}
      <p role="status">{said}</p>
    </>
  );
}
