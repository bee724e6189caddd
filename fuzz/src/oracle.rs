//! The crate `jsonwebtoken` asked the same question, and the few answers in which it is known to be
//! stricter than `byoa-jwt` for reasons that are no fault of ours.

use byoa_jwt::{Algorithm, Header, Policy};
use jsonwebtoken::{
    DecodingKey, TokenData, Validation, decode,
    errors::{Error, ErrorKind, Result},
};
use serde_json::Value;

/// Its clock is the machine's and may tick between our answer and its own.
const TICK_SECONDS: u64 = 2;

/// Header members that it gives a type and `byoa-jwt` ignores (`POLICY.md`, "Encoding").
const IGNORED_BY_US: [&str; 7] = ["jwk", "x5c", "x5t#S256", "enc", "zip", "url", "nonce"];

/// Verifies `token` as `policy` says, as far as `jsonwebtoken` has words for it.
pub fn verify(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
    policy: &Policy,
) -> Result<TokenData<Value>> {
    let mut validation = Validation::new(named(algorithm));
    let mut required = vec!["exp", "iss", "sub"];
    validation.leeway = policy.leeway_seconds + TICK_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[&policy.issuer]);
    if policy.audiences.is_empty() {
        validation.validate_aud = false;
    } else {
        validation.set_audience(&policy.audiences);
        required.push("aud");
    }
    validation.set_required_spec_claims(&required);
    decode(token, key, &validation)
}

/// Whether `jsonwebtoken` refuses a header that `verify` accepts for a known reason: `alg: Ed25519`
/// (RFC 9864) is a name that it does not know, or it minds the type of a member of [`IGNORED_BY_US`].
#[must_use]
pub fn is_known(error: &Error, header: &Header) -> bool {
    matches!(error.kind(), ErrorKind::Json(_) | ErrorKind::InvalidAlgorithmName)
        && (header.algorithm() == "Ed25519" || IGNORED_BY_US.iter().any(|name| header.get(name).is_some()))
}

/// The same for a header that only parses: `verify` has yet to judge the name in `alg` and any `crit`.
#[must_use]
pub fn is_known_to_parse(error: &Error, header: &Header) -> bool {
    let is_judged_later =
        header.algorithm().parse::<jsonwebtoken::Algorithm>().is_err() || header.get("crit").is_some();
    is_known(error, header) || (is_judged_later && matches!(error.kind(), ErrorKind::Json(_)))
}

const fn named(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Rs384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::Rs512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Ps384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::Ps512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}
