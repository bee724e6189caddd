//! Exchange of an external JWT for a session.

use crate::user::SdkUser;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Body of `POST externalAuth/signin`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// Answer of `externalAuth/verify`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExternalAuthAssertionResponse {
    /// For the header `x-dyn-elevated-access-token`.
    pub elevated_access_token: String,
}

impl fmt::Debug for ExternalAuthAssertionResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAuthAssertionResponse").finish_non_exhaustive()
    }
}

/// Body of `stepUp/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepUpCheckRequest {
    /// One scope.
    pub scope: String,
}

/// Answer of `stepUp/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepUpCheckResponse {
    /// Whether an elevated token has to be had first.
    pub is_required: bool,
    /// How to get one.
    pub credentials: Vec<StepUpCredential>,
    /// The one to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_credential_id: Option<String>,
}

/// A credential that can be shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepUpCredential {
    /// UUID of the credential.
    pub id: String,
    /// What kind; `externalUser` here.
    pub format: String,
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
