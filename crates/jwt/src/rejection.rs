//! Why a token is refused: one variant for each rule, and one code for each variant.
//!
//! No variant holds a token, a signature, a subject or a whole set of claims; what it repeats of a
//! stranger's words is shortened and escaped, so that it may be logged.

use std::fmt;

use thiserror::Error;

#[cfg(feature = "crypto")]
use crate::KeyProblem;
use crate::{MAX_SUBJECT_BYTES, MAX_TOKEN_BYTES};

/// Which JSON object of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first part.
    Header,
    /// The second part.
    Payload,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
        })
    }
}

/// Why a token is refused. Every message names the rule, what was expected, what was found and the mend.
///
/// Exhaustive on purpose, where there is a server: whoever maps it to words of an API has to find one for a
/// new variant. Without `crypto`, only what parsing can say is there, and the browser's build has no
/// sentences of the rest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[cfg_attr(not(feature = "crypto"), non_exhaustive)]
pub enum Rejection {
    /// Not three parts of canonical base64url (RFC 7515 7.1).
    #[error("a token must be three base64url parts joined by dots, but {problem}; send it exactly as issued")]
    Malformed {
        /// What is wrong, as a clause.
        problem: String,
    },
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("a token may have {MAX_TOKEN_BYTES} bytes, but this has {found}; issue it with fewer claims")]
    TooLarge {
        /// Its length in bytes.
        found: usize,
    },
    /// The header is not a JSON object, or a member has the wrong type (RFC 7515 4).
    #[error(
        "the token's header must be a JSON object with members of the right types, but {problem}; correct it at the issuer"
    )]
    HeaderInvalid {
        /// What is wrong, as a clause.
        problem: String,
    },
    /// The payload is not a JSON object (RFC 7519 7.2), or `jti` is not a string.
    #[error("the token's payload must be a JSON object of claims, but {problem}; correct it at the issuer")]
    PayloadInvalid {
        /// What is wrong, as a clause.
        problem: String,
    },
    /// A member name is given twice, at any depth (RFC 7515 4, RFC 7519 4).
    #[error(
        "every member of the token's {part} must have its own name, but {name} is there twice; correct it at the issuer"
    )]
    DuplicateMember {
        /// Where.
        part: Part,
        /// The name.
        name: String,
    },
    /// The header has no `alg` (RFC 7515 4.1.1).
    #[error("the token's header must name its algorithm in alg, but has none; correct it at the issuer")]
    AlgorithmMissing,
    #[cfg(feature = "crypto")]
    /// `alg` is `none`, symmetric, unknown, or not in the policy (RFC 8725 3.1, 3.2).
    #[error(
        "the token's algorithm must be one of {expected}, but is {found}; sign with an allowed algorithm"
    )]
    AlgorithmNotAllowed {
        /// The policy's algorithms.
        expected: String,
        /// The `alg`.
        found: String,
    },
    #[cfg(feature = "crypto")]
    /// The key is for another algorithm; the key decides (RFC 8725 3.1).
    #[error("the token's key is for {expected}, but its alg is {found}; sign with the key's own algorithm")]
    AlgorithmMismatch {
        /// What the key can do.
        expected: String,
        /// The `alg`.
        found: String,
    },
    #[cfg(feature = "crypto")]
    /// `crit`, or `b64: false`: an extension that is not understood here (RFC 7515 4.1.11, RFC 7797).
    #[error("no critical header extension is supported, but the token has {found}; issue it without")]
    CritUnsupported {
        /// The extension.
        found: String,
    },
    /// `typ` is not acceptable, or `cty` says that the payload is not plain claims.
    #[error("the token's {member} must be {expected}, but is {found}; send a token made for this purpose")]
    TypeNotAllowed {
        /// `typ` or `cty`.
        member: &'static str,
        /// What the policy accepts.
        expected: String,
        /// What the header has.
        found: String,
    },
    /// `kid` is not a string, too long, or has control characters (RFC 7515 4.1.4).
    #[error("the token's kid must be the published key's name, but {problem}; correct it at the issuer")]
    KidInvalid {
        /// What is wrong, as a clause.
        problem: String,
    },
    #[cfg(feature = "crypto")]
    /// No key has that `kid`.
    #[error("the token's kid must name a published key ({known}), but is {found}; publish that key")]
    KidUnknown {
        /// The set's kids, shortened.
        known: String,
        /// The `kid`.
        found: String,
    },
    #[cfg(feature = "crypto")]
    /// The header fits no key or several; there is no trying (RFC 7515 D).
    #[error(
        "exactly one published key must fit the token, but {fitting} do; give each key a kid of its own and the token that kid"
    )]
    KidAmbiguous {
        /// How many fit.
        fitting: usize,
    },
    #[cfg(feature = "crypto")]
    /// The named key is published but unfit.
    #[error("the token's key {kid} cannot be used: {why}")]
    KeyUnusable {
        /// Its `kid`, or that it has none.
        kid: String,
        /// Why not.
        why: KeyProblem,
    },
    #[cfg(feature = "crypto")]
    /// The signature is not this key's over these bytes.
    #[error(
        "the signature must be by the published key over this very token, but does not verify; check that the issuer signs with the key it publishes"
    )]
    SignatureInvalid,
    #[cfg(feature = "crypto")]
    /// No `iss`.
    #[error("the token's iss must be {expected}, but is missing; issue it with that claim")]
    IssuerMissing {
        /// The policy's issuer.
        expected: String,
    },
    #[cfg(feature = "crypto")]
    /// Another `iss`, or one that is not a string.
    #[error(
        "the token's iss must be exactly {expected}, but is {found}; configure the issuer as it writes itself"
    )]
    IssuerMismatch {
        /// The policy's issuer.
        expected: String,
        /// The `iss`.
        found: String,
    },
    /// No `sub`.
    #[error("the token must name its user in sub, but has none; issue it with that claim")]
    SubjectMissing,
    /// `sub` is not usable as a user's name. What it was is not repeated.
    #[error(
        "the token's sub must be a string of 1 to {MAX_SUBJECT_BYTES} bytes without control characters, but {problem}; correct it at the issuer"
    )]
    SubjectInvalid {
        /// What is wrong, as a clause.
        problem: &'static str,
    },
    /// No `exp`.
    #[error("the token must expire, but has no exp; issue it with that claim, in seconds since 1970")]
    ExpiryMissing,
    /// `exp` is not a sensible time.
    #[error(
        "the token's exp must be a time in seconds since 1970, but is {found}: {problem}; correct it at the issuer"
    )]
    ExpiryInvalid {
        /// The `exp`.
        found: String,
        /// What is wrong, as a clause.
        problem: &'static str,
    },
    #[cfg(feature = "crypto")]
    /// `exp` is past (RFC 7519 4.1.4).
    #[error(
        "the token must be used before its exp {expires_at} (leeway {leeway_seconds} s), but now is {now}; get a fresh one"
    )]
    Expired {
        /// The `exp`, in seconds since 1970.
        expires_at: i64,
        /// Our clock.
        now: i64,
        /// The policy's leeway.
        leeway_seconds: u64,
    },
    #[cfg(feature = "crypto")]
    /// `nbf` is to come (RFC 7519 4.1.5).
    #[error(
        "the token may not be used before its nbf {not_before} (leeway {leeway_seconds} s), but now is {now}; check the issuer's clock"
    )]
    NotYetValid {
        /// The `nbf`, in seconds since 1970.
        not_before: i64,
        /// Our clock.
        now: i64,
        /// The policy's leeway.
        leeway_seconds: u64,
    },
    #[cfg(feature = "crypto")]
    /// `iat` is to come.
    #[error(
        "the token cannot have been issued after now, but its iat is {issued_at} (leeway {leeway_seconds} s) and now is {now}; check the issuer's clock"
    )]
    IssuedInFuture {
        /// The `iat`, in seconds since 1970.
        issued_at: i64,
        /// Our clock.
        now: i64,
        /// The policy's leeway.
        leeway_seconds: u64,
    },
    #[cfg(feature = "crypto")]
    /// `nbf` or `iat` is not a sensible time.
    #[error(
        "the token's {claim} must be a time in seconds since 1970, but is {found}: {problem}; correct it at the issuer"
    )]
    TimeInvalid {
        /// `nbf` or `iat`.
        claim: &'static str,
        /// Its value.
        found: String,
        /// What is wrong, as a clause.
        problem: &'static str,
    },
    #[cfg(feature = "crypto")]
    /// Valid for longer than the policy allows.
    #[error(
        "the token may be valid for {max_seconds} s, but is for {found_seconds} s; issue it with an earlier exp"
    )]
    LifetimeTooLong {
        /// The policy's limit.
        max_seconds: u64,
        /// The token's lifetime.
        found_seconds: u64,
    },
    #[cfg(feature = "crypto")]
    /// An audience is configured and there is no `aud`.
    #[error("the token's aud must be {expected}, but is missing; issue it with that claim")]
    AudienceMissing {
        /// The policy's audiences.
        expected: String,
    },
    #[cfg(feature = "crypto")]
    /// `aud` is neither a string nor an array of strings.
    #[error(
        "the token's aud must be a string or an array of strings ({expected}), but is {found}; correct it at the issuer"
    )]
    AudienceInvalid {
        /// The policy's audiences.
        expected: String,
        /// The `aud`.
        found: String,
    },
    #[cfg(feature = "crypto")]
    /// `aud` holds none of the configured audiences.
    #[error("the token's aud must be {expected}, but is {found}; issue the token for this audience")]
    AudienceMismatch {
        /// The policy's audiences.
        expected: String,
        /// The `aud`.
        found: String,
    },
}

impl Rejection {
    /// Every answer of [`Self::code`], in the order of the variants.
    #[cfg(feature = "crypto")]
    pub const CODES: [&str; 29] = [
        "malformed",
        "too_large",
        "header_invalid",
        "payload_invalid",
        "duplicate_member",
        "algorithm_missing",
        "algorithm_not_allowed",
        "algorithm_mismatch",
        "crit_unsupported",
        "type_not_allowed",
        "kid_invalid",
        "kid_unknown",
        "kid_ambiguous",
        "key_unusable",
        "signature_invalid",
        "issuer_missing",
        "issuer_mismatch",
        "subject_missing",
        "subject_invalid",
        "expiry_missing",
        "expiry_invalid",
        "expired",
        "not_yet_valid",
        "issued_in_future",
        "time_invalid",
        "lifetime_too_long",
        "audience_missing",
        "audience_invalid",
        "audience_mismatch",
    ];

    /// The variant's stable name in `snake_case`. Messages are for people; this is for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::HeaderInvalid { .. } => "header_invalid",
            Self::PayloadInvalid { .. } => "payload_invalid",
            Self::DuplicateMember { .. } => "duplicate_member",
            Self::AlgorithmMissing => "algorithm_missing",
            #[cfg(feature = "crypto")]
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            #[cfg(feature = "crypto")]
            Self::AlgorithmMismatch { .. } => "algorithm_mismatch",
            #[cfg(feature = "crypto")]
            Self::CritUnsupported { .. } => "crit_unsupported",
            Self::TypeNotAllowed { .. } => "type_not_allowed",
            Self::KidInvalid { .. } => "kid_invalid",
            #[cfg(feature = "crypto")]
            Self::KidUnknown { .. } => "kid_unknown",
            #[cfg(feature = "crypto")]
            Self::KidAmbiguous { .. } => "kid_ambiguous",
            #[cfg(feature = "crypto")]
            Self::KeyUnusable { .. } => "key_unusable",
            #[cfg(feature = "crypto")]
            Self::SignatureInvalid => "signature_invalid",
            #[cfg(feature = "crypto")]
            Self::IssuerMissing { .. } => "issuer_missing",
            #[cfg(feature = "crypto")]
            Self::IssuerMismatch { .. } => "issuer_mismatch",
            Self::SubjectMissing => "subject_missing",
            Self::SubjectInvalid { .. } => "subject_invalid",
            Self::ExpiryMissing => "expiry_missing",
            Self::ExpiryInvalid { .. } => "expiry_invalid",
            #[cfg(feature = "crypto")]
            Self::Expired { .. } => "expired",
            #[cfg(feature = "crypto")]
            Self::NotYetValid { .. } => "not_yet_valid",
            #[cfg(feature = "crypto")]
            Self::IssuedInFuture { .. } => "issued_in_future",
            #[cfg(feature = "crypto")]
            Self::TimeInvalid { .. } => "time_invalid",
            #[cfg(feature = "crypto")]
            Self::LifetimeTooLong { .. } => "lifetime_too_long",
            #[cfg(feature = "crypto")]
            Self::AudienceMissing { .. } => "audience_missing",
            #[cfg(feature = "crypto")]
            Self::AudienceInvalid { .. } => "audience_invalid",
            #[cfg(feature = "crypto")]
            Self::AudienceMismatch { .. } => "audience_mismatch",
        }
    }
}
