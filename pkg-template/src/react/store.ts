'use client';

import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { DynamicClient } from '../client.js';
import type { ClientSnapshot } from '../generated/wire.js';

/** What the client knows, followed. */
export function useSnapshotOf(client: DynamicClient): ClientSnapshot {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getServerSnapshot);
}

/** The newest value, for callbacks that run later. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
