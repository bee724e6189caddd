//! What is checked before an external JWT leaves the browser.
//!
//! The server decides; these checks only tell the app sooner, and keep a JWT of the wrong user from
//! being exchanged at all.

use crate::{ClientError, Secret};
use byoa_jwt::{TokenPreview, is_past};
use byoa_protocol::{Reason, client::SignInWithExternalJwtArgs};

/// An external JWT that passed, and whose it says it is.
#[derive(Debug)]
pub(crate) struct Checked {
    /// None where it comes in a cookie.
    pub(crate) external_jwt: Option<Secret>,
    /// None where nobody can say yet.
    pub(crate) external_user_id: Option<String>,
}

/// Checks the arguments in the order of the documentation.
pub(crate) fn check(args: SignInWithExternalJwtArgs, now_ms: i64) -> Result<Checked, ClientError> {
    let external_jwt = args.external_jwt.map(Secret::new);
    let external_user_id = args.external_user_id;
    if external_jwt.as_ref().is_some_and(|jwt| jwt.expose().trim().is_empty()) {
        return Err(ClientError::invalid_argument(
            "externalJwt must be the JWT from your backend, but is empty",
        ));
    }
    if external_user_id.as_ref().is_some_and(|id| id.trim().is_empty()) {
        return Err(ClientError::invalid_argument(
            "externalUserId must be your id of the user, but is empty",
        ));
    }
    let external_user_id = match &external_jwt {
        Some(jwt) => Some(check_claims(jwt.expose(), external_user_id, now_ms)?),
        None => external_user_id,
    };
    Ok(Checked { external_jwt, external_user_id })
}

/// Whose the JWT says that it is.
fn check_claims(external_jwt: &str, expected: Option<String>, now_ms: i64) -> Result<String, ClientError> {
    let token = TokenPreview::parse(external_jwt)?;
    let subject = token.required_subject()?;
    if expected.is_some_and(|expected| subject != expected) {
        let message = "externalUserId must be the sub of the very JWT that is passed";
        return Err(ClientError::rejected(Reason::ExternalUserMismatch, message));
    }
    let expires_at = token.required_expiry()?;
    if is_past(expires_at, now_ms.div_euclid(1000)) {
        let message =
            "the JWT has expired; get a fresh one right before signing in, or check this machine's clock";
        return Err(ClientError::rejected(Reason::JwtExpired, message));
    }
    Ok(subject.to_owned())
}
