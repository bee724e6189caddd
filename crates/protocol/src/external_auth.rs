//! Exchange of an external JWT for a session.

use crate::user::SdkUser;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Body of `POST externalAuth/signin`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalAuthSigninRequest {
    /// The external JWT; left out where the environment reads it from a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
    /// Key to bind the session to: a compressed P-256 point, 66 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_public_key: Option<String>,
}

impl fmt::Debug for ExternalAuthSigninRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAuthSigninRequest")
            .field("jwt", &self.jwt.as_ref().map(|_| "[redacted]"))
            .field("session_public_key", &self.session_public_key)
            .finish()
    }
}

/// Answer of `externalAuth/signin` and `refresh`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyResponse {
    /// The signed-in user.
    pub user: SdkUser,
    /// When the session token ends, in seconds since 1970.
    pub expires_at: i64,
    /// The bearer token; absent where the session lives in a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minified_jwt: Option<String>,
    /// The same session with the whole profile in its claims ("ID token").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
}

impl fmt::Debug for VerifyResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyResponse")
            .field("user", &self.user.id)
            .field("expires_at", &self.expires_at)
            .field("minified_jwt", &self.minified_jwt.as_ref().map(|_| "[redacted]"))
            .field("jwt", &self.jwt.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}
