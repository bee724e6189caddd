//! `GET`, `PUT` and `DELETE users`: the signed-in user, by itself.

use super::bearer::Bearer;
use super::body::{Json, RequestBody};
use super::client_info::wants_identity;
#[cfg(test)]
use super::openapi::{
    headers as read,
    refused::{self, Refused},
};
use super::trail::Trail;
use super::{ApiError, cookies, environment::InEnvironment};
use crate::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use byoa_protocol::user::{SdkUser, UpdateSelfResponse, UserFields};

impl RequestBody for UserFields {
    const SHAPE: &'static str =
        "an object of profile fields: strings, a boolean policiesConsent, an object metadata";
    const IS_OPEN: bool = true;
}

/// Get the signed-in user.
#[cfg_attr(test, utoipa::path(get, path = "/users", tag = "User", operation_id = "currentUser",
    responses((status = 200, body = SdkUser, description = "The user."), Refused<(refused::Environment, refused::Session)>),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn show(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
) -> Result<axum::Json<SdkUser>, ApiError> {
    Ok(axum::Json(state.exchange.current_user(&environment, bearer.shown()).await?))
}

/// Change the signed-in user.
#[cfg_attr(test, utoipa::path(put, path = "/users", tag = "User", operation_id = "updateCurrentUser",
    params(read::Elevated, read::Preference),
    request_body(content = UserFields, example = json!({ "alias": "Ada", "metadata": { "theme": "dark" } })),
    responses(
        (status = 200, body = UpdateSelfResponse, description = "The changed user, and the newest token stated anew.", headers(("Set-Cookie" = String, description = "`DYNAMIC_JWT_TOKEN`, where the environment keeps sessions in a cookie."))),
        Refused<(refused::Environment, refused::Body, refused::Page, refused::Session, refused::StepUp, refused::Profile)>
    ),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn update(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    headers: HeaderMap,
    Json(fields): Json<UserFields>,
) -> Result<(HeaderMap, axum::Json<UpdateSelfResponse>), ApiError> {
    let exchange = state.exchange.clone().with_identity(wants_identity(&environment, &headers));
    let mut answer = exchange.update_user(&environment, bearer.shown(), fields).await?;
    Ok((cookies::keep(&environment, state.exchange.idle_limit(), &mut answer.session), axum::Json(answer)))
}

/// Delete the signed-in user. All its sessions end.
#[cfg_attr(test, utoipa::path(delete, path = "/users", tag = "User", operation_id = "deleteCurrentUser",
    params(read::Elevated),
    responses(
        (status = 204, description = "The user and its sessions are gone.", headers(("Set-Cookie" = String, description = "`DYNAMIC_JWT_TOKEN`, where the environment keeps sessions in a cookie."))),
        Refused<(refused::Environment, refused::Page, refused::Session, refused::StepUp)>
    ),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn delete(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    trail: Trail,
    headers: HeaderMap,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    state.exchange.recording(trail.deleting()).delete_user(&environment, bearer.shown()).await?;
    Ok((StatusCode::NO_CONTENT, cookies::forget(&environment, &headers)))
}
