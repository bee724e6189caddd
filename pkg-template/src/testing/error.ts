/** Errors as the client throws them, for a test to throw. */
import type { ByoaError } from '../error.js';
import type { ErrorCode, Reason } from '../generated/wire.js';

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

/** Codes of answers; the others are the client's own and have no status. A test holds both against docs/ERRORS.md. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_external_auth: 422,
  bad_request: 400,
  unauthorized: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  forbidden: 403,
  step_up_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_session_public_key: 422,
  invalid_scopes: 422,
  invalid_device_nonce: 422,
  invalid_update: 422,
  invalid_username: 422,
  username_already_exists: 422,
  metadata_size_exceeded: 422,
  too_many_requests: 429,
  issuer_keys_unavailable: 503,
  service_unavailable: 503,
  internal_server_error: 500,
};

const RETRYABLE = ['use_dpop_nonce', 'request_timeout', 'too_many_requests', 'issuer_keys_unavailable', 'service_unavailable', 'internal_server_error', 'network_error', 'timeout', 'session_key_unavailable', 'session_keys_unavailable'];

/**
 * An error like those that the client throws.
 *
 * @example
 * ```ts
 * const client = createTestClient({ signIn: () => Promise.reject(testError({ code: 'network_error' })) });
 * ```
 */
export function testError({ code, reason, status = STATUSES[code], retryable = RETRYABLE.includes(code), message }: TestFailure): ByoaError {
  const error = new Error(message ?? `The test says: ${reason ?? code}`);
  const known = { name: NAMES[code] ?? 'APIError', code, retryable };
  return Object.assign(error, known, reason !== undefined && { reason }, status !== undefined && { status });
}
