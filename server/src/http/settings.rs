//! `GET settings` and the public keys: what anybody may know.

use super::{ApiError, environment::InEnvironment};
use crate::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header::CACHE_CONTROL};
use byoa_protocol::jwks::JwksResponse;
use byoa_protocol::settings::ProjectSettings;

/// Verifiers may keep the keys this long. A new key must be published this long before it signs.
const JWKS_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET settings`.
pub(super) async fn show(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
) -> Result<Json<ProjectSettings>, ApiError> {
    Ok(Json(state.exchange.settings(&environment).await?))
}

/// `GET .well-known/jwks` and `GET .well-known/jwks.json`.
pub(super) async fn jwks(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
) -> Result<([(HeaderName, HeaderValue); 1], Json<JwksResponse>), ApiError> {
    let keys = state.exchange.jwks(&environment).await?;
    Ok(([(CACHE_CONTROL, JWKS_CACHE)], Json(keys)))
}
