//! Why a proof is refused: one variant for each rule, and one code for each variant. Holds no proof, no
//! token and no query of a URL.

use thiserror::Error;

use crate::{KeyProblem, MAX_PROOF_BYTES, MAX_PROOF_ID_BYTES, MAX_PROOF_NONCE_BYTES, Part};

/// Why a `DPoP` proof is refused. Every message names the rule, what was expected, what was found and the
/// mend.
///
/// Exhaustive on purpose: whoever maps it to words of an API has to find one for a new variant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DpopRejection {
    /// Longer than [`MAX_PROOF_BYTES`].
    #[error("a DPoP proof may have {MAX_PROOF_BYTES} bytes, but this has {found}; use a smaller key")]
    TooLarge {
        /// Its length in bytes.
        found: usize,
    },
    /// Not one JWT of two JSON objects with members of the right types (RFC 9449 4.3, rule 2).
    #[error("a DPoP proof must be one well-formed JWT, but {problem}; build it anew")]
    Malformed {
        /// What is wrong, as a clause.
        problem: String,
    },
    /// A member name is given twice in one object.
    #[error("every member of a DPoP proof must have its own name, but its {part} has {name} twice")]
    DuplicateMember {
        /// Where.
        part: Part,
        /// The name, shortened.
        name: String,
    },
    /// `crit`, or `b64: false`: no extension is implemented.
    #[error("a DPoP proof may not need extensions, but has crit or b64; leave them out")]
    CritUnsupported,
    /// `typ` is not `dpop+jwt` (rule 4).
    #[error("a DPoP proof's typ must be exactly dpop+jwt, but is {found}; set it")]
    TypeInvalid {
        /// The `typ`.
        found: String,
    },
    /// `alg` is not among the policy's (rule 5), which are all asymmetric.
    #[error("a DPoP proof's alg must be one of {expected}, but is {found}; sign with one of those")]
    AlgorithmNotAllowed {
        /// The policy's algorithms.
        expected: String,
        /// The `alg`.
        found: String,
    },
    /// The key cannot do that `alg`.
    #[error("a DPoP proof's alg must fit its jwk ({expected}), but is {found}; correct one of them")]
    AlgorithmMismatch {
        /// What the key can do.
        expected: String,
        /// The `alg`.
        found: String,
    },
    /// No `jwk` in the header.
    #[error("a DPoP proof must bring its public key as jwk in the header, but has none; add it")]
    KeyMissing,
    /// The `jwk` is no public key that can be used; above all, a private one (rule 7).
    #[error("a DPoP proof must bring its public key as jwk, but that cannot be used: {why}")]
    KeyInvalid {
        /// Why not.
        why: KeyProblem,
    },
    /// The access token is bound to another key (rule 12).
    #[error(
        "the DPoP proof must be signed by the key {expected} that the token is bound to, but is by {found}; use that key or sign in again"
    )]
    KeyMismatch {
        /// The bound key's thumbprint.
        expected: String,
        /// The proof's.
        found: String,
    },
    /// The signature is not this key's over these bytes (rule 6).
    #[error("the DPoP proof must be signed by the key that it brings, but the signature does not verify")]
    SignatureInvalid,
    /// `htm` is another method, missing or not a string (rule 8).
    #[error("the DPoP proof's htm must be {expected}, but is {found}; make one proof for each request")]
    MethodMismatch {
        /// The request's method.
        expected: String,
        /// The `htm`.
        found: String,
    },
    /// `htu` is another URL, missing or not a string (rule 9).
    #[error("the DPoP proof's htu must be {expected}, but is {found}; make one proof for each request")]
    UrlMismatch {
        /// The request's URL without its query.
        expected: String,
        /// The `htu` without its query.
        found: String,
    },
    /// `ath` is not the access token's hash (rule 12).
    #[error("the DPoP proof's ath must be the SHA-256 of the access token in base64url, but it {problem}")]
    AccessTokenMismatch {
        /// What is wrong, as the rest of a clause.
        problem: &'static str,
    },
    /// `iat` is missing, no time, or too far from now (rule 11).
    #[error(
        "the DPoP proof's iat must be within {max_age_seconds} s of now, which is {now}, but is {found}: {problem}; make a new proof and check the clock"
    )]
    IssuedAtInvalid {
        /// The policy's window on either side.
        max_age_seconds: u64,
        /// Our clock.
        now: i64,
        /// The `iat`.
        found: String,
        /// What is wrong, as a clause.
        problem: String,
    },
    /// `jti` is not usable as the proof's name. What it was is not repeated.
    #[error(
        "the DPoP proof's jti must be a string of 1 to {MAX_PROOF_ID_BYTES} bytes without control characters, but it {problem}; use a fresh random one"
    )]
    IdInvalid {
        /// What is wrong, as the rest of a clause.
        problem: &'static str,
    },
    /// `nonce` cannot be one that a server gave out. What it was is not repeated.
    #[error(
        "the DPoP proof's nonce must be a string of 1 to {MAX_PROOF_NONCE_BYTES} characters of RFC 9449 8.1, but it {problem}; repeat the server's DPoP-Nonce"
    )]
    NonceInvalid {
        /// What is wrong, as the rest of a clause.
        problem: &'static str,
    },
}

impl DpopRejection {
    /// Every answer of [`Self::code`], in the order of the variants.
    pub const CODES: [&str; 17] = [
        "dpop_too_large",
        "dpop_malformed",
        "dpop_duplicate_member",
        "dpop_crit_unsupported",
        "dpop_typ_invalid",
        "dpop_alg_not_allowed",
        "dpop_alg_mismatch",
        "dpop_key_missing",
        "dpop_key_invalid",
        "dpop_key_mismatch",
        "dpop_signature_invalid",
        "dpop_htm_mismatch",
        "dpop_htu_mismatch",
        "dpop_ath_mismatch",
        "dpop_iat_invalid",
        "dpop_jti_invalid",
        "dpop_nonce_invalid",
    ];

    /// The variant's stable name in `snake_case`. Messages are for people; this is for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "dpop_too_large",
            Self::Malformed { .. } => "dpop_malformed",
            Self::DuplicateMember { .. } => "dpop_duplicate_member",
            Self::CritUnsupported => "dpop_crit_unsupported",
            Self::TypeInvalid { .. } => "dpop_typ_invalid",
            Self::AlgorithmNotAllowed { .. } => "dpop_alg_not_allowed",
            Self::AlgorithmMismatch { .. } => "dpop_alg_mismatch",
            Self::KeyMissing => "dpop_key_missing",
            Self::KeyInvalid { .. } => "dpop_key_invalid",
            Self::KeyMismatch { .. } => "dpop_key_mismatch",
            Self::SignatureInvalid => "dpop_signature_invalid",
            Self::MethodMismatch { .. } => "dpop_htm_mismatch",
            Self::UrlMismatch { .. } => "dpop_htu_mismatch",
            Self::AccessTokenMismatch { .. } => "dpop_ath_mismatch",
            Self::IssuedAtInvalid { .. } => "dpop_iat_invalid",
            Self::IdInvalid { .. } => "dpop_jti_invalid",
            Self::NonceInvalid { .. } => "dpop_nonce_invalid",
        }
    }
}
