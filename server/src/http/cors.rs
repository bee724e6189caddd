//! Which pages may read answers (Fetch standard, "CORS protocol"): those of the environment's allowed
//! origins, nobody else's. The public keys are for everybody.

use super::dpop::DPOP_NONCE;
use super::environment::{Lookup, allows};
use super::observe::X_REQUEST_ID;
use axum::http::{HeaderName, HeaderValue, Method, header, request::Parts};
use byoa_protocol::headers;
use std::time::Duration;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

/// How long a browser may remember a preflight's answer. Chromium caps it at two hours.
const MAX_AGE: Duration = Duration::from_hours(2);

/// For an environment's operations. Must run inside the layer that looks the environment up.
///
/// Credentials are offered only where the environment reads a cookie: without one there is nothing
/// ambient that a page could misuse, and nothing that it needs them for.
pub(super) fn of_environment() -> CorsLayer {
    let listed = |origin: &HeaderValue, parts: &Parts| rule(parts, origin).is_some();
    let with_cookie = |origin: &HeaderValue, parts: &Parts| rule(parts, origin) == Some(Cookies::Read);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(listed))
        .allow_credentials(AllowCredentials::predicate(with_cookie))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
        ])
        .allow_headers(
            headers::CORS_ALLOWED.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>(),
        )
        .expose_headers([header::RETRY_AFTER, header::DATE, X_REQUEST_ID, DPOP_NONCE])
        .max_age(MAX_AGE)
}

/// For the public keys, which any page may read and which no cookie changes.
pub(super) fn of_everybody() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([Method::GET, Method::OPTIONS])
        .max_age(MAX_AGE)
}

#[derive(Debug, PartialEq, Eq)]
enum Cookies {
    Read,
    Ignored,
}

/// What the environment of the request says about `origin`; `None`: not one of its pages.
fn rule(parts: &Parts, origin: &HeaderValue) -> Option<Cookies> {
    let Some(Lookup::Found(environment)) = parts.extensions.get::<Lookup>() else { return None };
    let reads = environment.cookie_name.is_some() || environment.session_cookie;
    let cookies = if reads { Cookies::Read } else { Cookies::Ignored };
    allows(environment, origin.as_bytes()).then_some(cookies)
}
