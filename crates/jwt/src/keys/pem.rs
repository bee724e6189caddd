//! One public key in PEM (RFC 7468 13).

use base64ct::{Base64, Encoding};

use super::{der, key::VerifyingKey, material::Material, set::KeySetError};
use crate::{Algorithm, KeyProblem};

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

// The DER of each AlgorithmIdentifier's content (RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 3).
const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
const P256: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22];
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];

pub(super) fn read(
    text: &str,
    kid: Option<&str>,
    algorithm: Option<Algorithm>,
) -> Result<VerifyingKey, KeySetError> {
    let der = decode(text)?;
    let material = read_info(&der)?;
    let algorithms = match algorithm.as_ref() {
        Some(algorithm) if !material.algorithms().contains(algorithm) => {
            return Err(KeySetError::KeyUnusable(KeyProblem::AlgorithmUnfit {
                found: algorithm.to_string(),
            }));
        }
        Some(algorithm) => std::slice::from_ref(algorithm),
        None => material.algorithms(),
    };
    let parsed = material.parse(algorithms).map_err(KeySetError::KeyUnusable)?;
    Ok(VerifyingKey { kid: kid.map(str::to_owned), answers_to_any_kid: kid.is_none(), parsed })
}

fn decode(text: &str) -> Result<Vec<u8>, KeySetError> {
    let invalid = |problem| KeySetError::PemInvalid { problem };
    let body = text
        .trim()
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or_else(|| invalid("it does not begin and end with its lines"))?;
    if body.contains('-') {
        return Err(invalid("it has more than one block"));
    }
    let body: String = body.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    Base64::decode_vec(&body).map_err(|_| invalid("its body is not base64"))
}

fn read_info(der: &[u8]) -> Result<Material, KeySetError> {
    let invalid = KeySetError::PemInvalid { problem: "its body is not a SubjectPublicKeyInfo" };
    let (algorithm, key) = der::public_key_info(der).ok_or(invalid.clone())?;
    match algorithm {
        RSA => {
            let (modulus, exponent) = der::rsa_public_key(key).ok_or(invalid)?;
            Ok(Material::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
        }
        // Uncompressed points only, as JWKs have them.
        P256 if key.len() == 65 => Ok(Material::P256 { point: key.to_vec() }),
        P384 if key.len() == 97 => Ok(Material::P384 { point: key.to_vec() }),
        ED25519 if key.len() == 32 => Ok(Material::Ed25519 { point: key.to_vec() }),
        P256 | P384 | ED25519 => Err(KeySetError::KeyUnusable(KeyProblem::NotOnCurve)),
        _ => Err(KeySetError::KeyUnusable(KeyProblem::TypeUnsupported {
            found: "an unknown algorithm".to_owned(),
        })),
    }
}
