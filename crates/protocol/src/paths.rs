//! Paths below the API base (`https://host/api/v0`), as the published clients call them.

/// Where the API lives below the server's public URL.
pub const API_BASE: &str = "/api/v0";

/// Path of one operation of an environment, below the API base.
#[must_use]
pub fn sdk(environment_id: &str, operation: &str) -> String {
    ["/sdk/", environment_id, "/", operation].concat()
}

/// `POST`: exchange an external JWT for a session.
pub const EXTERNAL_AUTH_SIGN_IN: &str = "externalAuth/signin";
/// `POST`: exchange an external JWT of the signed-in user for an elevated token.
pub const EXTERNAL_AUTH_VERIFY: &str = "externalAuth/verify";
/// `POST`: whether an operation needs an elevated token that is not there.
pub const STEP_UP_CHECK: &str = "stepUp/check";
/// `GET`: what the environment allows and asks for.
pub const SETTINGS: &str = "settings";
/// `GET`: one single-use nonce.
pub const NONCE: &str = "nonce";
/// `GET`: up to five single-use nonces.
pub const NONCES: &str = "nonces";
/// `GET`, `PUT`, `DELETE`: the signed-in user.
pub const USERS: &str = "users";
/// `POST` without a body: a new session token for the one presented.
pub const REFRESH: &str = "refresh";
/// `GET`: 204 while the presented session lives.
pub const SESSION: &str = "session";
/// `POST` without a body: end the presented session.
pub const REVOKE: &str = "revoke";
/// `GET`: the environment's public keys.
pub const JWKS: &str = ".well-known/jwks";
/// `GET`: the same under the usual file name.
pub const JWKS_JSON: &str = ".well-known/jwks.json";
/// `GET`: whether the server answers.
pub const HEALTHCHECK: &str = "healthcheck";
