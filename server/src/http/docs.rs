//! The API's description (`docs/openapi.json`, which tests make from this code) and a page that shows it.
//! Everything is in the program, and the page loads nothing from elsewhere.

use super::cors;
#[cfg(test)]
use super::openapi::refused::Refused;
use crate::AppState;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue};
use axum::routing::get;

// A link to docs/, so that the archive of the published crate has it.
const DOCUMENT: &str = include_str!("../../openapi.json");
const PAGE: &str = include_str!("docs/page.html");
const STYLE: &str = include_str!("docs/page.css");
const SCRIPT: &str = include_str!("docs/page.js");

/// They change with the program only.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// What the page may load, all of it from here.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

type Fixed<const N: usize> = ([(HeaderName, HeaderValue); N], &'static str);

/// The routes, where the operator wants them.
pub(super) fn routes(state: &AppState) -> Router<AppState> {
    if !state.docs {
        return Router::new();
    }
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(page))
        .route("/docs/page.css", get(async || fixed("text/css; charset=utf-8", STYLE)))
        .route("/docs/page.js", get(async || fixed("text/javascript; charset=utf-8", SCRIPT)))
        .layer(cors::of_everybody())
}

/// Get this document.
#[cfg_attr(test, utoipa::path(get, path = "/openapi.json", tag = "Server", operation_id = "openApi",
    responses((status = 200, body = Object, description = "The document."), Refused<()>)))]
pub(super) async fn document() -> Fixed<2> {
    fixed("application/json", DOCUMENT)
}

/// Read this document in a browser.
#[cfg_attr(test, utoipa::path(get, path = "/docs", tag = "Server", operation_id = "docs",
    responses((status = 200, body = String, content_type = "text/html", description = "The page."), Refused<()>)))]
pub(super) async fn page() -> Fixed<4> {
    let ([kind, cache], text) = fixed("text/html; charset=utf-8", PAGE);
    let referrer = HeaderValue::from_static("no-referrer");
    ([kind, cache, (CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, referrer)], text)
}

fn fixed(kind: &'static str, text: &'static str) -> Fixed<2> {
    ([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, CACHE)], text)
}
