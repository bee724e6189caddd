//! Claims that a signature and a policy stand behind.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Algorithm, UnverifiedClaims};

/// The claims of a token that passed every rule. Only [`verify`](crate::verify()) makes one.
///
/// `Debug` prints the claims' names only.
#[derive(Clone, PartialEq)]
pub struct VerifiedClaims {
    pub(crate) claims: UnverifiedClaims,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) expires_at: i64,
    pub(crate) not_before: Option<i64>,
    pub(crate) issued_at: Option<i64>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

impl fmt::Debug for VerifiedClaims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("VerifiedClaims").field(&self.claims).finish()
    }
}

impl VerifiedClaims {
    /// `iss`, which is the policy's issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: 1 to 255 bytes without control characters, otherwise any text.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `exp` in seconds since 1970, a fraction rounded up.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// `nbf` in seconds since 1970, a fraction rounded up.
    #[must_use]
    pub const fn not_before(&self) -> Option<i64> {
        self.not_before
    }

    /// `iat` in seconds since 1970, a fraction rounded up.
    #[must_use]
    pub const fn issued_at(&self) -> Option<i64> {
        self.issued_at
    }

    /// `jti` (RFC 7519 4.1.7).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.get("jti").and_then(Value::as_str)
    }

    /// `aud` as a list; empty when there is none, or when none is configured and it is no list of strings.
    #[must_use]
    pub fn audiences(&self) -> Vec<&str> {
        match self.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The algorithm that the signature was verified with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` of the key that the signature was verified with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The claim of that exact name, of whatever type. Signed is not the same as sensible: an e-mail
    /// address in here is text that the issuer vouches for, nothing more.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// Every claim by name.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        self.claims.members()
    }
}
