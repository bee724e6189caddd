//! `GET nonce` and `GET nonces`.

#[cfg(test)]
use super::openapi::refused::{self, Refused};
use super::{ApiError, environment::InEnvironment};
use crate::AppState;
use crate::exchange::MAX_NONCES;
use axum::Json;
use axum::extract::{Query, State, rejection::QueryRejection};
use byoa_protocol::nonce::{NonceResponse, NoncesResponse};
use serde::Deserialize;

/// The query; other members, such as the published client's `relatedOriginRpId`, are ignored.
#[derive(Debug, Deserialize)]
pub(super) struct Count {
    count: Option<usize>,
}

/// Get one nonce for a device's proof.
#[cfg_attr(test, utoipa::path(get, path = "/nonce", tag = "Environment", operation_id = "nonce",
    responses((status = 200, body = NonceResponse, description = "The nonce."), Refused<(refused::Environment,)>)))]
pub(super) async fn one(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
) -> Result<Json<NonceResponse>, ApiError> {
    let nonces = state.exchange.nonces(&environment, 1).await?;
    let nonce = nonces.into_iter().next().ok_or(ApiError::Unavailable)?;
    Ok(Json(NonceResponse { nonce }))
}

/// Get several nonces for devices' proofs.
///
/// As many as asked for, one without a count, five at most.
#[cfg_attr(test, utoipa::path(get, path = "/nonces", tag = "Environment", operation_id = "nonces",
    params(("count" = Option<u32>, Query, minimum = 1, description = "How many. One where it is left out; more than 5 gives 5.")),
    responses((status = 200, body = NoncesResponse, description = "The nonces."), Refused<(refused::Environment,)>)))]
pub(super) async fn several(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    query: Result<Query<Count>, QueryRejection>,
) -> Result<Json<NoncesResponse>, ApiError> {
    let count = query.ok().map(|Query(query)| query.count.unwrap_or(1)).filter(|count| *count > 0);
    let count = count.ok_or_else(|| ApiError::BadRequest("count must be a number from 1 to 5".to_owned()))?;
    let nonces = state.exchange.nonces(&environment, count.min(MAX_NONCES)).await?;
    Ok(Json(NoncesResponse { nonces }))
}
