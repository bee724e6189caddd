//! `POST refresh`, `GET session`, `POST revoke`: a session goes on, is asked after, ends. None of them
//! reads a body: the published client sends an empty one and calls it JSON.

use super::bearer::Bearer;
use super::client_info::{Device, text, wants_identity};
#[cfg(test)]
use super::openapi::{
    headers as read,
    refused::{self, Refused},
};
use super::trail::Trail;
use super::{ApiError, cookies, environment::InEnvironment};
use crate::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use byoa_protocol::external_auth::VerifyResponse;
use byoa_protocol::headers::LOGOUT_REASON;

/// Replace the session token by the next one.
///
/// The one before is then good for another refresh within the grace, which gives the same successor, and for
/// nothing else. Late and without proof of the session's key, it ends the session. Reads no body.
///
/// The session's newest token is good for this also after its end, until the session's (`refreshExp`), or for as
/// long as the server lets sessions be left alone.
#[cfg_attr(test, utoipa::path(post, path = "/refresh", tag = "Session", operation_id = "refresh",
    params(read::Device, read::Preference),
    responses(
        (status = 200, body = VerifyResponse, description = "The same session with its next token.", headers(("Set-Cookie" = String, description = "`DYNAMIC_JWT_TOKEN`, where the environment keeps sessions in a cookie."))),
        Refused<(refused::Environment, refused::Page, refused::Session, refused::Idle, refused::Device)>
    ),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn refresh(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    Device(device): Device,
    trail: Trail,
    headers: HeaderMap,
) -> Result<(HeaderMap, Json<VerifyResponse>), ApiError> {
    let exchange = state.exchange.recording(trail.refreshing());
    let exchange = exchange.with_identity(wants_identity(&environment, &headers));
    let mut answer = exchange.refresh(&environment, bearer.shown(), device).await?;
    Ok((cookies::keep(&environment, state.exchange.idle_limit(), &mut answer), Json(answer)))
}

/// Ask whether the session is alive.
///
/// 204 while token and session live, 401 from then on.
#[cfg_attr(test, utoipa::path(get, path = "/session", tag = "Session", operation_id = "session",
    responses((status = 204, description = "It lives."), Refused<(refused::Environment, refused::Session)>),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn probe(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
) -> Result<StatusCode, ApiError> {
    state.exchange.authenticate(&environment, bearer.shown()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out.
///
/// 204 whatever there was to end: clients call it at the very moment of expiry, and twice. Only a bound token
/// without its proof is refused. Reads no body.
#[cfg_attr(test, utoipa::path(post, path = "/revoke", tag = "Session", operation_id = "signOut",
    params(read::Logout),
    responses(
        (status = 204, description = "The session, if there was one, has ended.", headers(("Set-Cookie" = String, description = "`DYNAMIC_JWT_TOKEN`, where the environment keeps sessions in a cookie."))),
        Refused<(refused::Environment, refused::Page, refused::Proof)>
    ),
    security((), ("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn revoke(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    trail: Trail,
    headers: HeaderMap,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let reason = text(&headers, LOGOUT_REASON);
    let exchange = state.exchange.recording(trail.signing_out());
    exchange.revoke(&environment, bearer.shown(), reason.as_deref()).await?;
    Ok((StatusCode::NO_CONTENT, cookies::forget(&environment, &headers)))
}
