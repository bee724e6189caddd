//! Request ids, one log line per request, and the headers that every answer carries.
//!
//! Logged: request id, method, route, environment, status, milliseconds, code and reason. Never logged:
//! bodies, tokens, queries, e-mail addresses, or a path that is not one of ours.

use super::environment::named;
use super::error::Refusal;
use crate::AppState;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use byoa_protocol::headers;
use std::future::Future;
use tokio::time::Instant;
use tracing::Instrument as _;

/// Under which every answer names its request.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from a caller.
const MAX_REQUEST_ID: usize = 128;

/// The request's id, in its extensions.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// Around whatever answers a request.
pub(super) async fn observe<A: Future<Output = Response>>(
    state: &AppState,
    mut request: Request,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let environment = named(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    request.extensions_mut().insert(RequestId(id.to_str().unwrap_or_default().to_owned()));
    let mut response = answer(request).instrument(span.clone()).await;
    finish(response.headers_mut(), id);
    let refusal = response.extensions().get::<Refusal>();
    let name = route.as_ref().map_or("(none)", MatchedPath::as_str);
    state.metrics.answered(method.as_str(), name, response.status().as_u16(), started.elapsed());
    if let Some(refusal) = refusal {
        state.metrics.refused(refusal.code.as_str(), refusal.reason.as_deref());
    }
    let _entered = span.enter();
    tracing::info!(
        %method,
        path = name,
        environment = environment.map(tracing::field::display),
        status = response.status().as_u16(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        code = refusal.map(|refusal| refusal.code.as_str()),
        reason = refusal.and_then(|refusal| refusal.reason.as_deref()),
        "answered"
    );
    response
}

/// What every answer says: its request's id, no sniffing, and no storing unless the handler knows better.
fn finish(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(X_REQUEST_ID, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// The caller's id where it has a decent one, under either name; a new one otherwise.
fn request_id(all: &HeaderMap) -> HeaderValue {
    let decent = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=MAX_REQUEST_ID).contains(&bytes.len()) && bytes.iter().all(plain)
    };
    let mut given = all.get(&X_REQUEST_ID).into_iter().chain(all.get(headers::REQUEST_ID));
    given.find(decent).cloned().unwrap_or_else(fresh_id)
}

fn fresh_id() -> HeaderValue {
    let id = crate::ids::unguessable().to_string();
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_over_only_a_decent_id() {
        let mut headers = HeaderMap::new();
        let made = request_id(&headers);
        assert_eq!(made.len(), 36);
        headers.insert(headers::REQUEST_ID, HeaderValue::from_static("abc123"));
        assert_eq!(request_id(&headers), "abc123");
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("from-the-proxy"));
        assert_eq!(request_id(&headers), "from-the-proxy");
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("a b\"c"));
        assert_eq!(request_id(&headers), "abc123");
    }
}
