//! `GET`, `PUT` and `DELETE users`: the signed-in user, by itself.

use super::bearer::Bearer;
use super::body::{Json, RequestBody};
use super::trail::Trail;
use super::{ApiError, cookies, environment::InEnvironment};
use crate::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use byoa_protocol::user::{SdkUser, UpdateSelfResponse, UserFields};

impl RequestBody for UserFields {
    const SHAPE: &'static str =
        "an object of profile fields: strings, a boolean policiesConsent, an object metadata";
}

/// `GET users`.
pub(super) async fn show(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
) -> Result<axum::Json<SdkUser>, ApiError> {
    Ok(axum::Json(state.exchange.current_user(&environment, bearer.shown()).await?))
}

/// `PUT users`.
pub(super) async fn update(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    Json(fields): Json<UserFields>,
) -> Result<(HeaderMap, axum::Json<UpdateSelfResponse>), ApiError> {
    let mut answer = state.exchange.update_user(&environment, bearer.shown(), fields).await?;
    Ok((cookies::keep(&environment, &mut answer.session), axum::Json(answer)))
}

/// `DELETE users`.
pub(super) async fn delete(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    trail: Trail,
    headers: HeaderMap,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let user = state.exchange.delete_user(&environment, bearer.shown()).await?;
    trail.deleted(user).await;
    Ok((StatusCode::NO_CONTENT, cookies::forget(&environment, &headers)))
}
