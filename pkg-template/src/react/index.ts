'use client';

export { MissingProviderError } from './context.js';
export { useDynamicEvents } from './events.js';
export {
  useAuthSnapshot,
  useDeleteUserAccount,
  useDynamicClient,
  useDynamicContext,
  useExternalAuth,
  useIsLoggedIn,
  useRefreshAuth,
  useRefreshUser,
  useReinitialize,
  useUserUpdateRequest,
} from './hooks.js';
export { DynamicContextProvider } from './provider.js';
export { SignedIn, SignedOut } from './status.js';
export { useStepUpAuthentication } from './step-up.js';
export { useSyncExternalAuth } from './sync.js';
export { isByoaError } from '../error.js';
export { getAuthToken, getMinAuthToken } from '../session.js';

export type { AuthAttempt, AuthEvents, AuthFailureReason, AuthSuccess, DynamicReactEvents } from './events.js';
export type { DeleteUserAccount, DynamicContext, ExternalAuth, UserUpdate, UserUpdateRequest } from './hooks.js';
export type { DynamicContextProviderProps, DynamicContextProviderSettings } from './provider.js';
export type { StepUpAuthentication } from './step-up.js';
export type { UseSyncExternalAuthOptions } from './sync.js';
export type * from '../index.js';
