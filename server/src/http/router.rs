//! Which path leads to which handler, and the layers around them.

use super::{
    ApiError, cors, dpop, environment, error, external_auth, health, nonces, observe, sessions, settings,
    users,
};
use crate::AppState;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use byoa_protocol::paths::{self, API_BASE};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;

/// The most bytes of a body: four times the longest JWT, and the metadata with its profile.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long an answer may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The whole API over `state`: base path `/api/v0`, and the health checks at the root.
///
/// From the outside in: request id and log line; the environment of the path; CORS; panics; the time
/// limit; the handler. CORS is outside of what can go wrong, so that a page can read every error.
pub fn router(state: AppState) -> Router {
    let keys = Router::new()
        .route(&operation(paths::JWKS), get(settings::jwks))
        .route(&operation(paths::JWKS_JSON), get(settings::jwks))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn(time_limit))
        .layer(cors::of_everybody());
    operations()
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_path)
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn(time_limit))
        .layer(cors::of_environment())
        .layer(from_fn_with_state(state.clone(), dpop::hand_out))
        .merge(keys)
        .layer(from_fn_with_state(state.clone(), environment::look_up))
        .layer(from_fn(observe::observe))
        .with_state(state)
}

fn operations() -> Router<AppState> {
    let table: [(&str, MethodRouter<AppState>); 11] = [
        (paths::SETTINGS, get(settings::show)),
        (paths::NONCE, get(nonces::one)),
        (paths::NONCES, get(nonces::several)),
        (paths::EXTERNAL_AUTH_SIGN_IN, post(external_auth::sign_in)),
        (paths::EXTERNAL_AUTH_VERIFY, post(external_auth::verify)),
        (paths::STEP_UP_CHECK, post(external_auth::check_step_up)),
        (paths::USERS, get(users::show).put(users::update).delete(users::delete)),
        (paths::REFRESH, post(sessions::refresh)),
        (paths::SESSION, get(sessions::probe)),
        (paths::REVOKE, post(sessions::revoke)),
        (paths::HEALTHCHECK, get(health::of_environment)),
    ];
    let root = Router::new().route("/healthz", get(health::live)).route("/readyz", get(health::ready));
    table.into_iter().fold(root, |router, (name, methods)| router.route(&operation(name), methods))
}

/// The route of an environment's operation.
fn operation(name: &str) -> String {
    format!("{API_BASE}{}", paths::sdk("{environment_id}", name))
}

async fn unknown_path() -> ApiError {
    ApiError::UnknownPath
}

async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// What is not done in time is not done: the store rolls back what it has begun.
async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => ApiError::TimedOut.into_response(),
    }
}
