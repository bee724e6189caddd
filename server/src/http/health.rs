//! Whether the server lives, and whether it can do its work.

#[cfg(test)]
use super::openapi::refused::{self, Refused};
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Ask whether the process answers.
///
/// It asks nobody else, so that a supervisor does not restart a
/// healthy process because its database is away.
#[cfg_attr(test, utoipa::path(get, path = "/healthz", tag = "Server", operation_id = "live",
    responses((status = 200, body = Health, description = "It does."), Refused<()>)))]
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Ask whether the store answers as well.
///
/// And whether it writes, where it could not before, and whether no environment that was asked for is sealed
/// under a master key that the server lacks.
#[cfg_attr(test, utoipa::path(get, path = "/readyz", tag = "Server", operation_id = "ready",
    responses((status = 200, body = Health, description = "It does."), Refused<()>)))]
pub(super) async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    match tokio::time::timeout(READY_WITHIN, state.exchange.ping()).await {
        Ok(answered) => answered?,
        Err(_elapsed) => return Err(ApiError::Unavailable),
    }
    Ok(Json(Health { status: "ok" }))
}

/// Ask whether the server answers for the environment.
#[cfg_attr(test, utoipa::path(get, path = "/healthcheck", tag = "Environment", operation_id = "healthcheck",
    responses((status = 200, body = Health, description = "It does."), Refused<(refused::Environment,)>)))]
pub(super) async fn of_environment(InEnvironment(_environment): InEnvironment) -> Json<Health> {
    Json(Health { status: "ok" })
}
