'use client';

import { useMemo, useState } from 'react';
import { checkStepUpAuth, requestExternalAuthElevatedToken } from '../step-up.js';
import type { StepUpCheckResponse } from '../core.js';
import { useProvided } from './context.js';

/**
 * What `useStepUpAuthentication` gives.
 *
 * @example
 * ```ts
 * const { isStepUpRequired }: StepUpAuthentication = useStepUpAuthentication();
 * ```
 */
export interface StepUpAuthentication {
  /** What the operation needs; where that cannot be learnt, a step-up. */
  readonly checkStepUpAuth: (props: { readonly scope: string }) => Promise<StepUpCheckResponse>;
  /** Whether the operation needs an elevated token that is not held. */
  readonly isStepUpRequired: (props: { readonly scope: string }) => Promise<boolean>;
  /** Exchanges a JWT of your backend for an elevated token; the same as that of `useExternalAuth`. @throws {ByoaError} */
  readonly verifyWithExternalJwt: (props: { readonly externalJwt: string }) => Promise<{ readonly elevatedAccessToken: string }>;
  /** Forgets the last error. */
  readonly resetState: () => void;
  /** What became of the last call. */
  readonly state: { readonly isLoading: boolean; readonly error: unknown };
}

const IDLE = { isLoading: false, error: null };

/**
 * Step-up with a JWT of your backend. What the legacy SDK has of one-time codes, passkeys and windows is not here.
 *
 * @example
 * ```tsx
 * const { isStepUpRequired, verifyWithExternalJwt } = useStepUpAuthentication();
 * const remove = async () => {
 *   if (await isStepUpRequired({ scope: 'user:delete' })) await verifyWithExternalJwt(await yourBackend());
 *   await deleteUser();
 * };
 * ```
 *
 * @throws {MissingProviderError}
 */
export function useStepUpAuthentication(): StepUpAuthentication {
  const client = useProvided('useStepUpAuthentication');
  const [state, setState] = useState<StepUpAuthentication['state']>(IDLE);
  const actions = useMemo(() => {
    const watched = async <T>(call: Promise<T>) => {
      setState({ isLoading: true, error: null });
      try {
        const value = await call;
        setState(IDLE);
        return value;
      } catch (error) {
        setState({ isLoading: false, error });
        throw error;
      }
    };
    const check = (props: { readonly scope: string }) => watched(checkStepUpAuth(props, client));
    return {
      checkStepUpAuth: check,
      isStepUpRequired: async (props: { readonly scope: string }) => (await check(props)).isRequired,
      verifyWithExternalJwt: (props: { readonly externalJwt: string }) => watched(requestExternalAuthElevatedToken(props, client)),
      resetState: () => setState(IDLE),
    };
  }, [client]);
  return useMemo(() => ({ ...actions, state }), [actions, state]);
}
