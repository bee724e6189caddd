import { useSyncExternalStore } from 'react';

/** Who did something: the visitor, the client, or the network between them. */
export type Actor = 'you' | 'client' | 'network';

export interface Entry {
  readonly id: number;
  /** Milliseconds since 1970, by a clock that the page cannot step. */
  readonly at: number;
  readonly actor: Actor;
  readonly text: string;
  readonly tone?: 'good' | 'bad' | undefined;
}

const KEPT = 80;
const listeners = new Set<() => void>();
let entries: readonly Entry[] = [];
let next = 1;

/** Writes down what happened. */
export function note(actor: Actor, text: string, tone?: Entry['tone']): void {
  entries = [{ id: next++, at: performance.timeOrigin + performance.now(), actor, text, tone }, ...entries].slice(0, KEPT);
  listeners.forEach((tell) => tell());
}

/** What happened, newest first. */
export function useLog(): readonly Entry[] {
  return useSyncExternalStore(subscribe, () => entries);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
