//! Requests beyond a quota, and requests that do not say how long they are, are answered before any handler.

use super::ApiError;
use super::address::{self, ClientAddress};
use super::environment::Lookup;
use crate::AppState;
use crate::limits::OverLimit;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use byoa_protocol::paths::{API_BASE, EXTERNAL_AUTH_SIGN_IN};

/// Counts an environment's operations against the quotas. Within CORS, so that a page can read the 429;
/// preflights, which only a browser sends and CORS answers, are not counted.
pub(super) async fn quotas(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let Some(limits) = state.limits.get().filter(|_| is_operation(path)) else {
        return next.run(request).await;
    };
    let address = request.extensions().get::<ClientAddress>().map(|ClientAddress(address)| *address);
    let environment = match request.extensions().get::<Lookup>() {
        Some(Lookup::Found(environment)) => Some(environment.id),
        _ => None,
    };
    let is_sign_in = path.ends_with(EXTERNAL_AUTH_SIGN_IN) && request.method() == Method::POST;
    match limits.admit(address, environment, is_sign_in) {
        Ok(()) => next.run(request).await,
        Err(over) => too_many(&state, over).into_response(),
    }
}

/// The answer to a request over a quota.
pub(super) fn too_many(state: &AppState, over: OverLimit) -> ApiError {
    state.metrics.limited(over.scope);
    ApiError::TooManyRequests(over.wait)
}

/// Ends the connection of whoever calls too often or sends too slowly. What a proxy holds for others stays.
pub(super) async fn hang_up(request: Request, next: Next) -> Response {
    let is_direct = address::is_direct(request.extensions());
    let mut response = next.run(request).await;
    let status = response.status();
    if status == StatusCode::REQUEST_TIMEOUT || (status == StatusCode::TOO_MANY_REQUESTS && is_direct) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn is_operation(path: &str) -> bool {
    path.strip_prefix(API_BASE).is_some_and(|rest| rest.starts_with("/sdk/"))
}

/// What is said to a chunked body.
pub(super) const NO_CHUNKS: &str = "chunked bodies are not read; send the body with Content-Length";

/// A message with two lengths is how requests are smuggled past a proxy (RFC 9112 §6.1). hyper drops the
/// `Content-Length` of such a message, so that it looks like any chunked one; and since no body here is too
/// long to be measured first, every chunked one is refused, and nothing after it on the connection is read.
pub(super) async fn one_length(request: Request, next: Next) -> Response {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        let mut response = ApiError::BadRequest(NO_CHUNKS.to_owned()).into_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    next.run(request).await
}
