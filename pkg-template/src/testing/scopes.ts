/** Scopes that a step-up can ask for; `tests/interop/testing.test.ts` holds them against `crates/protocol`. */

/** Good for one operation. */
export const SINGLE_USE_SCOPES = [
  'business_account:transfer_ownership',
  'console:mfa:reset',
  'console:project:delete',
  'console:user:delete',
  'credential:unlink',
  'user:delete',
  'wallet:export',
  'wallet:delete',
] as const;

/** Good for as many operations as its lifetime allows. */
export const SCOPES = [
  'business_account:governance:update',
  'business_account:link_wallet',
  'business_account:member:add',
  'business_account:member:remove',
  'business_account:member:role:update',
  'business_account:proposal:approve',
  'business_account:proposal:veto',
  'business_account:role:define',
  'business_account:role:delete',
  'business_account:signer:add',
  'business_account:signer:remove',
  'business_account:wallet:create',
  'business_account:wallet:remove',
  'console:admin_action:review',
  'console:approval_workflow:update',
  'console:member:invite',
  'console:settings:update',
  'console:sso:update',
  'credential:link',
  'credential:update',
  'user:update',
  'wallet:refresh',
  'wallet:reshare',
  'wallet:delegate',
  'wallet:sign',
  'wallet:restore',
] as const;

/** Whether a token with the scope is good for one use; `undefined` where there is no such scope. */
export function isSingleUse(scope: string): boolean | undefined {
  if ((SINGLE_USE_SCOPES as readonly string[]).includes(scope)) return true;
  return (SCOPES as readonly string[]).includes(scope) ? false : undefined;
}
