//! The session token of a request.

use crate::secret::Secret;
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use std::convert::Infallible;

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1), where there is exactly one. Never read from
/// the query or a body. Whether it must be there, and what it is worth, the use case says.
#[derive(Debug)]
pub(super) struct Bearer(Option<Secret<String>>);

impl Bearer {
    /// The token itself, for the use case.
    pub(super) fn token(&self) -> Option<&str> {
        self.0.as_ref().map(|token| token.expose().as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(bearer(&parts.headers).map(|token| token.to_owned().into())))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::bearer;
    use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

    fn read(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_static(line));
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn reads_exactly_one_bearer_token() {
        assert_eq!(read(&["Bearer a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(read(&["bearer  a"]).as_deref(), Some("a"));
        for none in [&[][..], &["Bearer"], &["Bearer "], &["Basic a"], &["a.b.c"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
