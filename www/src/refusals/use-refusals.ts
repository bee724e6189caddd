import { type ByoaError, isByoaError } from 'byoa';
import { useExternalAuth } from 'byoa/react';
import { useCallback, useState } from 'react';
import { fetchToken } from '../backend';
import { CASES, type Case } from './cases';

/** What became of one bad token. */
export type Outcome =
  | { readonly status: 'running' }
  | { readonly status: 'refused'; readonly error: ByoaError }
  | { readonly status: 'accepted' }
  | { readonly status: 'unknown'; readonly error: unknown };

/** Tries bad tokens, one or all, and remembers what became of each. */
export function useRefusals(issuerUrl: string) {
  const { signInWithExternalJwt } = useExternalAuth();
  const [outcomes, setOutcomes] = useState<Readonly<Record<string, Outcome>>>({});

  const tryOne = useCallback(
    async ({ bend }: Case) => {
      const set = (outcome: Outcome) => setOutcomes((before) => ({ ...before, [bend]: outcome }));
      set({ status: 'running' });
      try {
        const token = await fetchToken(issuerUrl, { user: 'alice', alg: 'RS256', bend });
        await signInWithExternalJwt(token);
        set({ status: 'accepted' });
      } catch (error) {
        const refused = isByoaError(error) && error.code === 'invalid_external_auth';
        set(refused ? { status: 'refused', error } : { status: 'unknown', error });
      }
    },
    [issuerUrl, signInWithExternalJwt],
  );

  const tryAll = useCallback(async () => {
    // One after the other: a newer sign-in would replace an older one that is under way.
    for (const one of CASES) await tryOne(one);
  }, [tryOne]);

  return { outcomes, tryOne, tryAll };
}
