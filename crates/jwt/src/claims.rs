//! Claims as read, which is to say as anybody could have written them.

use std::fmt;

use serde_json::{Map, Value};

#[cfg(feature = "crypto")]
use crate::shown;
use crate::{
    MAX_SUBJECT_BYTES, Rejection, numeric_date,
    seen::{Members, Seen as _},
};

/// A token's claims before its signature is checked. Good for choosing an issuer's policy and for
/// display; nothing may be granted on them.
///
/// `Debug` prints the claims' names only.
#[derive(Clone, PartialEq)]
pub struct UnverifiedClaims {
    members: Map<String, Value>,
}

impl fmt::Debug for UnverifiedClaims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.members.keys()).finish()
    }
}

impl UnverifiedClaims {
    pub(crate) const fn new(members: Map<String, Value>) -> Self {
        Self { members }
    }

    /// `iss`, when it is a string (RFC 7519 4.1.1).
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.get("iss").and_then(Value::as_str)
    }

    /// `sub`, when it is a string (RFC 7519 4.1.2).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.get("sub").and_then(Value::as_str)
    }

    /// `exp` in seconds since 1970, rounded up, when it is a sensible time (RFC 7519 4.1.4).
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.get("exp").and_then(|value| numeric_date::read(value).ok())
    }

    /// The claim of that exact name, of whatever type.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// Every claim by name.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// `sub`, or [`Rejection::SubjectMissing`] or [`Rejection::SubjectInvalid`].
    pub fn required_subject(&self) -> Result<&str, Rejection> {
        subject(&self.members)
    }

    /// `exp` in seconds since 1970, rounded up, or [`Rejection::ExpiryMissing`] or
    /// [`Rejection::ExpiryInvalid`] when it is not a positive number of seconds before the year 10000.
    pub fn required_expiry(&self) -> Result<i64, Rejection> {
        expiry(&self.members)
    }

    /// `nbf` or `iat` in seconds since 1970, rounded up; [`Rejection::TimeInvalid`] when it is there but
    /// not a sensible time.
    #[cfg(feature = "crypto")]
    pub(crate) fn optional_time(&self, claim: &'static str) -> Result<Option<i64>, Rejection> {
        let read = |value| {
            numeric_date::read(value).map_err(|problem| Rejection::TimeInvalid {
                claim,
                found: shown::value(value),
                problem,
            })
        };
        self.get(claim).map(read).transpose()
    }
}

/// [`UnverifiedClaims::required_subject`].
pub(crate) fn subject<M: Members>(claims: &M) -> Result<&str, Rejection> {
    let value = claims.member("sub").ok_or(Rejection::SubjectMissing)?;
    let refuse = |problem| Rejection::SubjectInvalid { problem };
    let subject = value.text().ok_or_else(|| refuse("it is not a string"))?;
    if subject.trim().is_empty() {
        return Err(refuse("it is blank"));
    }
    if subject.len() > MAX_SUBJECT_BYTES {
        return Err(refuse("it is longer"));
    }
    if subject.contains(char::is_control) {
        return Err(refuse("it has control characters"));
    }
    Ok(subject)
}

/// [`UnverifiedClaims::required_expiry`].
pub(crate) fn expiry<M: Members>(claims: &M) -> Result<i64, Rejection> {
    let value = claims.member("exp").ok_or(Rejection::ExpiryMissing)?;
    let refuse = |problem| Rejection::ExpiryInvalid { found: value.shown(), problem };
    match value.seconds().map_err(refuse)? {
        0 => Err(refuse("it is zero")),
        seconds => Ok(seconds),
    }
}
