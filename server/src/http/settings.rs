//! `GET settings` and the public keys: what anybody may know.

#[cfg(test)]
use super::openapi::refused::{self, Refused};
use super::{ApiError, dpop::DPOP_NONCE, environment::InEnvironment};
use crate::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};
use byoa_protocol::jwks::JwksResponse;
use byoa_protocol::settings::ProjectSettings;

/// Verifiers may keep the keys this long. A new key must be published this long before it signs.
const JWKS_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Get what the environment tells the world about itself.
#[cfg_attr(test, utoipa::path(get, path = "/settings", tag = "Environment", operation_id = "settings",
    responses((status = 200, body = ProjectSettings, description = "The settings.", headers(("DPoP-Nonce" = String, description = "For the first proof of possession."))), Refused<(refused::Environment,)>)))]
pub(super) async fn show(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
) -> Result<(HeaderMap, Json<ProjectSettings>), ApiError> {
    let settings = state.exchange.settings(&environment).await?;
    // Whoever reads them is about to sign in, and need not be refused first to learn of it (RFC 9449 8.2).
    let nonce = state.exchange.dpop_nonce(&environment).ok();
    let nonce = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok());
    Ok((nonce.map(|nonce| (DPOP_NONCE, nonce)).into_iter().collect(), Json(settings)))
}

/// Get the public keys that the environment's session tokens are verified with.
#[cfg_attr(test, utoipa::path(get, path = "/.well-known/jwks", tag = "Environment", operation_id = "publicKeys",
    responses(
        (status = 200, body = JwksResponse, description = "A JWK set (RFC 7517).", headers(("Cache-Control" = String, description = "`public, max-age=300`"))),
        Refused<(refused::Environment,)>
    )))]
pub(super) async fn jwks(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
) -> Result<([(HeaderName, HeaderValue); 1], Json<JwksResponse>), ApiError> {
    let keys = state.exchange.jwks(&environment).await?;
    Ok(([(CACHE_CONTROL, JWKS_CACHE)], Json(keys)))
}
