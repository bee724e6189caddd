//! Signing our own tokens. The only place with randomness.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{self as aws, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding},
};
use jwt_compact::{AlgorithmExt, Claims, Header};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{Algorithm, MAX_TOKEN_BYTES, backend::AwsLc, base64url};

/// A private key for one algorithm. `Debug` prints the algorithm only.
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a key or a token could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The bytes are not a PKCS#8 private key for the algorithm.
    #[error("the bytes are not a PKCS#8 private key for this algorithm; generate one")]
    KeyInvalid,
    /// The cryptographic library failed, for want of randomness or memory.
    #[error("the cryptographic library failed; try again")]
    LibraryFailed,
    /// The claims do not serialise to a JSON object.
    #[error("the claims must serialise to a JSON object")]
    ClaimsInvalid,
    /// The token would be longer than [`MAX_TOKEN_BYTES`], so nobody would take it.
    #[error("the token would have more than {MAX_TOKEN_BYTES} bytes; sign fewer claims")]
    TooLarge,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({}, [redacted])", self.algorithm)
    }
}

impl SigningKey {
    /// Makes a key: RSA of 2048 bits, or the curve of the algorithm.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningError> {
        let pair = match Kind::of(algorithm) {
            Kind::Rsa(_) => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Kind::Ecdsa(curve) => EcdsaKeyPair::generate(curve).map(Pair::Ecdsa),
            Kind::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Ok(Self { algorithm, pair: pair.map_err(|_| SigningError::LibraryFailed)? })
    }

    /// Reads a PKCS#8 private key (RFC 5958) in DER.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, SigningError> {
        let pair = match Kind::of(algorithm) {
            Kind::Rsa(_) => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
            Kind::Ecdsa(curve) => EcdsaKeyPair::from_pkcs8(curve, der).map(Pair::Ecdsa),
            Kind::Ed25519 => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        Ok(Self { algorithm, pair: pair.map_err(|_| SigningError::KeyInvalid)? })
    }

    /// The PKCS#8 private key in DER, wiped from memory when dropped.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningError> {
        let bytes = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8().map(|der| der.as_ref().to_vec()),
        };
        bytes.map(Zeroizing::new).map_err(|_| SigningError::LibraryFailed)
    }

    /// The algorithm that it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half as a JWK (RFC 7517) named `kid`, for publishing.
    #[must_use]
    pub fn public_jwk(&self, kid: &str) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => json!({
                "kty": "RSA",
                "n": base64url::encode(pair.public_key().modulus().big_endian_without_leading_zero()),
                "e": base64url::encode(pair.public_key().exponent().big_endian_without_leading_zero()),
            }),
            Pair::Ecdsa(pair) => {
                // An uncompressed point: 4, then x and y of the same length.
                let coordinates = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let curve = if self.algorithm == Algorithm::Es384 { "P-384" } else { "P-256" };
                json!({ "kty": "EC", "crv": curve, "x": base64url::encode(x), "y": base64url::encode(y) })
            }
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(pair.public_key().as_ref()) })
            }
        };
        jwk["kid"] = json!(kid);
        jwk["alg"] = json!(self.algorithm.as_str());
        jwk["use"] = json!("sig");
        jwk
    }

    /// Signs `claims` as a token with these `kid` and `typ`. The claims are taken as they are: `exp` and
    /// the rest are the caller's.
    pub fn sign<C: Serialize>(&self, kid: &str, typ: &str, claims: &C) -> Result<String, SigningError> {
        // Members are written as they come; what is no object cannot be, and is refused with the rest.
        let claims = Claims::new(claims);
        let header = Header::empty().with_key_id(kid).with_token_type(typ);
        let token =
            AwsLc(self.algorithm).token(&header, &claims, self).map_err(|_| SigningError::ClaimsInvalid)?;
        match token.len() {
            // An empty signature is how a failure comes back through jwt-compact.
            _ if token.ends_with('.') => Err(SigningError::LibraryFailed),
            0..=MAX_TOKEN_BYTES => Ok(token),
            _ => Err(SigningError::TooLarge),
        }
    }

    /// The bare signature over `message`, or nothing when the library fails.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Option<Vec<u8>> {
        match (&self.pair, Kind::of(self.algorithm)) {
            (Pair::Rsa(pair), Kind::Rsa(encoding)) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
            (Pair::Ecdsa(pair), _) => {
                pair.sign(&SystemRandom::new(), message).ok().map(|signature| signature.as_ref().to_vec())
            }
            (Pair::Ed25519(pair), _) => Some(pair.sign(message).as_ref().to_vec()),
            (Pair::Rsa(_), _) => None,
        }
    }
}

/// What aws-lc calls an algorithm.
enum Kind {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm),
    Ed25519,
}

impl Kind {
    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => Self::Rsa(&aws::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&aws::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&aws::RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Self::Rsa(&aws::RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&aws::RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&aws::RSA_PSS_SHA512),
            Algorithm::Es256 => Self::Ecdsa(&aws::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::Ecdsa(&aws::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDsa => Self::Ed25519,
        }
    }
}
