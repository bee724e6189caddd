//! Claims of our session tokens.

use crate::user::JwtVerifiedCredential;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Scope of a fully signed-in user. A backend must check for it.
pub const SCOPE_USER_BASIC: &str = "user:basic";

/// Claims of the bearer token (`minifiedJwt`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionClaims {
    /// Id of the signing key; also in the header.
    pub kid: String,
    /// Origin of the page that signed in; the server's own origin where none was sent.
    pub aud: String,
    /// `host/environmentId`, without a scheme.
    pub iss: String,
    /// UUID of the user.
    pub sub: String,
    /// UUID of the session.
    pub sid: String,
    /// Seconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub iat: i64,
    /// Seconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub exp: i64,
    /// Seconds since 1970: no refresh after this.
    #[serde(rename = "refreshExp")]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub refresh_exp: i64,
    /// UUID, unique to this token.
    pub jti: String,
    /// UUID of the environment.
    pub environment_id: String,
    /// Space separated; [`SCOPE_USER_BASIC`] for a fully signed-in user.
    pub scope: String,
    /// UUID of the credential used last.
    pub last_verified_credential_id: String,
    /// UUID of the credential that made the session.
    pub signin_credential_id: String,
    /// Key that the session is bound to, 66 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session_public_key: Option<String>,
    /// The key that must be proved with every use of the token (RFC 9449 6). A backend that takes such a
    /// token without asking for a proof takes it from whoever has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cnf: Option<Confirmation>,
    /// Name and version of the SDK that signed in.
    #[serde(rename = "sdkVersion", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sdk_version: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub email: Option<String>,
    /// Username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub username: Option<String>,
}

/// What a token is bound to (RFC 7800).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Confirmation {
    /// Thumbprint of a public key (RFC 7638).
    pub jkt: String,
}

/// `typ` of an elevated token: no session token has it.
pub const ELEVATED_TYPE: &str = "elevated+jwt";

/// Claims of an elevated token. Never good as a session token: another `typ`, another audience, and no
/// [`SCOPE_USER_BASIC`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElevatedClaims {
    /// Id of the signing key; also in the header.
    pub kid: String,
    /// Ourselves.
    pub aud: String,
    /// `host/environmentId`, without a scheme.
    pub iss: String,
    /// UUID of the user.
    pub sub: String,
    /// UUID of the session; good for no other.
    pub sid: String,
    /// Seconds since 1970.
    pub iat: i64,
    /// Seconds since 1970.
    pub exp: i64,
    /// UUID, unique to this token.
    pub jti: String,
    /// UUID of the environment.
    pub environment_id: String,
    /// What it is good for, space separated.
    pub scope: String,
    /// Whether it is good for one operation.
    #[serde(rename = "singleUse")]
    pub single_use: bool,
}

/// Claims of the fat token (`jwt`): the session and the profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityClaims {
    /// What the bearer token says.
    #[serde(flatten)]
    pub session: SessionClaims,
    /// How the user was recognised.
    pub verified_credentials: Vec<JwtVerifiedCredential>,
    /// Profile fields that are required and missing.
    pub missing_fields: Vec<Value>,
    /// Created by this very sign-in.
    pub new_user: bool,
    /// RFC 3339.
    pub first_visit: String,
    /// RFC 3339.
    pub last_visit: String,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// T-shirt size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t_shirt_size: Option<String>,
    /// The app's own data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}
