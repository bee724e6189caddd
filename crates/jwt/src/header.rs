//! The protected header: what the token says about itself, of which very little is believed.

use serde_json::{Map, Value};

use crate::{
    MAX_KID_BYTES, Rejection, base64url,
    seen::{Members, Seen},
    shown,
};

/// A token's header (RFC 7515 4). It can point at one of our own keys by `kid`; keys and addresses that
/// it brings along (`jwk`, `jku`, `x5c`, `x5u`) are never followed here.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    members: Map<String, Value>,
}

impl Header {
    /// Takes what [`check`] let pass.
    pub(crate) const fn new(members: Map<String, Value>) -> Self {
        Self { members }
    }

    /// `alg` as written. The token never chooses its algorithm with it; it can only be wrong.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.text("alg").unwrap_or_default()
    }

    /// `kid` (RFC 7515 4.1.4).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.text("kid")
    }

    /// `typ` (RFC 7515 4.1.9).
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.text("typ")
    }

    /// Any member, for instance the `jwk` of a `DPoP` proof (RFC 9449 4.2).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// An extension that would change what the signature means: `crit` in any form, or `b64: false`.
    #[cfg(feature = "crypto")]
    pub(crate) fn check_critical(&self) -> Result<(), Rejection> {
        let found = match (self.get("crit"), self.get("b64")) {
            (Some(names), _) => format!("crit {}", shown::value(names)),
            (None, Some(Value::Bool(false))) => "b64 false".to_owned(),
            _ => return Ok(()),
        };
        Err(Rejection::CritUnsupported { found })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

/// Checks a header's members: those that are used here, and those whose type the RFC sets.
pub(crate) fn check<M: Members>(header: &M) -> Result<(), Rejection> {
    match header.member("alg") {
        None => return Err(Rejection::AlgorithmMissing),
        Some(algorithm) if algorithm.text().is_some() => {}
        Some(_) => return Err(wrong_type("alg is not a string")),
    }
    if header.member("typ").is_some_and(|value| value.text().is_none()) {
        return Err(wrong_type("typ is not a string"));
    }
    if header.member("cty").is_some_and(|value| value.text().is_none()) {
        return Err(wrong_type("cty is not a string"));
    }
    if header.member("b64").is_some_and(|value| !value.is_flag()) {
        return Err(wrong_type("b64 is neither true nor false"));
    }
    check_kid(header.member("kid"))?;
    check_content_type(header.member("cty").and_then(Seen::text))?;
    check_references(header)
}

fn check_kid(kid: Option<&impl Seen>) -> Result<(), Rejection> {
    let Some(kid) = kid else {
        return Ok(());
    };
    let problem = match kid.text() {
        Some(text) if text.len() > MAX_KID_BYTES => {
            ["it is longer than ", &MAX_KID_BYTES.to_string(), " bytes"].concat()
        }
        Some(text) if text.contains(char::is_control) => {
            ["it has control characters: ", &shown::text(text)].concat()
        }
        Some(_) => return Ok(()),
        None => ["it is not a string: ", &kid.shown()].concat(),
    };
    Err(Rejection::KidInvalid { problem })
}

/// `cty` would say that the payload is something else than claims: a nested token (RFC 7519 5.2).
fn check_content_type(found: Option<&str>) -> Result<(), Rejection> {
    match found {
        Some(found) if !found.eq_ignore_ascii_case("json") => Err(Rejection::TypeNotAllowed {
            member: "cty",
            expected: "absent".to_owned(),
            found: shown::text(found),
        }),
        _ => Ok(()),
    }
}

/// Addresses and thumbprints, which are never used here but must be some (RFC 7515 4.1.2 to 4.1.8).
fn check_references<M: Members>(header: &M) -> Result<(), Rejection> {
    let is_fine = |name: &str, fits: fn(&str) -> bool| {
        header.member(name).is_none_or(|value| value.is_nothing() || value.text().is_some_and(fits))
    };
    let are_fine = is_fine("jku", |_| true)
        && is_fine("x5u", |_| true)
        && is_fine("x5t", |text| is_thumbprint(text, 20))
        && is_fine("x5t#S256", |text| is_thumbprint(text, 32));
    if are_fine { Ok(()) } else { Err(wrong_type(WRONG_REFERENCE)) }
}

/// So many bytes in base64url, up to two signs of padding granted, or a longer text in base64url: both are in use.
fn is_thumbprint(text: &str, length: usize) -> bool {
    let text = text.strip_suffix('=').unwrap_or(text);
    let text = text.strip_suffix('=').unwrap_or(text);
    base64url::decode(text).is_ok_and(|bytes| {
        bytes.len() == length || bytes.len() > length && std::str::from_utf8(&bytes).is_ok()
    })
}

/// What is said where one of them is not.
pub(crate) const WRONG_REFERENCE: &str = "one of jku, x5u, x5t or x5t#S256 is not what it should be";

fn wrong_type(problem: &str) -> Rejection {
    Rejection::HeaderInvalid { problem: problem.to_owned() }
}
