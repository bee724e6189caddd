'use client';

import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { DynamicClient } from '../client.js';
import type { ClientSnapshot, UserProfile } from '../generated/wire.js';

/**
 * What the client knows, followed: a component is rendered again when what it selects is another than before.
 *
 * @param select gives the same value for the same snapshot
 */
export function useSnapshotOf<T>(client: DynamicClient, select: (snapshot: ClientSnapshot) => T): T {
  return useSyncExternalStore(
    client.subscribe,
    () => select(client.getSnapshot()),
    () => select(client.getServerSnapshot()),
  );
}

/** Who is signed in. */
export function userOf(snapshot: ClientSnapshot): UserProfile | undefined {
  return snapshot.status === 'signedIn' ? snapshot.user : undefined;
}

/** Whether it is known who is signed in, and if so whether anybody is. */
export function statusOf(snapshot: ClientSnapshot): ClientSnapshot['status'] {
  return snapshot.status;
}

/** All of it. */
export function wholeOf(snapshot: ClientSnapshot): ClientSnapshot {
  return snapshot;
}

/** The newest value, for callbacks that run later. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
