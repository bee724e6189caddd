'use client';

export { DynamicContextProvider, DynamicContextProvider as ByoaProvider } from './provider.js';
export {
  useAuthClient,
  useAuthSnapshot,
  useDynamicContext,
  useExternalAuth,
  useIsLoggedIn,
  useRefreshUser,
} from './hooks.js';

export type { AuthEvents, AuthFailureData, AuthFailureReason, AuthSuccess } from './events.js';
export type { DynamicContext, ExternalAuth, SignInWithExternalJwtProps } from './hooks.js';
export type { DynamicContextProviderProps, DynamicContextProviderProps as ByoaProviderProps, DynamicContextProviderSettings } from './provider.js';
export type * from '../index.js';
export { isByoaError } from '../error.js';
