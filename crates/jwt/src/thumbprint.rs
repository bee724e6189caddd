//! A key's name that follows from the key (RFC 7638).

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::{KeyProblem, base64url, shown};

/// The SHA-256 thumbprint of a public JWK in base64url (RFC 7638 3, RFC 8037 2); `DPoP` calls it `jkt`.
///
/// Fails when `kty` is not RSA, EC or OKP or a required member is missing or no string. Does not check
/// that the key is usable.
pub fn thumbprint(jwk: &Value) -> Result<String, KeyProblem> {
    // In lexicographic order, as the RFC wants them hashed.
    let names: &[&'static str] = match member(jwk, "kty")? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        other => return Err(KeyProblem::TypeUnsupported { found: shown::text(other) }),
    };
    let members = names
        .iter()
        .map(|name| Ok(format!("{}:{}", Value::from(*name), Value::from(member(jwk, name)?))))
        .collect::<Result<Vec<_>, KeyProblem>>()?;
    let canonical = format!("{{{}}}", members.join(","));
    Ok(base64url::encode(digest(&SHA256, canonical.as_bytes()).as_ref()))
}

fn member<'a>(jwk: &'a Value, name: &'static str) -> Result<&'a str, KeyProblem> {
    match jwk.get(name) {
        None => Err(KeyProblem::MemberMissing { name }),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(KeyProblem::MemberInvalid { name, problem: "it is not a string" }),
    }
}
