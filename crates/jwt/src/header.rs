//! The protected header: what the token says about itself, of which very little is believed.

use serde_json::{Map, Value};

use crate::{MAX_KID_BYTES, Rejection, shown};

/// A token's header (RFC 7515 4). It can point at one of our own keys by `kid`; keys and addresses that
/// it brings along (`jwk`, `jku`, `x5c`, `x5u`) are never followed here.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    members: Map<String, Value>,
}

impl Header {
    /// Checks the types of the members that are used here.
    pub(crate) fn new(members: Map<String, Value>) -> Result<Self, Rejection> {
        let header = Self { members };
        match header.get("alg") {
            None => return Err(Rejection::AlgorithmMissing),
            Some(Value::String(_)) => {}
            Some(_) => return Err(wrong_type("alg is not a string")),
        }
        if header.get("typ").is_some_and(|value| !value.is_string()) {
            return Err(wrong_type("typ is not a string"));
        }
        if header.get("cty").is_some_and(|value| !value.is_string()) {
            return Err(wrong_type("cty is not a string"));
        }
        if header.get("b64").is_some_and(|value| !value.is_boolean()) {
            return Err(wrong_type("b64 is neither true nor false"));
        }
        header.check_kid()?;
        header.check_content_type()?;
        Ok(header)
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

    fn check_kid(&self) -> Result<(), Rejection> {
        let problem = match self.get("kid") {
            Some(Value::String(kid)) if kid.len() > MAX_KID_BYTES => {
                ["it is longer than ", &MAX_KID_BYTES.to_string(), " bytes"].concat()
            }
            Some(Value::String(kid)) if kid.contains(char::is_control) => {
                ["it has control characters: ", &shown::text(kid)].concat()
            }
            None | Some(Value::String(_)) => return Ok(()),
            Some(other) => ["it is not a string: ", &shown::value(other)].concat(),
        };
        Err(Rejection::KidInvalid { problem })
    }

    /// `cty` would say that the payload is something else than claims: a nested token (RFC 7519 5.2).
    fn check_content_type(&self) -> Result<(), Rejection> {
        match self.text("cty") {
            Some(found) if !found.eq_ignore_ascii_case("json") => Err(Rejection::TypeNotAllowed {
                member: "cty",
                expected: "absent".to_owned(),
                found: shown::text(found),
            }),
            _ => Ok(()),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

fn wrong_type(problem: &str) -> Rejection {
    Rejection::HeaderInvalid { problem: problem.to_owned() }
}
