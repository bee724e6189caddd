import { type DynamicClient, internals } from './client.js';
import type { StepUpCheckResponse } from './core.js';
import { getDefaultClient } from './default-client.js';

/**
 * Exchanges a fresh JWT of your backend, made for this very step, for an elevated token. The client keeps it in
 * memory and sends it by itself with the operation that it is for.
 *
 * @example
 * ```ts
 * const { externalJwt } = await yourBackend('/step-up', { scope: 'user:delete' });
 * await requestExternalAuthElevatedToken({ externalJwt });
 * await deleteUser();
 * ```
 *
 * @throws {ByoaError} `invalid_external_auth` with a `reason`, `invalid_scopes`
 */
export async function requestExternalAuthElevatedToken(
  props: { readonly externalJwt: string },
  client: DynamicClient = getDefaultClient(),
): Promise<{ readonly elevatedAccessToken: string }> {
  return (await internals(client).open()).requestElevatedToken(props);
}

/**
 * An elevated token with this scope, where one is held. One for a single use is given once, also to two callers at
 * once, unless `consume` is `false`.
 *
 * @example
 * ```ts
 * const token = getElevatedAccessToken({ scope: 'user:update' });
 * ```
 */
export function getElevatedAccessToken(
  props: { readonly scope: string; readonly consume?: boolean | undefined },
  client: DynamicClient = getDefaultClient(),
): string | undefined {
  return internals(client).core()?.getElevatedAccessToken(props);
}

/**
 * Whether an operation needs an elevated token that is not held. Where that cannot be learnt it says yes: asking once
 * too often does no harm.
 *
 * @example
 * ```ts
 * const { isRequired } = await checkStepUpAuth({ scope: 'user:delete' });
 * ```
 */
export async function checkStepUpAuth(
  props: { readonly scope: string },
  client: DynamicClient = getDefaultClient(),
): Promise<StepUpCheckResponse> {
  try {
    return await (await internals(client).open()).checkStepUp(props);
  } catch {
    return { isRequired: true, credentials: [] };
  }
}
