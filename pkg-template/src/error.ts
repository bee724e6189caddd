import type { ErrorCode, Reason } from './generated/wire.js';

/**
 * What every failed call of this package rejects with. Decide by `code`; the message is for people.
 *
 * @example
 * ```ts
 * try {
 *   await signInWithExternalJwt({ externalJwt, externalUserId });
 * } catch (error) {
 *   if (isByoaError(error) && error.code === 'invalid_external_auth') console.warn(error.reason);
 * }
 * ```
 */
export interface ByoaError extends Error {
  /** A stable word, such as `invalid_external_auth`; a newer server may send one that is not listed. */
  readonly code: ErrorCode | (string & {});
  /** The rule that a refused external JWT broke, such as `jwt_expired`. */
  readonly reason?: Reason | (string & {}) | undefined;
  /** HTTP status, where the server answered. */
  readonly status?: number | undefined;
  /** Names the request in the logs of both sides, where one was sent. */
  readonly requestId?: string | undefined;
  /** Whether the same call may succeed later without a change by you. */
  readonly retryable: boolean;
}

/**
 * Narrows what a `catch` got.
 *
 * @example
 * ```ts
 * const message = isByoaError(error) ? `${error.code}: ${error.message}` : String(error);
 * ```
 */
export function isByoaError(error: unknown): error is ByoaError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'retryable' in error;
}

/** A failure that happens before the core is there to report it, or without it. */
export function errorBeforeCore(name: string, code: ErrorCode, message: string, cause?: unknown): ByoaError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name, code, retryable: false });
}
