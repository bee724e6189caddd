//! One usable key, with what aws-lc needs of it already parsed.

use aws_lc_rs::signature::ParsedPublicKey;
use jwt_compact::{Algorithm as _, AlgorithmSignature};

use crate::{
    Algorithm, Rejection,
    backend::{AwsLc, Signature},
};

/// A public key that may verify tokens, parsed once for each algorithm it is good for.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    pub(super) kid: Option<String>,
    /// A key pinned in the configuration has no name of its own; whatever the token calls it, it is meant.
    pub(super) answers_to_any_kid: bool,
    pub(super) parsed: Vec<(Algorithm, ParsedPublicKey)>,
}

impl VerifyingKey {
    /// Its name in the set.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithms that it is good for: its own `alg`, or else whatever its type can do.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.parsed.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Verifies `signature` over `message`: [`Rejection::AlgorithmMismatch`] when the key is not for
    /// `algorithm`, [`Rejection::SignatureInvalid`] when it does not verify.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        let parsed = self.parsed_for(algorithm).ok_or_else(|| self.mismatch(algorithm))?;
        let signature = Signature::try_from_slice(signature).map_err(|_| Rejection::SignatureInvalid)?;
        if AwsLc(algorithm).verify_signature(&signature, parsed, message) {
            Ok(())
        } else {
            Err(Rejection::SignatureInvalid)
        }
    }

    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.parsed_for(algorithm).is_some()
    }

    pub(super) fn mismatch(&self, algorithm: Algorithm) -> Rejection {
        Rejection::AlgorithmMismatch {
            expected: self.algorithms().map(Algorithm::as_str).collect::<Vec<_>>().join(", "),
            found: algorithm.to_string(),
        }
    }

    fn parsed_for(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.parsed.iter().find(|(own, _)| *own == algorithm).map(|(_, parsed)| parsed)
    }
}
