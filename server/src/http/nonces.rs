//! `GET nonce` and `GET nonces`.

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

/// `GET nonce`.
pub(super) async fn one(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
) -> Result<Json<NonceResponse>, ApiError> {
    let nonces = state.exchange.nonces(&environment, 1).await?;
    let nonce = nonces.into_iter().next().ok_or(ApiError::Unavailable)?;
    Ok(Json(NonceResponse { nonce }))
}

/// `GET nonces?count=…`: as many as asked for, one without a count, five at most.
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
