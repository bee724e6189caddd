//! Environments and their external-auth settings.

use super::caller::Caller;
use super::issuers;
use super::query::Ids;
use super::view::{Checked, EnvironmentView, Environments, StepView};
use crate::AppState;
use crate::exchange::admin_scopes::AdminScope::{EnvironmentsRead, EnvironmentsWrite};
use crate::exchange::environments::EnvironmentSettings;
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use crate::ids;
use crate::store::SessionAlgorithm;
use axum::extract::State;
use axum::http::StatusCode;
use byoa_protocol::settings::ExternalAuthSettings;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The original's console fields. Replaced as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = ExternalAuthChange))]
pub(super) struct ExternalAuth {
    /// `true`, or left out: it cannot be turned off.
    enabled: Option<bool>,
    /// `iss` of the external JWTs, byte for byte.
    iss: String,
    /// Where that issuer publishes its keys; or one of the next three in its place.
    jwks_url: Option<String>,
    /// `true`: its discovery document says where.
    discovery: Option<bool>,
    /// Its keys, a JWK set of public ones. Nothing is fetched.
    #[cfg_attr(test, schema(value_type = Option<Object>))]
    jwks: Option<Map<String, Value>>,
    /// Its one public key. Nothing is fetched.
    pem: Option<String>,
    /// What `aud` must name. Left out: it is not looked at.
    aud: Option<String>,
    /// Cookie with the external JWT, where the page cannot read it.
    cookie_name: Option<String>,
    /// Whether an `email` without `emailVerified` counts as verified.
    #[serde(default)]
    assume_email_verified: bool,
}

impl RequestBody for ExternalAuth {
    const SHAPE: &'static str = r#"{"iss": "…", "jwksUrl": "…"}, or discovery, jwks or pem in place of jwksUrl, with aud, cookieName, assumeEmailVerified where needed and nothing else"#;
}

impl ExternalAuth {
    fn settings(self) -> Result<EnvironmentSettings, ApiError> {
        if self.enabled == Some(false) {
            let sentence =
                "external auth cannot be turned off; end the sessions and remove the environment's origins";
            return Err(ApiError::BadRequest(sentence.to_owned()));
        }
        let keys = issuers::source(self.jwks_url, self.discovery, self.jwks, self.pem)?;
        let missing = || ApiError::BadRequest(format!("the issuer's keys are missing; send {}", Self::SHAPE));
        Ok(EnvironmentSettings {
            issuer: Some(self.iss),
            keys: Some(keys.ok_or_else(missing)?),
            audience: Some(self.aud.unwrap_or_default()),
            cookie_name: Some(self.cookie_name.unwrap_or_default()),
            assume_email_verified: Some(self.assume_email_verified),
            ..EnvironmentSettings::default()
        })
    }
}

/// A new environment, or a change: what is left out stays, or is as by default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = EnvironmentChange))]
pub(super) struct Change {
    /// Of a new one; made where it is left out. It does not change.
    id: Option<Uuid>,
    /// `sandbox` or `live`.
    name: Option<String>,
    /// Origins of pages that may call; replaces the whole list.
    allowed_origins: Option<Vec<String>>,
    /// What session tokens are signed with: `ES256` or `RS256`. A change makes a new key.
    session_alg: Option<String>,
    /// The issuer; replaced as a whole.
    external_auth: Option<ExternalAuth>,
}

impl RequestBody for Change {
    const SHAPE: &'static str =
        "an object of name, allowedOrigins, sessionAlg and externalAuth and nothing else";
}

impl Change {
    fn settings(self) -> Result<EnvironmentSettings, ApiError> {
        let settings = self.external_auth.map(ExternalAuth::settings).transpose()?.unwrap_or_default();
        let algorithm = self.session_alg.map(|name| name.parse::<SessionAlgorithm>()).transpose();
        Ok(EnvironmentSettings {
            name: self.name,
            allowed_origins: self.allowed_origins,
            session_algorithm: algorithm.map_err(|cause| ApiError::BadRequest(cause.to_string()))?,
            ..settings
        })
    }
}

/// A JWT to check.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = JwtToCheck))]
pub(super) struct Check {
    /// As its issuer made it.
    encoded_jwt: String,
}

impl RequestBody for Check {
    const SHAPE: &'static str = r#"{"encodedJwt": "…"}"#;
}

/// List the environments that the token may see.
#[cfg_attr(test, utoipa::path(get, path = "/environments", tag = "Admin: environments", operation_id = "listEnvironments",
    responses((status = 200, body = Environments, description = "The environments."), Refused<(refused::Admin,)>),
    security(("admin" = ["environments:read"]))))]
pub(super) async fn list(caller: Caller) -> Result<axum::Json<Environments>, ApiError> {
    caller.may(EnvironmentsRead, caller.environment())?;
    let all = caller.admin.environments().await?;
    let one = caller.environment();
    let seen = all.iter().filter(|environment| one.is_none_or(|one| one == environment.id));
    Ok(axum::Json(Environments { environments: seen.map(EnvironmentView::from).collect() }))
}

/// Make an environment.
///
/// `externalAuth` must be there. A token that is for one environment may not.
#[cfg_attr(test, utoipa::path(post, path = "/environments", tag = "Admin: environments", operation_id = "createEnvironment",
    request_body(content = Change, example = json!({ "name": "sandbox", "allowedOrigins": ["https://app.example.com"], "externalAuth": { "iss": "https://issuer.example", "jwksUrl": "https://issuer.example/jwks.json" } })),
    responses((status = 201, body = EnvironmentView, description = "The new environment."), Refused<(refused::Admin, refused::Body, refused::Settings)>),
    security(("admin" = ["environments:write"]))))]
pub(super) async fn create(
    caller: Caller,
    Json(change): Json<Change>,
) -> Result<(StatusCode, axum::Json<EnvironmentView>), ApiError> {
    caller.may(EnvironmentsWrite, None)?;
    let id = change.id.unwrap_or_else(ids::unguessable);
    let made = caller.recording("environment.created", id).create_environment(id, change.settings()?).await?;
    Ok((StatusCode::CREATED, axum::Json(EnvironmentView::from(&made))))
}

/// Get an environment.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}", tag = "Admin: environments", operation_id = "getEnvironment",
    responses((status = 200, body = EnvironmentView, description = "The environment."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["environments:read"]))))]
pub(super) async fn show(
    caller: Caller,
    Ids(id): Ids<Uuid>,
) -> Result<axum::Json<EnvironmentView>, ApiError> {
    caller.may(EnvironmentsRead, Some(id))?;
    Ok(axum::Json(EnvironmentView::from(caller.admin.environment(id).await?.as_ref())))
}

/// Change an environment.
///
/// What is left out stays.
#[cfg_attr(test, utoipa::path(put, path = "/environments/{environmentId}", tag = "Admin: environments", operation_id = "updateEnvironment",
    request_body(content = Change, example = json!({ "name": "live", "allowedOrigins": ["https://app.example.com"] })),
    responses((status = 200, body = EnvironmentView, description = "The changed environment."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Settings)>),
    security(("admin" = ["environments:write"]))))]
pub(super) async fn update(
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(change): Json<Change>,
) -> Result<axum::Json<EnvironmentView>, ApiError> {
    caller.may(EnvironmentsWrite, Some(id))?;
    if change.id.is_some_and(|named| named != id) {
        return Err(ApiError::BadRequest("an environment's id does not change".to_owned()));
    }
    let admin = caller.recording("environment.updated", id);
    let changed = admin.change_environment(id, change.settings()?).await?;
    Ok(axum::Json(EnvironmentView::from(&changed)))
}

/// Get an environment's external-auth settings.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/externalAuth", tag = "Admin: environments", operation_id = "getExternalAuth",
    responses((status = 200, body = Option<ExternalAuthSettings>, description = "The settings; `null` where it trusts no issuer."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["environments:read"]))))]
pub(super) async fn external_auth(
    caller: Caller,
    Ids(id): Ids<Uuid>,
) -> Result<axum::Json<Option<ExternalAuthSettings>>, ApiError> {
    caller.may(EnvironmentsRead, Some(id))?;
    let environment = caller.admin.environment(id).await?;
    Ok(axum::Json(crate::exchange::external_auth_settings(&environment)))
}

/// Replace an environment's external-auth settings.
///
/// All of them: what is left out is as by default.
#[cfg_attr(test, utoipa::path(put, path = "/environments/{environmentId}/externalAuth", tag = "Admin: environments", operation_id = "replaceExternalAuth",
    request_body(content = ExternalAuth, example = json!({ "iss": "https://issuer.example", "jwksUrl": "https://issuer.example/jwks.json", "aud": "my-app" })),
    responses((status = 200, body = Option<ExternalAuthSettings>, description = "The new settings."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Settings)>),
    security(("admin" = ["environments:write"]))))]
pub(super) async fn put_external_auth(
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(settings): Json<ExternalAuth>,
) -> Result<axum::Json<Option<ExternalAuthSettings>>, ApiError> {
    caller.may(EnvironmentsWrite, Some(id))?;
    let admin = caller.recording_with("environment.updated", id, |event| {
        event.detail = Some("externalAuth".to_owned());
    });
    let changed = admin.change_environment(id, settings.settings()?).await?;
    Ok(axum::Json(crate::exchange::external_auth_settings(&changed)))
}

/// Check an external JWT as a sign-in would.
///
/// Nobody is signed in.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/externalJwt/check", tag = "Admin: environments", operation_id = "checkExternalJwt",
    request_body(content = Check, example = json!({ "encodedJwt": "eyJhbGciOiJSUzI1NiIs…" })),
    responses((status = 200, body = Checked, description = "What each rule says."), Refused<(refused::Admin, refused::Body, refused::Named, refused::IssuerKeys)>),
    security(("admin" = ["environments:read"]))))]
pub(super) async fn check(
    State(state): State<AppState>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(check): Json<Check>,
) -> Result<axum::Json<Checked>, ApiError> {
    caller.may(EnvironmentsRead, Some(id))?;
    let steps = state.exchange.check_jwt(id, check.encoded_jwt.trim()).await?;
    let failed = steps.iter().filter(|step| step.passed == Some(false));
    let errors: Vec<_> =
        failed.map(|step| format!("{}: {}", step.code.unwrap_or(step.rule), step.detail)).collect();
    let trace = steps.into_iter().map(StepView::from).collect();
    Ok(axum::Json(Checked { valid: errors.is_empty(), errors, trace }))
}
