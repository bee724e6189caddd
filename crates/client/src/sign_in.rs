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
    pub(crate) external_jwt: Secret,
    pub(crate) external_user_id: String,
}

/// Checks the arguments in the order of the documentation.
pub(crate) fn check(args: SignInWithExternalJwtArgs, now_ms: i64) -> Result<Checked, ClientError> {
    let external_jwt = Secret::new(args.external_jwt);
    let external_user_id = args.external_user_id;
    if external_jwt.expose().trim().is_empty() {
        return Err(ClientError::invalid_argument(
            "externalJwt must be the JWT from your backend, but is empty",
        ));
    }
    if external_user_id.trim().is_empty() {
        return Err(ClientError::invalid_argument(
            "externalUserId must be your id of the user, but is empty",
        ));
    }
    check_claims(external_jwt.expose(), &external_user_id, now_ms)?;
    Ok(Checked { external_jwt, external_user_id })
}

fn check_claims(external_jwt: &str, external_user_id: &str, now_ms: i64) -> Result<(), ClientError> {
    let token = TokenPreview::parse(external_jwt)?;
    if token.required_subject()? != external_user_id {
        let message = "externalUserId must be the sub of the very JWT that is passed";
        return Err(ClientError::rejected(Reason::ExternalUserMismatch, message));
    }
    let expires_at = token.required_expiry()?;
    if is_past(expires_at, now_ms.div_euclid(1000)) {
        let message =
            "the JWT has expired; get a fresh one right before signing in, or check this machine's clock";
        return Err(ClientError::rejected(Reason::JwtExpired, message));
    }
    Ok(())
}
