import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time in whole seconds since 1970, one timer for all that show it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, nowInSeconds);
}

function nowInSeconds() {
  return Math.floor(Date.now() / 1000);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => listeners.forEach((tell) => tell()), 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
