//! Request cookies (RFC 6265 §4.2), as far as this server reads any, and the one that it sets.

use crate::clock::UnixMillis;
use crate::store::Environment;
use axum::http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, ORIGIN, SET_COOKIE},
};
use byoa_protocol::external_auth::VerifyResponse;
use byoa_protocol::headers::SESSION_COOKIE;
use std::time::Duration;

/// What the session's cookie is, set or cleared: for this host only, over TLS only, out of reach of
/// scripts, and not sent along with what another site's page posts.
const ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Lax";

/// Puts the answer's token into the cookie, and both tokens out of the body, where the environment keeps
/// its sessions so. It stays for as long as the token is good for anything: `idle_limit` after its end, for a
/// refresh. The headers to answer with.
pub(super) fn keep(
    environment: &Environment,
    idle_limit: Duration,
    answer: &mut VerifyResponse,
) -> HeaderMap {
    if !environment.session_cookie {
        return HeaderMap::new();
    }
    answer.jwt = None;
    let token = answer.minified_jwt.take().unwrap_or_default();
    let end = UnixMillis::from_seconds(answer.expires_at).plus(idle_limit).http_date();
    set(&format!("{SESSION_COOKIE}={token}; Expires={end}; {ATTRIBUTES}"))
}

/// The headers that clear the cookie, where the environment sets one and a page asked: which page, the
/// extractor of the token has checked, and nobody else could keep a cookie.
pub(super) fn forget(environment: &Environment, request: &HeaderMap) -> HeaderMap {
    if !environment.session_cookie || !request.contains_key(ORIGIN) {
        return HeaderMap::new();
    }
    set(&format!("{SESSION_COOKIE}=; Max-Age=0; {ATTRIBUTES}"))
}

fn set(cookie: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.insert(SET_COOKIE, value);
    }
    headers
}

/// The value of the cookie `name`; none where it is absent, empty, or there twice with two values,
/// since then nobody can say which of them the page meant.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = None;
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    for (key, value) in pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('=')) {
        if key.trim() == name {
            let value = value.trim().trim_matches('"');
            if found.is_some_and(|earlier| earlier != value) {
                return None;
            }
            found = Some(value);
        }
    }
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::cookie;
    use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

    fn read(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        cookie(&headers, "jwt").map(str::to_owned)
    }

    #[test]
    fn finds_exactly_the_named_cookie() {
        assert_eq!(read(&["a=1; jwt=x.y.z; b=2"]).as_deref(), Some("x.y.z"));
        assert_eq!(read(&["a=1", "jwt=\"x\""]).as_deref(), Some("x"));
        assert_eq!(read(&["xjwt=1; jwtx=2; JWT=3"]), None);
        assert_eq!(read(&["jwt="]), None);
        assert_eq!(read(&["jwt=1; jwt=2"]), None);
        assert_eq!(read(&["jwt=1", "jwt=1"]).as_deref(), Some("1"));
        assert_eq!(read(&[]), None);
    }
}
