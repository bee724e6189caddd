//! `POST refresh`, `GET session`, `POST revoke`: a session goes on, is asked after, ends. None of them
//! reads a body: the published client sends an empty one and calls it JSON.

use super::bearer::Bearer;
use super::client_info::{Device, text};
use super::trail::Trail;
use super::{ApiError, cookies, environment::InEnvironment};
use crate::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use byoa_protocol::external_auth::VerifyResponse;
use byoa_protocol::headers::LOGOUT_REASON;

/// `POST refresh`: the next token of the presented one.
pub(super) async fn refresh(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    Device(device): Device,
) -> Result<(HeaderMap, Json<VerifyResponse>), ApiError> {
    let mut answer = state.exchange.refresh(&environment, bearer.shown(), device).await?;
    Ok((cookies::keep(&environment, &mut answer), Json(answer)))
}

/// `GET session`: 204 while token and session live, 401 from then on.
pub(super) async fn probe(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
) -> Result<StatusCode, ApiError> {
    state.exchange.authenticate(&environment, bearer.shown()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST revoke`: 204 whatever there was to end. Clients call it at the very moment of expiry, and twice.
pub(super) async fn revoke(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    trail: Trail,
    headers: HeaderMap,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let reason = text(&headers, LOGOUT_REASON);
    let ended = state.exchange.revoke(&environment, bearer.shown(), reason.as_deref()).await?;
    if let Some(session) = ended {
        trail.revoked(session).await;
    }
    Ok((StatusCode::NO_CONTENT, cookies::forget(&environment, &headers)))
}
