//! Scopes of elevated tokens.

/// To change one's own profile.
pub const USER_UPDATE: &str = "user:update";
/// To delete oneself.
pub const USER_DELETE: &str = "user:delete";

/// Every scope that a step-up can ask for, and whether a token with it is good for one use: what cannot be
/// undone, or hands control to somebody else, is stepped up for each time.
pub const SCOPES: &[(&str, bool)] = &[
    ("business_account:governance:update", false),
    ("business_account:link_wallet", false),
    ("business_account:member:add", false),
    ("business_account:member:remove", false),
    ("business_account:member:role:update", false),
    ("business_account:proposal:approve", false),
    ("business_account:proposal:veto", false),
    ("business_account:role:define", false),
    ("business_account:role:delete", false),
    ("business_account:signer:add", false),
    ("business_account:signer:remove", false),
    ("business_account:transfer_ownership", true),
    ("business_account:wallet:create", false),
    ("business_account:wallet:remove", false),
    ("console:admin_action:review", false),
    ("console:approval_workflow:update", false),
    ("console:member:invite", false),
    ("console:mfa:reset", true),
    ("console:project:delete", true),
    ("console:settings:update", false),
    ("console:sso:update", false),
    ("console:user:delete", true),
    ("credential:link", false),
    ("credential:update", false),
    ("credential:unlink", true),
    ("user:update", false),
    ("user:delete", true),
    ("wallet:export", true),
    ("wallet:delete", true),
    ("wallet:refresh", false),
    ("wallet:reshare", false),
    ("wallet:delegate", false),
    ("wallet:sign", false),
    ("wallet:restore", false),
];

/// Whether a token with `scope` is good for one use; `None` where there is no such scope.
#[must_use]
pub fn is_single_use(scope: &str) -> Option<bool> {
    SCOPES.iter().find(|(name, _)| *name == scope).map(|(_, single_use)| *single_use)
}
