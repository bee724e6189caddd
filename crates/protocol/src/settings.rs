//! What an environment tells the world about itself, without authentication.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answer of `GET settings`. `chains` and `kyc` must be there: the published client maps over both.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProjectSettings {
    /// `sandbox` or `live`.
    pub environment_name: String,
    /// Always empty here.
    pub chains: Vec<Value>,
    /// Profile fields that the environment asks for.
    pub kyc: Vec<Value>,
    /// Always empty here.
    pub providers: Vec<Value>,
    /// Always empty here.
    pub networks: Vec<Value>,
    /// Always empty here.
    pub design: Value,
    /// Always empty here.
    pub general: Value,
    /// Always empty here.
    pub privacy: Value,
    /// Version floor of the API.
    pub sdk: SdkSettings,
    /// Sessions and external sign-in.
    pub security: SecuritySettings,
}

/// Version floor of the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SdkSettings {
    /// `2026_01_01` (step-up never required) or `2026_04_01`.
    pub min_api_version: String,
}

/// Sessions and external sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SecuritySettings {
    /// How long a session token lives.
    pub jwt_duration: JwtDuration,
    /// Where sessions are kept.
    pub auth: AuthSettings,
    /// Whether unknown devices have to be registered.
    pub device_registration_required: bool,
    /// Binding sessions to keys (RFC 9449); absent where the server is older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<DpopSettings>,
    /// Absent where no issuer is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_auth: Option<ExternalAuthSettings>,
}

/// Binding sessions to keys (RFC 9449): a sign-in with a proof makes a session that needs one for every call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DpopSettings {
    /// Whether a sign-in may bring a proof.
    pub supported: bool,
    /// Whether every proof must repeat a nonce of the server.
    pub nonce_required: bool,
    /// What proofs may be signed with.
    pub algorithms: Vec<String>,
}

/// How long a session token lives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JwtDuration {
    /// How many.
    pub amount: u64,
    /// Of what: `days`, `hours` or `minutes`.
    pub unit: String,
}

/// Where sessions are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthSettings {
    /// `localstorage`, `cookie` or both.
    pub storage: Vec<String>,
}

/// The issuers that an environment trusts. Public by contract.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExternalAuthSettings {
    /// Whether external JWTs are accepted.
    pub enabled: bool,
    /// Exact issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Where its keys are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Audience that a JWT must name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Cookie that carries the JWT where the page cannot read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie_name: Option<String>,
    /// Whether an `email` without `emailVerified` counts as verified.
    pub assume_email_verified: bool,
    /// Every issuer that is trusted, where they are several; `iss`, `jwks_url` and `aud` are the first one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<TrustedIssuer>,
}

/// One of several issuers that an environment trusts. Public by contract.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrustedIssuer {
    /// Exact issuer.
    pub iss: String,
    /// Where its keys are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// What a JWT's `aud` must hold one of; absent: anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}
