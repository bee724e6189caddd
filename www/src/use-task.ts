import { useCallback, useState } from 'react';

/** What became of something that takes a while. */
export type Task<T> =
  | { readonly status: 'idle' }
  | { readonly status: 'running' }
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'failed'; readonly error: unknown };

const IDLE = { status: 'idle' } as const;

/** Runs something on demand and remembers what became of it. */
export function useTask<A extends unknown[], T>(action: (...args: A) => Promise<T>) {
  const [task, setTask] = useState<Task<T>>(IDLE);
  const run = useCallback(
    async (...args: A) => {
      setTask({ status: 'running' });
      try {
        setTask({ status: 'done', value: await action(...args) });
      } catch (error) {
        setTask({ status: 'failed', error });
      }
    },
    [action],
  );
  const reset = useCallback(() => setTask(IDLE), []);
  return { task, run, reset };
}
