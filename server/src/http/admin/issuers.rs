//! The issuers that an environment trusts, one by one.

use super::caller::Caller;
use super::query::Ids;
use crate::exchange::admin_scopes::AdminScope::{EnvironmentsRead, EnvironmentsWrite};
use crate::exchange::environments::{IssuerSettings, KeySourceSetting};
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
use crate::store::{Environment, IssuerConfig, KeySource};
use axum::http::StatusCode;
use byoa_jwt::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// How an issuer is trusted. What is left out stays, or is as by default.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Change {
    iss: Option<String>,
    jwks_url: Option<String>,
    discovery: Option<bool>,
    jwks: Option<Map<String, Value>>,
    pem: Option<String>,
    audiences: Option<Vec<String>>,
    algorithms: Option<Vec<String>>,
    leeway_seconds: Option<u64>,
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

fn view(issuer: &IssuerConfig) -> Value {
    let (source, value) = match &issuer.keys {
        KeySource::JwksUrl(url) => ("jwksUrl", json!(url.as_str())),
        KeySource::Discovery => ("discovery", json!(true)),
        KeySource::Jwks(text) => ("jwks", serde_json::from_str(text).unwrap_or_default()),
        KeySource::Pem(text) => ("pem", json!(text)),
    };
    json!({
        "iss": issuer.issuer,
        source: value,
        "audiences": issuer.audiences,
        "algorithms": issuer.algorithms.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>(),
        "leewaySeconds": issuer.leeway_seconds,
        "maxLifetimeSeconds": issuer.max_lifetime_seconds,
    })
}

/// The one that was just written.
fn written(environment: &Environment, iss: &str) -> Result<Value, ApiError> {
    let issuer = environment.issuers.iter().find(|issuer| issuer.issuer == iss);
    issuer.map(view).ok_or(ApiError::NotThere)
}

/// `GET issuers`.
pub(super) async fn list(caller: Caller, Ids(environment): Ids<Uuid>) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsRead, Some(environment))?;
    let environment = caller.admin.environment(environment).await?;
    let issuers: Vec<_> = environment.issuers.iter().map(view).collect();
    Ok(axum::Json(json!({ "issuers": issuers })))
}

/// `POST issuers`: trusts one more.
pub(super) async fn add(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Json(change): Json<Change>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(EnvironmentsWrite, Some(environment))?;
    let iss = change.iss.clone().ok_or_else(|| ApiError::BadRequest("iss must be given".to_owned()))?;
    let changed = caller.admin.add_issuer(environment, &iss, &change.settings()?).await?;
    caller.done("issuer.created", environment, |event| event.issuer = Some(iss.clone())).await?;
    Ok((StatusCode::CREATED, axum::Json(written(&changed, &iss)?)))
}

/// `PUT issuers/{iss}`, percent-encoded.
pub(super) async fn set(
    caller: Caller,
    Ids((environment, iss)): Ids<(Uuid, String)>,
    Json(change): Json<Change>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(EnvironmentsWrite, Some(environment))?;
    if change.iss.as_ref().is_some_and(|named| *named != iss) {
        let sentence = "an issuer's iss does not change; add the other one, and remove this";
        return Err(ApiError::BadRequest(sentence.to_owned()));
    }
    let changed = caller.admin.set_issuer(environment, &iss, &change.settings()?).await?;
    caller.done("issuer.updated", environment, |event| event.issuer = Some(iss.clone())).await?;
    Ok(axum::Json(written(&changed, &iss)?))
}

/// `DELETE issuers/{iss}`, percent-encoded: trusts it no longer. Its users and their sessions stay.
pub(super) async fn remove(
    caller: Caller,
    Ids((environment, iss)): Ids<(Uuid, String)>,
) -> Result<StatusCode, ApiError> {
    caller.may(EnvironmentsWrite, Some(environment))?;
    caller.admin.remove_issuer(environment, &iss).await?;
    caller.done("issuer.deleted", environment, |event| event.issuer = Some(iss)).await?;
    Ok(StatusCode::NO_CONTENT)
}
