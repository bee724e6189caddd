//! jwt-compact's algorithm, carried out by aws-lc. Decides nothing about keys or policies.

use std::borrow::Cow;

use aws_lc_rs::signature::ParsedPublicKey;
use jwt_compact::AlgorithmSignature;

use crate::{Algorithm, SigningKey};

/// One algorithm as jwt-compact wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AwsLc(pub(crate) Algorithm);

/// Signature bytes of any algorithm.
#[derive(Debug)]
pub(crate) struct Signature(Vec<u8>);

impl AlgorithmSignature for Signature {
    fn try_from_slice(slice: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(slice.to_vec()))
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0)
    }
}

impl jwt_compact::Algorithm for AwsLc {
    type SigningKey = SigningKey;
    type VerifyingKey = ParsedPublicKey;
    type Signature = Signature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.0.as_str())
    }

    /// Empty when the implementation fails; `SigningKey::sign` turns that into an error.
    fn sign(&self, key: &SigningKey, message: &[u8]) -> Signature {
        Signature(key.sign_bytes(message).unwrap_or_default())
    }

    fn verify_signature(&self, signature: &Signature, key: &ParsedPublicKey, message: &[u8]) -> bool {
        // aws-lc refuses every other length than the curve's or the modulus', and a non-canonical S.
        key.verify_sig(message, &signature.0).is_ok()
    }
}
