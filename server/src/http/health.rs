//! Whether the server lives, and whether it can do its work.

use super::{ApiError, environment::InEnvironment};
use crate::AppState;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::time::Duration;

/// How long the store may take to answer: whoever asks for this does not wait for ever either.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// The body of all three.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// `GET /healthz`: the process answers. It asks nobody else, so that a supervisor does not restart a
/// healthy process because its database is away.
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// `GET /readyz`: the store answers as well, and writes where it could not before.
pub(super) async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    match tokio::time::timeout(READY_WITHIN, state.exchange.ping()).await {
        Ok(answered) => answered?,
        Err(_elapsed) => return Err(ApiError::Unavailable),
    }
    Ok(Json(Health { status: "ok" }))
}

/// `GET healthcheck` of an environment that exists.
pub(super) async fn of_environment(InEnvironment(_environment): InEnvironment) -> Json<Health> {
    Json(Health { status: "ok" })
}
