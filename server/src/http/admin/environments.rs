//! Environments and their external-auth settings.

use super::caller::Caller;
use super::issuers;
use super::query::Ids;
use crate::AppState;
use crate::exchange::admin_scopes::AdminScope::{EnvironmentsRead, EnvironmentsWrite};
use crate::exchange::environments::EnvironmentSettings;
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
use crate::store::{Environment, SessionAlgorithm};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The original's console fields. Replaced as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExternalAuth {
    enabled: Option<bool>,
    iss: String,
    jwks_url: Option<String>,
    discovery: Option<bool>,
    jwks: Option<Map<String, Value>>,
    pem: Option<String>,
    aud: Option<String>,
    cookie_name: Option<String>,
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
pub(super) struct Change {
    id: Option<Uuid>,
    name: Option<String>,
    allowed_origins: Option<Vec<String>>,
    session_alg: Option<String>,
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
pub(super) struct Check {
    encoded_jwt: String,
}

impl RequestBody for Check {
    const SHAPE: &'static str = r#"{"encodedJwt": "…"}"#;
}

#[derive(Serialize)]
pub(super) struct Checked {
    valid: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    trace: Vec<Value>,
}

fn view(environment: &Environment) -> Value {
    json!({
        "id": environment.id,
        "name": environment.name,
        "allowedOrigins": environment.allowed_origins,
        "sessionAlg": environment.session_algorithm.as_str(),
        "externalAuth": crate::exchange::external_auth_settings(environment),
        "createdAt": environment.created_at.rfc3339(),
        "updatedAt": environment.updated_at.rfc3339(),
    })
}

/// `GET environments`: those that the token may read.
pub(super) async fn list(caller: Caller) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsRead, caller.environment())?;
    let all = caller.admin.environments().await?;
    let one = caller.environment();
    let seen = all.iter().filter(|environment| one.is_none_or(|one| one == environment.id));
    Ok(axum::Json(json!({ "environments": seen.map(view).collect::<Vec<_>>() })))
}

/// `POST environments`.
pub(super) async fn create(
    caller: Caller,
    Json(change): Json<Change>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(EnvironmentsWrite, None)?;
    let id = change.id;
    let made = caller.admin.create_environment(id, change.settings()?).await?;
    caller.done("environment.created", made.id, |_| ()).await?;
    Ok((StatusCode::CREATED, axum::Json(view(&made))))
}

/// `GET environments/{id}`.
pub(super) async fn show(caller: Caller, Ids(id): Ids<Uuid>) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsRead, Some(id))?;
    Ok(axum::Json(view(caller.admin.environment(id).await?.as_ref())))
}

/// `PUT environments/{id}`.
pub(super) async fn update(
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(change): Json<Change>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsWrite, Some(id))?;
    if change.id.is_some_and(|named| named != id) {
        return Err(ApiError::BadRequest("an environment's id does not change".to_owned()));
    }
    let changed = caller.admin.change_environment(id, change.settings()?).await?;
    caller.done("environment.updated", id, |_| ()).await?;
    Ok(axum::Json(view(&changed)))
}

/// `GET environments/{id}/externalAuth`.
pub(super) async fn external_auth(caller: Caller, Ids(id): Ids<Uuid>) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsRead, Some(id))?;
    let environment = caller.admin.environment(id).await?;
    Ok(axum::Json(json!(crate::exchange::external_auth_settings(&environment))))
}

/// `PUT environments/{id}/externalAuth`.
pub(super) async fn put_external_auth(
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(settings): Json<ExternalAuth>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsWrite, Some(id))?;
    let changed = caller.admin.change_environment(id, settings.settings()?).await?;
    caller.done("environment.updated", id, |event| event.detail = Some("externalAuth".to_owned())).await?;
    Ok(axum::Json(json!(crate::exchange::external_auth_settings(&changed))))
}

/// `POST environments/{id}/externalJwt/check`: what a sign-in would say. Nobody is signed in.
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
    let trace = steps.iter().map(
        |step| json!({ "rule": step.rule, "passed": step.passed, "reason": step.code, "detail": step.detail }),
    );
    Ok(axum::Json(Checked { valid: errors.is_empty(), trace: trace.collect(), errors }))
}
