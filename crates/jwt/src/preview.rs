//! What a browser looks at before it sends a token to the server that decides.

use byoa_json::{Object, Value};
use chrono::{DateTime, Duration};
use jwt_compact::{Claims, TimeOptions};

use crate::{CLOCK_LEEWAY_SECONDS, Rejection, claims, rules::Unobserved, token::Parts};

/// A token that is as well-formed as an [`UnverifiedToken`](crate::UnverifiedToken) and as little trusted:
/// parsed by the same code, but left in the small values of `byoa-json`, and without its signature.
pub struct TokenPreview {
    claims: Object,
}

/// Prints nothing of the token.
impl std::fmt::Debug for TokenPreview {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TokenPreview").finish_non_exhaustive()
    }
}

impl TokenPreview {
    /// Parses as [`UnverifiedToken::parse`](crate::UnverifiedToken::parse) does.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        Ok(Self { claims: Parts::read(text, &mut Unobserved)?.claims })
    }

    /// The claim of that exact name, of whatever type.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// [`UnverifiedClaims::required_subject`](crate::UnverifiedClaims::required_subject).
    pub fn required_subject(&self) -> Result<&str, Rejection> {
        claims::subject(&self.claims)
    }

    /// [`UnverifiedClaims::required_expiry`](crate::UnverifiedClaims::required_expiry).
    pub fn required_expiry(&self) -> Result<i64, Rejection> {
        claims::expiry(&self.claims)
    }
}

/// Whether a time in seconds since 1970 is past as an `exp`, with [`CLOCK_LEEWAY_SECONDS`] (RFC 7519 4.1.4).
#[must_use]
pub fn is_past(expires_at: i64, now_unix_seconds: i64) -> bool {
    let (Some(expires_at), Some(now)) =
        (DateTime::from_timestamp(expires_at, 0), DateTime::from_timestamp(now_unix_seconds, 0))
    else {
        return true;
    };
    // jwt-compact takes the last second for a good one; the RFC says "on or after".
    let leeway = i64::try_from(CLOCK_LEEWAY_SECONDS).map_or(0, |seconds| seconds - 1);
    let mut claims = Claims::empty();
    claims.expiration = Some(expires_at);
    claims.validate_expiration(&TimeOptions::new(Duration::seconds(leeway), || now)).is_err()
}
