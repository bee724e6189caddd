//! The session token of a request, and the proof that it may need.

use super::ApiError;
use super::client_info::{Proof, text};
use super::cookies::cookie;
use super::environment::{Lookup, allows};
use crate::AppState;
use crate::exchange::{RequestProof, Scheme, Shown};
use crate::secret::Secret;
use crate::store::Environment;
use axum::extract::FromRequestParts;
use axum::http::{
    HeaderMap, Method,
    header::{AUTHORIZATION, ORIGIN},
    request::Parts,
};
use byoa_protocol::headers::{ELEVATED_ACCESS_TOKEN, SESSION_COOKIE};

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1) or `Authorization: DPoP …` (RFC 9449 §7.1), where
/// there is exactly one. Never read from the query or a body. Whether it must be there, and what it is
/// worth, the use case says.
#[derive(Debug)]
pub(super) struct Bearer {
    token: Option<Secret<String>>,
    scheme: Scheme,
    request: RequestProof,
    elevated: Option<Secret<String>>,
}

impl Bearer {
    /// All of it, for the use case.
    pub(super) fn shown(&self) -> Shown<'_> {
        let token = self.token.as_ref().map(|token| token.expose().as_str());
        let elevated = self.elevated.as_ref().map(|token| token.expose().as_str());
        Shown { token, scheme: self.scheme, request: Some(&self.request), elevated }
    }
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Ok(Proof(request)) = Proof::from_request_parts(parts, state).await;
        let found = match parts.extensions.get::<Lookup>() {
            Some(Lookup::Found(environment)) if environment.session_cookie => {
                token_or_cookie(environment, parts)?
            }
            _ => token(&parts.headers),
        };
        let scheme = found.map_or_else(Scheme::default, |(scheme, _)| scheme);
        let token = found.map(|(_, token)| token.to_owned().into());
        let elevated = text(&parts.headers, ELEVATED_ACCESS_TOKEN).map(Secret::new);
        Ok(Self { token, scheme, request, elevated })
    }
}

/// The same in an environment that keeps sessions in a cookie. A browser sends that along whoever asks, so
/// what changes anything must come from one of the environment's pages, and a cookie alone from no unknown
/// one.
fn token_or_cookie<'p>(
    environment: &Environment,
    parts: &'p Parts,
) -> Result<Option<(Scheme, &'p str)>, ApiError> {
    let origin = parts.headers.get(ORIGIN);
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe && origin.is_some_and(|origin| !allows(environment, origin.as_bytes())) {
        return Err(ApiError::ForeignOrigin);
    }
    if parts.headers.contains_key(AUTHORIZATION) {
        return Ok(token(&parts.headers));
    }
    match cookie(&parts.headers, SESSION_COOKIE) {
        Some(_) if !is_safe && origin.is_none() => Err(ApiError::OriginMissing),
        found => Ok(found.map(|token| (Scheme::Cookie, token))),
    }
}

fn token(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let (_, scheme) = schemes.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
    Some((scheme, token.trim())).filter(|(_, token)| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Scheme, token};
    use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

    fn read(lines: &[&'static str]) -> Option<(Scheme, String)> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_static(line));
        }
        token(&headers).map(|(scheme, token)| (scheme, token.to_owned()))
    }

    #[test]
    fn reads_exactly_one_token() {
        assert_eq!(read(&["Bearer a.b.c"]), Some((Scheme::Bearer, "a.b.c".to_owned())));
        assert_eq!(read(&["bearer  a"]), Some((Scheme::Bearer, "a".to_owned())));
        assert_eq!(read(&["DPoP a.b.c"]), Some((Scheme::Dpop, "a.b.c".to_owned())));
        for none in [&[][..], &["Bearer"], &["Bearer "], &["Basic a"], &["a.b.c"], &["Bearer a", "DPoP b"]] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
