import { type ByoaError, isByoaError } from './error.js';

/**
 * What may stand on the right of `instanceof`. An error of this package is a plain `Error` with a `name` and a
 * `code`; these questions look at them, so that code written for the published SDK's classes goes on working.
 *
 * @example
 * ```ts
 * const isA = (error: unknown, kind: ErrorKind) => error instanceof kind;
 * ```
 */
export interface ErrorKind {
  /** Whether the error is of this kind. */
  [Symbol.hasInstance](error: unknown): error is ByoaError;
}

/**
 * Every error of this package: `error instanceof BaseError` is `isByoaError(error)`.
 *
 * @example
 * ```ts
 * if (error instanceof BaseError) report(error.code);
 * ```
 */
export const BaseError: ErrorKind = /* @__PURE__ */ kind(() => true);

/**
 * The server refused, for whatever reason.
 *
 * @example
 * ```ts
 * if (error instanceof APIError && error.status === 429) tryLater();
 * ```
 */
export const APIError: ErrorKind = /* @__PURE__ */ kind(({ status }) => status !== undefined);

/**
 * The external JWT was refused; `reason` says by which rule.
 *
 * @example
 * ```ts
 * if (error instanceof InvalidExternalAuthError) console.warn(error.reason);
 * ```
 */
export const InvalidExternalAuthError: ErrorKind = /* @__PURE__ */ kind(({ code }) => code === 'invalid_external_auth');

/**
 * The server does not take the session.
 *
 * @example
 * ```ts
 * if (error instanceof UnauthorizedError) showSignIn();
 * ```
 */
export const UnauthorizedError: ErrorKind = /* @__PURE__ */ kind(({ status }) => status === 401);

function kind(matches: (error: ByoaError) => boolean): ErrorKind {
  return { [Symbol.hasInstance]: (error): error is ByoaError => isByoaError(error) && matches(error) };
}
