'use client';

import { useCallback, useMemo, useRef, useState } from 'react';
import type { LazyClient } from '../client.js';
import { useProvided } from '../react/context.js';

/**
 * What became of the last call: one shape for each status.
 *
 * @example
 * ```ts
 * const message = (state: MutationState<unknown>) => (state.status === 'error' ? state.error.message : '');
 * ```
 */
export type MutationState<Data> =
  | { readonly status: 'idle'; readonly data: undefined; readonly error: null; readonly isIdle: true; readonly isPending: false; readonly isSuccess: false; readonly isError: false }
  | { readonly status: 'pending'; readonly data: undefined; readonly error: null; readonly isIdle: false; readonly isPending: true; readonly isSuccess: false; readonly isError: false }
  | { readonly status: 'success'; readonly data: Data; readonly error: null; readonly isIdle: false; readonly isPending: false; readonly isSuccess: true; readonly isError: false }
  | { readonly status: 'error'; readonly data: undefined; readonly error: Error; readonly isIdle: false; readonly isPending: false; readonly isSuccess: false; readonly isError: true };

/**
 * What to call when a call of `mutate` has ended.
 *
 * @example
 * ```ts
 * const callbacks: MutationCallbacks<void, void> = { onSuccess: () => location.assign('/') };
 * ```
 */
export interface MutationCallbacks<Data, Variables> {
  /** It succeeded. */
  readonly onSuccess?: ((data: Data, variables: Variables) => void) | undefined;
  /** It failed. */
  readonly onError?: ((error: Error, variables: Variables) => void) | undefined;
  /** It ended, one way or the other. */
  readonly onSettled?: ((data: Data | undefined, error: Error | null, variables: Variables) => void) | undefined;
}

/**
 * Something that can be done, and what became of it. The functions stay the same between renders; what is known
 * is of the newest call.
 *
 * @example
 * ```tsx
 * const { mutate, isPending, error }: Mutation<void, void> = useLogout();
 * ```
 */
export type Mutation<Data, Variables> = MutationState<Data> & {
  /** Does it. What goes wrong is in `error`; nothing is thrown. */
  readonly mutate: (variables: Variables, callbacks?: MutationCallbacks<Data, Variables>) => void;
  /** Does it, as a promise. @throws {ByoaError} */
  readonly mutateAsync: (variables: Variables) => Promise<Data>;
  /** Forgets what became of it. */
  readonly reset: () => void;
};

const flags = { isIdle: false, isPending: false, isSuccess: false, isError: false } as const;
const IDLE = { ...flags, status: 'idle', data: undefined, error: null, isIdle: true } as const;
const PENDING = { ...flags, status: 'pending', data: undefined, error: null, isPending: true } as const;

/** @param run must be the same function at every render */
export function useMutation<Data, Variables>(
  hook: string,
  run: (client: LazyClient, variables: Variables) => Promise<Data>,
): Mutation<Data, Variables> {
  const client = useProvided(hook);
  const [state, setState] = useState<MutationState<Data>>(IDLE);
  const newest = useRef(0);

  const mutateAsync = useCallback(
    async (variables: Variables) => {
      const call = (newest.current += 1);
      const become = (next: MutationState<Data>) => newest.current === call && setState(next);
      become(PENDING);
      try {
        const data = await run(client, variables);
        become({ ...flags, status: 'success', data, error: null, isSuccess: true });
        return data;
      } catch (error) {
        become({ ...flags, status: 'error', data: undefined, error: error as Error, isError: true });
        throw error;
      }
    },
    [client, run],
  );
  const mutate = useCallback(
    (variables: Variables, callbacks: MutationCallbacks<Data, Variables> = {}) => {
      const { onSuccess, onError, onSettled } = callbacks;
      // A callback that throws is reported by the browser as an unhandled rejection.
      void mutateAsync(variables).then(
        (data) => {
          onSuccess?.(data, variables);
          onSettled?.(data, null, variables);
        },
        (error: Error) => {
          onError?.(error, variables);
          onSettled?.(undefined, error, variables);
        },
      );
    },
    [mutateAsync],
  );
  const reset = useCallback(() => {
    newest.current += 1;
    setState(IDLE);
  }, []);
  return useMemo(() => ({ ...state, mutate, mutateAsync, reset }), [state, mutate, mutateAsync, reset]);
}
