//! The issuers that an environment trusts, one by one.

use super::caller::Caller;
use super::query::Ids;
use super::view::{IssuerView, Issuers};
use crate::exchange::admin::Admin;
use crate::exchange::admin_scopes::AdminScope::{EnvironmentsRead, EnvironmentsWrite};
use crate::exchange::environments::{IssuerSettings, KeySourceSetting};
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use crate::store::Environment;
use axum::http::StatusCode;
use byoa_jwt::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// How an issuer is trusted. What is left out stays, or is as by default.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = IssuerChange))]
pub(super) struct Change {
    /// `iss` of its JWTs, byte for byte. It does not change.
    iss: Option<String>,
    /// Where it publishes its keys; or one of the next three in its place.
    jwks_url: Option<String>,
    /// `true`: its discovery document says where.
    discovery: Option<bool>,
    /// Its keys, a JWK set of public ones. Nothing is fetched.
    #[cfg_attr(test, schema(value_type = Option<Object>))]
    jwks: Option<Map<String, Value>>,
    /// Its one public key. Nothing is fetched.
    pem: Option<String>,
    /// What a JWT's `aud` must hold one of; replaces the whole list. Empty, or by default: anything.
    audiences: Option<Vec<String>>,
    /// What it may sign with; replaces the whole list. By default whatever is known and asymmetric.
    algorithms: Option<Vec<String>>,
    /// How far its clock may differ from the server's, in seconds: at most 300, by default 60.
    leeway_seconds: Option<u64>,
    /// The longest `exp` − `iat`, in seconds. 0, or by default: any.
    max_lifetime_seconds: Option<u64>,
}

impl RequestBody for Change {
    const SHAPE: &'static str = r#"{"iss": "…"} with one of jwksUrl, discovery, jwks and pem, and audiences, algorithms, leewaySeconds, maxLifetimeSeconds where needed and nothing else"#;
}

impl Change {
    fn settings(self) -> Result<IssuerSettings, ApiError> {
        let algorithms = self.algorithms.map(|names| {
            let known = names.iter().map(|name| name.parse::<Algorithm>());
            known.collect::<Result<Vec<_>, _>>().map_err(|_| {
                let all = Algorithm::ALL.map(Algorithm::as_str).join(", ");
                ApiError::BadRequest(format!("algorithms must be of {all}"))
            })
        });
        Ok(IssuerSettings {
            keys: source(self.jwks_url, self.discovery, self.jwks, self.pem)?,
            audiences: self.audiences,
            algorithms: algorithms.transpose()?,
            leeway_seconds: self.leeway_seconds,
            max_lifetime_seconds: self.max_lifetime_seconds,
        })
    }
}

/// Where an issuer's keys come from: one of four, or nothing is said.
pub(super) fn source(
    jwks_url: Option<String>,
    discovery: Option<bool>,
    jwks: Option<Map<String, Value>>,
    pem: Option<String>,
) -> Result<Option<KeySourceSetting>, ApiError> {
    let refused = |sentence: &str| Err(ApiError::BadRequest(sentence.to_owned()));
    if discovery == Some(false) {
        return refused("discovery must be true, or left out");
    }
    let all = [
        jwks_url.map(KeySourceSetting::JwksUrl),
        discovery.map(|_| KeySourceSetting::Discovery),
        jwks.map(|jwks| KeySourceSetting::Jwks(Value::Object(jwks).to_string())),
        pem.map(KeySourceSetting::Pem),
    ];
    let mut given = all.into_iter().flatten();
    match (given.next(), given.next()) {
        (source, None) => Ok(source),
        _ => refused("the keys come from one of jwksUrl, discovery, jwks and pem"),
    }
}

/// The one that was just written.
fn written(environment: &Environment, iss: &str) -> Result<IssuerView, ApiError> {
    let issuer = environment.issuers.iter().find(|issuer| issuer.issuer == iss);
    issuer.map(IssuerView::from).ok_or(ApiError::NotThere)
}

fn recording(caller: &Caller, action: &str, environment: Uuid, iss: &str) -> Admin {
    caller.recording_with(action, environment, |event| event.issuer = Some(iss.to_owned()))
}

/// List the issuers that an environment trusts.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/issuers", tag = "Admin: environments", operation_id = "listIssuers",
    responses((status = 200, body = Issuers, description = "The issuers."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["environments:read"]))))]
pub(super) async fn list(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
) -> Result<axum::Json<Issuers>, ApiError> {
    caller.may(EnvironmentsRead, Some(environment))?;
    let environment = caller.admin.environment(environment).await?;
    let issuers = environment.issuers.iter().map(IssuerView::from).collect();
    Ok(axum::Json(Issuers { issuers }))
}

/// Trust one more issuer.
///
/// `iss` must be there, a new one, and where its keys come from.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/issuers", tag = "Admin: environments", operation_id = "addIssuer",
    request_body(content = Change, example = json!({ "iss": "https://other.example", "jwksUrl": "https://other.example/jwks.json", "audiences": ["my-app"], "algorithms": ["ES256"] })),
    responses((status = 201, body = IssuerView, description = "The new issuer."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Settings)>),
    security(("admin" = ["environments:write"]))))]
pub(super) async fn add(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Json(change): Json<Change>,
) -> Result<(StatusCode, axum::Json<IssuerView>), ApiError> {
    caller.may(EnvironmentsWrite, Some(environment))?;
    let iss = change.iss.clone().ok_or_else(|| ApiError::BadRequest("iss must be given".to_owned()))?;
    let admin = recording(&caller, "issuer.created", environment, &iss);
    let changed = admin.add_issuer(environment, &iss, &change.settings()?).await?;
    Ok((StatusCode::CREATED, axum::Json(written(&changed, &iss)?)))
}

/// Change how an issuer is trusted.
///
/// What is left out stays.
#[cfg_attr(test, utoipa::path(put, path = "/environments/{environmentId}/issuers/{iss}", tag = "Admin: environments", operation_id = "updateIssuer",
    request_body(content = Change, example = json!({ "audiences": ["my-app", "my-other-app"], "leewaySeconds": 30, "maxLifetimeSeconds": 3600 })),
    responses((status = 200, body = IssuerView, description = "The changed issuer."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Settings)>),
    security(("admin" = ["environments:write"]))))]
pub(super) async fn set(
    caller: Caller,
    Ids((environment, iss)): Ids<(Uuid, String)>,
    Json(change): Json<Change>,
) -> Result<axum::Json<IssuerView>, ApiError> {
    caller.may(EnvironmentsWrite, Some(environment))?;
    if change.iss.as_ref().is_some_and(|named| *named != iss) {
        let sentence = "an issuer's iss does not change; add the other one, and remove this";
        return Err(ApiError::BadRequest(sentence.to_owned()));
    }
    let admin = recording(&caller, "issuer.updated", environment, &iss);
    let changed = admin.set_issuer(environment, &iss, &change.settings()?).await?;
    Ok(axum::Json(written(&changed, &iss)?))
}

/// Trust an issuer no longer.
///
/// Its users and their sessions stay.
#[cfg_attr(test, utoipa::path(delete, path = "/environments/{environmentId}/issuers/{iss}", tag = "Admin: environments", operation_id = "removeIssuer",
    responses((status = 204, description = "It is trusted no longer."), Refused<(refused::Admin, refused::Named, refused::Settings)>),
    security(("admin" = ["environments:write"]))))]
pub(super) async fn remove(
    caller: Caller,
    Ids((environment, iss)): Ids<(Uuid, String)>,
) -> Result<StatusCode, ApiError> {
    caller.may(EnvironmentsWrite, Some(environment))?;
    recording(&caller, "issuer.deleted", environment, &iss).remove_issuer(environment, &iss).await?;
    Ok(StatusCode::NO_CONTENT)
}
