/** Errors as the client throws them, for a test to throw. */
import type { ByoaError } from '../error.js';
import type { ErrorCode, Reason } from '../generated/wire.js';
import { CODES } from './codes.js';

/** What a call fails with. */
export interface TestFailure {
  /** Such as `invalid_external_auth` or `network_error`. */
  readonly code: ErrorCode | (string & {});
  /** Of `invalid_external_auth`, such as `jwt_expired`. */
  readonly reason?: Reason | (string & {}) | undefined;
  /** Where the server answered; as the code's own unless set. */
  readonly status?: number | undefined;
  /** As the code's own unless set. */
  readonly retryable?: boolean | undefined;
  /** The sentence. */
  readonly message?: string | undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  invalid_external_auth: 'InvalidExternalAuthError',
  unauthorized: 'UnauthorizedError',
  invalid_argument: 'InvalidArgumentError',
  network_error: 'NetworkError',
  timeout: 'TimeoutError',
  aborted: 'AbortError',
  invalid_response: 'InvalidResponseError',
  not_signed_in: 'NotSignedInError',
  superseded: 'SupersededError',
  wasm_unavailable: 'WasmUnavailableError',
};

/**
 * An error like those that the client throws.
 *
 * @example
 * ```ts
 * const client = createTestClient({ signIn: () => Promise.reject(testError({ code: 'network_error' })) });
 * ```
 */
export function testError({ code, reason, status = CODES[code]?.status, retryable = CODES[code]?.retryable ?? false, message }: TestFailure): ByoaError {
  const error = new Error(message ?? `The test says: ${reason ?? code}`);
  const known = { name: NAMES[code] ?? 'APIError', code, retryable };
  return Object.assign(error, known, reason !== undefined && { reason }, status !== undefined && { status });
}
