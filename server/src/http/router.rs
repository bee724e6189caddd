//! Which path leads to which handler, and the layers around them.

use super::{
    ApiError, address, admin, cors, docs, dpop, environment, error, external_auth, health, limit, nonces,
    observe, sessions, settings, users,
};
use crate::AppState;
use crate::metrics::{self, Metrics};
use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use byoa_protocol::paths::{self, API_BASE};
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;

/// The most bytes of a body: four times the longest JWT, and the metadata with its profile.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long an answer may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The whole API over `state`: base path `/api/v0`, and the health checks at the root.
///
/// From the outside in: the caller's address; request id and log line; the environment of the path; CORS;
/// the quotas; the time limit; panics; the handler. CORS is outside of what can go wrong, so that a page can read every error.
pub fn router(state: AppState) -> Router {
    let keys = Router::new()
        .route(&operation(paths::JWKS), get(settings::jwks))
        .route(&operation(paths::JWKS_JSON), get(settings::jwks))
        .method_not_allowed_fallback(method_not_allowed);
    let operations = operations().method_not_allowed_fallback(method_not_allowed).fallback(unknown_path);
    let quotas = from_fn_with_state(state.clone(), limit::quotas);
    guarded(operations)
        .layer(quotas.clone())
        .layer(cors::of_environment())
        .layer(from_fn_with_state(state.clone(), dpop::hand_out))
        .merge(guarded(keys).layer(quotas).layer(cors::of_everybody()))
        .merge(guarded(admin::routes().method_not_allowed_fallback(method_not_allowed)))
        .merge(guarded(docs::routes(&state).method_not_allowed_fallback(method_not_allowed)))
        .layer(from_fn(limit::one_length))
        .layer(from_fn(limit::hang_up))
        .layer(from_fn_with_state(state.clone(), environment::look_up))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .layer(from_fn_with_state(state.clone(), address::resolve))
        .with_state(state)
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

/// Whatever happens to a handler, there is an answer.
fn guarded<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(CatchPanicLayer::custom(error::panicked)).layer(from_fn(time_limit))
}

async fn unknown_path() -> ApiError {
    ApiError::UnknownPath
}

async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// What is not done in time is not waited for. What it has begun to write is rolled back, or is done all the
/// same, as for somebody who hangs up.
async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => ApiError::TimedOut.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use byoa_protocol::ErrorBody;
    use tower::ServiceExt as _;

    async fn answer(handler: MethodRouter) -> (StatusCode, ErrorBody) {
        let request = Request::get("/").body(Body::empty()).expect("a request");
        let response = guarded(Router::new().route("/", handler)).oneshot(request).await.expect("infallible");
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).expect("an error's body"))
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_its_message() {
        async fn panics() -> StatusCode {
            std::panic::resume_unwind(Box::new("a secret"))
        }
        let (status, body) = answer(get(panics)).await;
        assert_eq!((status.as_u16(), body.code.as_deref()), (500, Some("internal_server_error")));
        assert!(!body.error.contains("secret"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_answered_as_retryable() {
        let (status, body) = answer(get(std::future::pending::<()>)).await;
        assert_eq!((status.as_u16(), body.code.as_deref()), (503, Some("service_unavailable")));
    }
}
