'use client';

export { useOnEvent, useOnceEvent } from './events.js';
export { useDeleteUser, useLogout, useRefreshAuth, useSignInWithExternalJwt, useUpdateUser } from './hooks.js';
export { DynamicProvider } from './provider.js';
export { useInitStatus, useSessionExpiresAt, useUser } from './state.js';
export { useCheckStepUpAuth, useRequestExternalAuthElevatedToken } from './step-up.js';
export { MissingProviderError } from '../react/context.js';
export { useDynamicClient } from '../react/hooks.js';
export { useSyncExternalAuth } from '../react/sync.js';

export type { Mutation, MutationCallbacks, MutationState } from './mutation.js';
export type { DynamicProviderProps } from './provider.js';
export type { QueryResult } from './step-up.js';
export type { StateResult } from './state.js';
export type { UseSyncExternalAuthOptions } from '../react/sync.js';
