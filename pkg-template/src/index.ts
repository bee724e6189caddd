export { createAuthClient } from './create-auth-client.js';
export { isByoaError } from './error.js';

export type { AuthClient } from './client.js';
export type { ByoaError } from './error.js';
export type {
  ClientConfig,
  ClientEvent,
  ClientSnapshot,
  ErrorCode,
  JwtVerifiedCredential,
  LogoutReason,
  LogoutResult,
  Reason,
  Security,
  SecurityLevel,
  SessionTimeline,
  SignInWithExternalJwtArgs,
  StorageKind,
  UserFields,
  UserProfile,
} from './generated/wire.js';
