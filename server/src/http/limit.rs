//! Requests beyond a quota, and requests that do not say how long they are, are answered before any handler.

use super::ApiError;
use super::address::ClientAddress;
use super::environment::Lookup;
use super::serve::Timeouts;
use crate::AppState;
use crate::limits::OverLimit;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use byoa_protocol::paths::{API_BASE, EXTERNAL_AUTH_SIGN_IN};

/// Counts an environment's operations against the quotas. Within CORS, so that a page can read the 429;
/// preflights, which only a browser sends and CORS answers, are not counted.
pub(super) fn over_quota(state: &AppState, request: &Request) -> Option<ApiError> {
    let path = request.uri().path();
    let limits = state.limits.get().filter(|_| is_operation(path))?;
    let address = request.extensions().get::<ClientAddress>().map(|ClientAddress(address)| *address);
    let environment = match request.extensions().get::<Lookup>() {
        Some(Lookup::Found(environment)) => Some(environment.id),
        _ => None,
    };
    let is_sign_in = path.ends_with(EXTERNAL_AUTH_SIGN_IN) && request.method() == Method::POST;
    limits.admit(address, environment, is_sign_in).err().map(|over| too_many(state, over))
}

/// The answer to a request over a quota.
pub(super) fn too_many(state: &AppState, over: OverLimit) -> ApiError {
    state.metrics.limited(over.scope);
    ApiError::TooManyRequests(over.wait)
}

/// Ends the connection of whoever calls too often or sends too slowly. What a proxy holds for others stays.
pub(super) fn hang_up(is_direct: bool, response: &mut Response) {
    let status = response.status();
    if status == StatusCode::REQUEST_TIMEOUT || (status == StatusCode::TOO_MANY_REQUESTS && is_direct) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn is_operation(path: &str) -> bool {
    path.strip_prefix(API_BASE).is_some_and(|rest| rest.starts_with("/sdk/"))
}

/// What is said to a chunked body.
pub(super) const NO_CHUNKS: &str = "chunked bodies are not read; send the body with Content-Length";

/// A message with two lengths is how requests are smuggled past a proxy (RFC 9112 §6.1). hyper drops the
/// `Content-Length` of such a message, so that it looks like any chunked one; and since no body here is too
/// long to be measured first, every chunked one is refused, and nothing after it on the connection is read.
///
/// A message that does not say which host it is for, or says two, is refused as well (RFC 9112 §3.2).
pub(super) fn malformed(request: &Request) -> Option<Response> {
    let refuse = |sentence: &str| {
        let mut response = ApiError::BadRequest(sentence.to_owned()).into_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        Some(response)
    };
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return refuse(NO_CHUNKS);
    }
    // Only what came over a connection has a host.
    let came = request.extensions().get::<Timeouts>().is_some();
    let hosts = request.headers().get_all(HOST).iter().count();
    if came && (hosts > 1 || hosts == 0 && request.version() == Version::HTTP_11) {
        return refuse(ONE_HOST);
    }
    None
}

/// What is said to a message without a host, or with two.
const ONE_HOST: &str = "the request must have one Host header; send the one of the URL";
