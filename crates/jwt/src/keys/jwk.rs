//! One entry of a JWK set (RFC 7517 4, RFC 7518 6, RFC 8037 2).

use serde_json::{Map, Value};

use super::{
    UnusableKey,
    key::VerifyingKey,
    material::{Material, uncompressed},
};
use crate::{Algorithm, KeyProblem, base64url, shown};

/// Members that only a private or symmetric key has.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

type Jwk = Map<String, Value>;

/// Reads one entry; whatever is wrong with it stays with it.
pub(super) fn read(entry: &Value) -> Result<VerifyingKey, UnusableKey> {
    let kid = entry.get("kid").and_then(Value::as_str).map(str::to_owned);
    read_members(entry, kid.clone()).map_err(|why| UnusableKey { kid, why })
}

/// Reads a key that stands alone, in the header of a `DPoP` proof.
pub(crate) fn read_one(entry: &Value) -> Result<VerifyingKey, KeyProblem> {
    read(entry).map_err(|refused| refused.why)
}

fn read_members(entry: &Value, kid: Option<String>) -> Result<VerifyingKey, KeyProblem> {
    let jwk = entry.as_object().ok_or(KeyProblem::NotAnObject)?;
    if jwk.contains_key("kid") && kid.is_none() {
        return Err(KeyProblem::KidInvalid);
    }
    let key_type = string(jwk, "kty")?;
    if key_type == "oct" {
        return Err(KeyProblem::Symmetric);
    }
    if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| jwk.contains_key(*name)) {
        return Err(KeyProblem::Private { name });
    }
    check_use(jwk)?;
    let named = named_algorithm(jwk)?;
    let material = read_material(jwk, key_type)?;
    let parsed = match named {
        Some(algorithm) if material.algorithms().contains(&algorithm) => material.parse(&[algorithm])?,
        Some(algorithm) => return Err(KeyProblem::AlgorithmUnfit { found: algorithm.to_string() }),
        None => material.parse(material.algorithms())?,
    };
    Ok(VerifyingKey { kid, answers_to_any_kid: false, parsed })
}

/// `use` and `key_ops`, each only if present (RFC 7517 4.2, 4.3).
fn check_use(jwk: &Jwk) -> Result<(), KeyProblem> {
    match jwk.get("use") {
        None => {}
        Some(Value::String(found)) if found == "sig" => {}
        Some(found) => return Err(KeyProblem::UseNotSignature { found: shown::value(found) }),
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => Ok(()),
        Some(_) => Err(KeyProblem::OperationsWithoutVerify),
    }
}

fn named_algorithm(jwk: &Jwk) -> Result<Option<Algorithm>, KeyProblem> {
    let Some(found) = jwk.get("alg") else { return Ok(None) };
    let name =
        found.as_str().ok_or(KeyProblem::MemberInvalid { name: "alg", problem: "it is not a string" })?;
    let algorithm =
        name.parse().map_err(|_| KeyProblem::AlgorithmUnsupported { found: shown::text(name) })?;
    Ok(Some(algorithm))
}

fn read_material(jwk: &Jwk, key_type: &str) -> Result<Material, KeyProblem> {
    match key_type {
        "RSA" => Ok(Material::Rsa { modulus: bytes(jwk, "n")?, exponent: bytes(jwk, "e")? }),
        "EC" => match string(jwk, "crv")? {
            "P-256" => Ok(Material::P256 { point: point(jwk, 32)? }),
            "P-384" => Ok(Material::P384 { point: point(jwk, 48)? }),
            other => Err(KeyProblem::CurveUnsupported { found: shown::text(other) }),
        },
        "OKP" => match string(jwk, "crv")? {
            "Ed25519" => Ok(Material::Ed25519 { point: sized(jwk, "x", 32)? }),
            other => Err(KeyProblem::CurveUnsupported { found: shown::text(other) }),
        },
        other => Err(KeyProblem::TypeUnsupported { found: shown::text(other) }),
    }
}

fn point(jwk: &Jwk, size: usize) -> Result<Vec<u8>, KeyProblem> {
    Ok(uncompressed(&sized(jwk, "x", size)?, &sized(jwk, "y", size)?))
}

/// RFC 7518 6.2.1.2: a coordinate always has the full size of the field.
fn sized(jwk: &Jwk, name: &'static str, size: usize) -> Result<Vec<u8>, KeyProblem> {
    let bytes = bytes(jwk, name)?;
    if bytes.len() == size {
        Ok(bytes)
    } else {
        Err(KeyProblem::MemberInvalid { name, problem: "it has the wrong length for its curve" })
    }
}

fn bytes(jwk: &Jwk, name: &'static str) -> Result<Vec<u8>, KeyProblem> {
    base64url::decode(string(jwk, name)?).map_err(|problem| KeyProblem::MemberInvalid { name, problem })
}

pub(super) fn string<'a>(jwk: &'a Jwk, name: &'static str) -> Result<&'a str, KeyProblem> {
    match jwk.get(name) {
        None => Err(KeyProblem::MemberMissing { name }),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(KeyProblem::MemberInvalid { name, problem: "it is not a string" }),
    }
}
