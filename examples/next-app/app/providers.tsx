'use client';

import { createFetch } from 'byoa';
import { DynamicContextProvider, useAuthSnapshot, useDynamicClient } from 'byoa/react';
import { useRouter } from 'next/navigation';
import { type ReactNode, useEffect } from 'react';
import { apiBaseUrl, appOrigin, environmentId } from '../lib/settings';

export function Providers({ children }: { children: ReactNode }) {
  return (
    <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}>
      <TellTheServer />
      {children}
    </DynamicContextProvider>
  );
}

/** Keeps this app's cookie at the session's newest token, so that server components know who asks. */
function TellTheServer() {
  const client = useDynamicClient();
  const snapshot = useAuthSnapshot();
  const router = useRouter();
  const status = snapshot.status;
  // It changes with every new token.
  const token = status === 'signedIn' ? client.token : null;

  useEffect(() => {
    if (status === 'loading') return;
    // Shows the session, and the proof of its key, to this app only.
    const send = createFetch({ origins: [appOrigin] }, client);
    const told = token ? send('/api/session', { method: 'POST' }) : fetch('/api/session', { method: 'DELETE' });
    // What the server has rendered may say something else now.
    void told.then(() => router.refresh());
  }, [client, status, token, router]);
  return null;
}
