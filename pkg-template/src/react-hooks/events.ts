'use client';

import { useEffect } from 'react';
import { type DynamicEventName, type EventSubscription, onEvent, onceEvent } from '../events.js';
import { useProvided } from '../react/context.js';
import { useLatest } from '../react/store.js';

/**
 * `onEvent` for as long as the component is there. The newest listener counts; it need not be stable.
 *
 * @example
 * ```tsx
 * useOnEvent({ event: 'logout', listener: ({ reason }) => console.log(reason) });
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useOnEvent<Name extends DynamicEventName>({ event, listener }: EventSubscription<Name>): void {
  const client = useProvided('useOnEvent');
  const latest = useLatest(listener);
  useEffect(() => onEvent({ event, listener: (told) => latest.current(told) }, client), [client, event, latest]);
}

/**
 * `onceEvent`: the first time while the component is there, and then no more.
 *
 * @example
 * ```tsx
 * useOnceEvent({ event: 'authSuccess', listener: ({ user }) => greet(user) });
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useOnceEvent<Name extends DynamicEventName>({ event, listener }: EventSubscription<Name>): void {
  const client = useProvided('useOnceEvent');
  const latest = useLatest(listener);
  useEffect(() => onceEvent({ event, listener: (told) => latest.current(told) }, client), [client, event, latest]);
}
