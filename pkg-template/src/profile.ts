import { type DynamicClient, internals } from './client.js';
import { getDefaultClient } from './default-client.js';
import type { UserFields } from './generated/wire.js';
import { type CallOptions, abortable } from './session.js';
import { type SdkUser, sdkUserOf } from './user.js';

/**
 * A check by one-time code that a change of the profile began. byoa-server begins none; another server may.
 *
 * @example
 * ```ts
 * const check: OTPVerification | undefined = await updateUser({ userFields });
 * ```
 */
export interface OTPVerification {
  /** UUID of the check. */
  readonly verificationUUID: string;
  /** Where the code was sent. */
  readonly email?: string | undefined;
  /** Where the code was sent. */
  readonly phoneNumber?: string | undefined;
}

/**
 * Reads the profile anew from the server.
 *
 * @example
 * ```ts
 * const { metadata } = await refreshUser();
 * ```
 *
 * @throws {ByoaError} `not_signed_in` while nobody is
 */
export async function refreshUser(client: DynamicClient = getDefaultClient(), options?: CallOptions): Promise<SdkUser> {
  const core = await internals(client).open();
  return sdkUserOf(await abortable(options?.signal, (aborted) => core.refreshUser(aborted)));
}

/**
 * Changes the fields given; the others stay. The changed user is `client.user` then.
 *
 * @example
 * ```ts
 * await updateUser({ userFields: { alias: 'Alice', metadata: { theme: 'dark' } } });
 * ```
 *
 * @throws {ByoaError} `invalid_update` names the field that cannot be so
 */
export async function updateUser(
  { userFields, signal }: CallOptions & { readonly userFields: UserFields },
  client: DynamicClient = getDefaultClient(),
): Promise<OTPVerification | undefined> {
  const core = await internals(client).open();
  await abortable(signal, (aborted) => core.updateUser(userFields, aborted));
  return undefined;
}

/**
 * Deletes the signed-in user on the server and ends the session here.
 *
 * @example
 * ```ts
 * if (confirm('Delete your account?')) await deleteUser();
 * ```
 *
 * @throws {ByoaError} `not_signed_in` while nobody is
 */
export async function deleteUser(client: DynamicClient = getDefaultClient(), options?: CallOptions): Promise<void> {
  const core = await internals(client).open();
  await abortable(options?.signal, (aborted) => core.deleteUser(aborted));
}

/**
 * Whether the user has every one of the scopes.
 *
 * @example
 * ```ts
 * const complete = checkUserScopes({ scopes: ['user:basic'], user });
 * ```
 */
export function checkUserScopes({ scopes, user }: { readonly scopes: readonly string[]; readonly user: Pick<SdkUser, 'scope'> }): boolean {
  const held = user.scope?.split(' ') ?? [];
  return scopes.every((scope) => held.includes(scope));
}
