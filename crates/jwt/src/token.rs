//! From text to a parsed token that nobody trusts yet.

use std::fmt;

use byoa_json::{JsonError, Object};
use jwt_compact::{ParseError, UntrustedToken};

use crate::{
    Header, MAX_TOKEN_BYTES, Part, Rejection, UnverifiedClaims, base64url,
    header::{self, WRONG_REFERENCE},
    json,
    rules::{Observer, Unobserved},
    seen::{Members as _, Seen as _},
    shown,
};

/// A well-formed token whose signature is not checked yet.
///
/// `Debug` prints the header and the claims' names, never the token.
pub struct UnverifiedToken<'a> {
    header: Header,
    claims: UnverifiedClaims,
    #[cfg_attr(not(feature = "crypto"), expect(dead_code, reason = "only verification reads it"))]
    signed: &'a str,
    #[cfg_attr(not(feature = "crypto"), expect(dead_code, reason = "only verification reads it"))]
    inner: UntrustedToken<'a>,
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UnverifiedToken")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

impl<'a> UnverifiedToken<'a> {
    /// Parses the compact serialisation (RFC 7515 7.1) of a JWT (RFC 7519 7.2, steps 1 to 10).
    ///
    /// Refuses what is too large, not three parts of canonical base64url, or not two JSON objects without
    /// duplicate members whose header members have the right types. Whether an algorithm, a `typ` or an
    /// issuer is acceptable is for [`verify`](crate::verify()).
    pub fn parse(text: &'a str) -> Result<Self, Rejection> {
        Self::parse_observed(text, &mut Unobserved)
    }

    pub(crate) fn parse_observed(text: &'a str, observer: &mut impl Observer) -> Result<Self, Rejection> {
        let Parts { header, claims, signed } = Parts::read(text, observer)?;
        let inner = UntrustedToken::new(text).map_err(|error| refuse(&error))?;
        let header = Header::new(json::members(header));
        Ok(Self { header, claims: UnverifiedClaims::new(json::members(claims)), signed, inner })
    }

    /// What the token says about itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What the token says about its user.
    #[must_use]
    pub const fn claims(&self) -> &UnverifiedClaims {
        &self.claims
    }

    /// The bytes that the signature is over.
    #[cfg(feature = "crypto")]
    pub(crate) const fn signed_bytes(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    #[cfg(feature = "crypto")]
    pub(crate) fn signature(&self) -> &[u8] {
        self.inner.signature_bytes()
    }
}

/// A token taken apart, with its header checked: the whole of parsing, for the server and for the browser.
pub(crate) struct Parts<'a> {
    pub(crate) header: Object,
    pub(crate) claims: Object,
    /// What the signature is over.
    pub(crate) signed: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn read(text: &'a str, observer: &mut impl Observer) -> Result<Self, Rejection> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Rejection::TooLarge { found: text.len() });
        }
        observer.passed("size", || format!("{} bytes", text.len()));

        let [header, payload, signature] = split(text)?;
        let header = decode("header", header)?;
        let payload = decode("payload", payload)?;
        let signature_bytes = decode("signature", signature)?.len();
        observer.passed("shape", || format!("three parts, {signature_bytes} bytes of signature"));

        let header = read(Part::Header, &header)?;
        header::check(&header)?;
        observer.passed("header", || {
            let algorithm = header.member("alg").and_then(|value| value.text());
            format!("alg {}", shown::text(algorithm.unwrap_or_default()))
        });

        let claims = read(Part::Payload, &payload)?;
        observer.passed("payload", || format!("{} claims", claims.len()));
        Ok(Self { header, claims, signed: &text[..text.len() - signature.len() - 1] })
    }
}

fn split(text: &str) -> Result<[&str; 3], Rejection> {
    let mut parts = text.splitn(4, '.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None) => Ok([header, payload, signature]),
        _ => Err(malformed(&match text.bytes().filter(|byte| *byte == b'.').count() {
            4 => "it has five, so it is an encrypted token (JWE)".to_owned(),
            dots => ["it has ", &(dots + 1).to_string()].concat(),
        })),
    }
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, Rejection> {
    base64url::decode(text).map_err(|problem| malformed(&["in its ", part, " ", problem].concat()))
}

fn read(part: Part, bytes: &[u8]) -> Result<Object, Rejection> {
    let problem = match byoa_json::read_object(bytes) {
        Ok(object) => return Ok(object),
        Err(JsonError::Duplicate { name }) => {
            return Err(Rejection::DuplicateMember { part, name: shown::text(&name) });
        }
        Err(JsonError::NotUtf8) => "it is not UTF-8".to_owned(),
        Err(JsonError::NotAnObject) => "it is JSON but not an object".to_owned(),
        Err(JsonError::NotJson { at }) => ["it is not JSON from byte ", &at.to_string(), " on"].concat(),
    };
    Err(match part {
        Part::Header => Rejection::HeaderInvalid { problem },
        Part::Payload => Rejection::PayloadInvalid { problem },
    })
}

/// What jwt-compact would refuse and [`header::check`] let pass: nothing that is known.
fn refuse(error: &ParseError) -> Rejection {
    match error {
        ParseError::InvalidTokenStructure | ParseError::InvalidBase64Encoding => malformed("it is not"),
        _ => Rejection::HeaderInvalid { problem: WRONG_REFERENCE.to_owned() },
    }
}

fn malformed(problem: &str) -> Rejection {
    Rejection::Malformed { problem: problem.to_owned() }
}
