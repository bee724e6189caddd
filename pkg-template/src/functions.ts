// Everything of `byoa` but what makes a client, which each entry does with a core of its own.
export { getDefaultClient } from './default-client.js';
export { isByoaError } from './error.js';
export { APIError, BaseError, InvalidExternalAuthError, UnauthorizedError } from './errors.js';
export { offEvent, onceEvent, onEvent } from './events.js';
export { type GetClaimsOptions, getClaims } from './get-claims.js';
export { initializeClient, waitForClientInitialized } from './initialize.js';
export { checkUserScopes, deleteUser, refreshUser, updateUser } from './profile.js';
export { getAuthToken, getMinAuthToken, isSignedIn, logout, refreshAuth, signInWithExternalJwt } from './session.js';
export { createFetch } from './session-fetch.js';
export { checkStepUpAuth, getElevatedAccessToken, requestExternalAuthElevatedToken } from './step-up.js';
export { syncExternalAuth } from './sync/index.js';

export type { DynamicClient } from './client.js';
export type { LogLevel } from './core.js';
export type { LogSink, StorageAdapter } from './host.js';
export type { DynamicClientOptions } from './make-client.js';
export type { ByoaError } from './error.js';
export type { ErrorKind } from './errors.js';
export type { DynamicEventName, DynamicEvents, EventSubscription, InitStatus } from './events.js';
export type { OTPVerification } from './profile.js';
export type { CallOptions, SignInWithExternalJwtProps, VerifyResponse } from './session.js';
export type { StepUpCheckResponse, StepUpCredential } from './core.js';
export type { CreateFetchOptions } from './create-fetch.js';
export type { SyncState } from './sync/machine.js';
export type { ExternalAuthProvider, ExternalAuthSync } from './sync/runner.js';
export type { SdkCredential, SdkUser } from './user.js';
export type {
  ClientSnapshot,
  Confirmation,
  ErrorCode,
  JsonValue,
  JwtVerifiedCredential,
  LogoutReason,
  Reason,
  Security,
  SecurityLevel,
  SessionClaims,
  SessionTimeline,
  StorageKind,
  UserFields,
  UserProfile,
} from './generated/wire.js';
