'use client';

import { createContext, useContext } from 'react';
import type { AuthClient } from '../client.js';
import type { AuthFailureData, AuthFailureReason } from './events.js';

/** What the provider gives its hooks: who to ask. The state itself stays in the client. */
export interface ProvidedAuth {
  readonly client: AuthClient;
  readonly onAuthFailure: (data: AuthFailureData, reason: AuthFailureReason) => void;
}

export const AuthContext = createContext<ProvidedAuth | undefined>(undefined);

/** @throws {Error} outside a provider, with a sentence that names the hook and the mend */
export function useProvided(hook: string): ProvidedAuth {
  const provided = useContext(AuthContext);
  if (provided) return provided;
  throw new Error(`${hook} must be used inside <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}>.`);
}
