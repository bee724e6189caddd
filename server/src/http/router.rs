//! Which path leads to which handler, and the layers around them.

use super::{
    ApiError, address, admin, cors, docs, dpop, environment, error, external_auth, health, limit, nonces,
    observe, sessions, settings, users,
};
use crate::AppState;
use crate::metrics::{self, Metrics};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use byoa_protocol::paths::{self, API_BASE};
use futures_util::FutureExt as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a body: four times the longest JWT, and the metadata with its profile.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long an answer may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The whole API over `state`: base path `/api/v0`, and the health checks at the root.
///
/// From the outside in: [`around`], which every answer passes; CORS; [`within`], around the handler. CORS is
/// outside of what can go wrong, so that a page can read every error. They are few and not one for each
/// concern, since each costs a copy of all those within it for every request.
pub fn router(state: AppState) -> Router {
    let keys = Router::new()
        .route(&operation(paths::JWKS), get(settings::jwks))
        .route(&operation(paths::JWKS_JSON), get(settings::jwks))
        .method_not_allowed_fallback(method_not_allowed);
    let operations = operations().method_not_allowed_fallback(method_not_allowed).fallback(unknown_path);
    let within = from_fn_with_state(state.clone(), within);
    operations
        .layer(within.clone())
        .layer(cors::of_environment())
        .merge(keys.layer(within.clone()).layer(cors::of_everybody()))
        .merge(admin::routes().method_not_allowed_fallback(method_not_allowed).layer(within.clone()))
        .merge(docs::routes(&state).method_not_allowed_fallback(method_not_allowed).layer(within))
        .layer(from_fn_with_state(state.clone(), around))
        .with_state(state)
}

/// The caller's address; request id and log line; the environment of the path; what no message may be; and
/// after the answer the next proof's nonce, and the end of the connection where it must end.
async fn around(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    address::resolve(&state, &mut request);
    let (known, is_direct) = (&state, address::is_direct(request.extensions()));
    let answer = async move |mut request: Request| {
        environment::look_up(known, &mut request).await;
        let mut response = if let Some(refused) = limit::malformed(&request) {
            refused
        } else {
            let asked = dpop::Asked::of(&request);
            let mut response = next.run(request).await;
            asked.hand_out(known, &mut response);
            response
        };
        limit::hang_up(is_direct, &mut response);
        response
    };
    observe::observe(&state, request, answer).await
}

/// The quotas, and then whatever [`guarded`] promises.
async fn within(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match limit::over_quota(&state, &request) {
        Some(over) => over.into_response(),
        None => guarded(next.run(request)).await,
    }
}

/// Whatever happens to a handler, there is an answer, and in time. What is not done in time is not waited for:
/// what it has begun to write is rolled back, or is done all the same, as for somebody who hangs up.
async fn guarded(handler: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(tokio::time::timeout(REQUEST_TIMEOUT, handler)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(_elapsed)) => ApiError::TimedOut.into_response(),
        Err(panic) => error::panicked(panic),
    }
}

/// `GET /metrics`, for a listener of its own that only the operator's monitoring reaches.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let text = async move || ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics.text());
    Router::new().route("/metrics", get(text)).fallback(async || ApiError::NotMetrics)
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use byoa_protocol::ErrorBody;

    async fn answer(handler: impl Future<Output = Response>) -> (StatusCode, ErrorBody) {
        let response = guarded(handler).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).expect("an error's body"))
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_its_message() {
        let (status, body) = answer(async { std::panic::resume_unwind(Box::new("a secret")) }).await;
        assert_eq!((status.as_u16(), body.code.as_deref()), (500, Some("internal_server_error")));
        assert!(!body.error.contains("secret"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_answered_as_retryable() {
        let (status, body) = answer(std::future::pending()).await;
        assert_eq!((status.as_u16(), body.code.as_deref()), (503, Some("service_unavailable")));
    }
}
