//! What one trusted issuer's tokens must look like.

use crate::{Algorithm, CLOCK_LEEWAY_SECONDS};

/// What a token must satisfy beside its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The only acceptable `iss`, compared byte for byte (RFC 8725 3.8). Never empty in a useful policy:
    /// an empty one matches no token.
    pub issuer: String,
    /// The acceptable audiences, of which `aud` must hold one (RFC 7519 4.1.3). Empty: `aud` is not
    /// looked at.
    pub audiences: Vec<String>,
    /// The acceptable algorithms. The key narrows them further; the token never widens them.
    pub algorithms: Vec<Algorithm>,
    /// How far the issuer's clock may differ from `now`, in seconds. Zero means zero.
    pub leeway_seconds: u64,
    /// The longest time between `iat` (or, without one, now) and `exp`, in seconds. `None`: any.
    pub max_lifetime_seconds: Option<u64>,
    /// The acceptable `typ` values.
    pub types: AcceptedTypes,
}

impl Policy {
    /// The default policy for `issuer`: any audience, every algorithm, [`CLOCK_LEEWAY_SECONDS`], any
    /// lifetime, and the types of [`AcceptedTypes::default`].
    #[must_use]
    pub fn for_issuer(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: Vec::new(),
            algorithms: Algorithm::ALL.to_vec(),
            leeway_seconds: CLOCK_LEEWAY_SECONDS,
            max_lifetime_seconds: None,
            types: AcceptedTypes::default(),
        }
    }
}

/// Which `typ` header values are acceptable (RFC 7515 4.1.9, RFC 8725 3.11).
///
/// Names are media types: compared without regard to case, and `application/` may be left out on either
/// side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedTypes {
    absent: bool,
    names: Vec<String>,
}

impl Default for AcceptedTypes {
    /// No `typ` at all, or `JWT`: many issuers leave it out.
    fn default() -> Self {
        Self { absent: true, names: vec!["JWT".to_owned()] }
    }
}

impl AcceptedTypes {
    /// Only `name`, which must then be present: for tokens that are told apart by `typ`, like
    /// `dpop+jwt`.
    #[must_use]
    pub fn only(name: impl Into<String>) -> Self {
        Self { absent: false, names: vec![name.into()] }
    }

    /// The same and `name`, for instance `at+jwt` (RFC 9068).
    #[must_use]
    pub fn and(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Whether a header with this `typ` is acceptable.
    #[must_use]
    pub fn accept(&self, found: Option<&str>) -> bool {
        found.map_or(self.absent, |found| {
            self.names.iter().any(|name| subtype(name).eq_ignore_ascii_case(subtype(found)))
        })
    }

    /// The names for a message.
    #[cfg(feature = "crypto")]
    pub(crate) fn describe(&self) -> String {
        let names = self.names.join(" or ");
        if self.absent { format!("no typ or {names}") } else { names }
    }
}

/// The media type without its `application/`, which RFC 7515 4.1.9 says to add when no slash is there.
fn subtype(name: &str) -> &str {
    const PREFIX: &str = "application/";
    match name.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::AcceptedTypes;

    #[test]
    fn compares_types_as_media_types() {
        let types = AcceptedTypes::default();
        for found in [None, Some("JWT"), Some("jwt"), Some("application/jwt"), Some("Application/JWT")] {
            assert!(types.accept(found), "{found:?}");
        }
        for found in [Some(""), Some("at+jwt"), Some("text/jwt"), Some("application/application/jwt")] {
            assert!(!types.accept(found), "{found:?}");
        }
        assert!(types.and("at+jwt").accept(Some("application/at+JWT")));
        assert!(!AcceptedTypes::only("a/b").accept(Some("application/a/b")));
        assert!(!AcceptedTypes::only("dpop+jwt").accept(None));
        assert!(AcceptedTypes::only("dpop+jwt").accept(Some("dpop+jwt")));
    }
}
