//! What can go wrong in a use case, free of status codes.

use byoa_protocol::Reason;
use thiserror::Error;

use crate::{
    keys::{KeySetUnavailable, OwnKeysError},
    seal::SealError,
    store::StoreError,
};

/// Why a use case was not carried out. Messages hold no token, subject or e-mail address.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The external JWT broke a rule.
    #[error("{message}")]
    Rejected {
        /// The rule.
        reason: Reason,
        /// What was expected and found, and the mend.
        message: String,
    },
    /// The issuer's keys cannot be had now.
    #[error("the issuer's key set cannot be read: {0}")]
    KeysUnavailable(KeySetUnavailable),
    /// The session token is absent, not ours, over, or its session is.
    #[error("{0}")]
    Unauthorized(Unauthorized),
    /// The proof of possession is missing or broke a rule.
    #[error("{message}")]
    ProofRefused {
        /// The rule, as the API names it.
        reason: &'static str,
        /// What was expected and found, and the mend.
        message: String,
    },
    /// The proof of possession does not repeat a nonce of ours.
    #[error("{message}")]
    ProofNonce {
        /// The rule, as the API names it.
        reason: &'static str,
        /// The mend.
        message: &'static str,
    },
    /// The operation needs an elevated token, and the one that came, if any, does not do.
    #[error("{0}")]
    StepUpRequired(&'static str),
    /// A step-up for no scope, or one that does not exist.
    #[error("a step-up asks for scopes that exist, as words with spaces between; correct `scope`")]
    InvalidScopes,
    /// There is no such environment.
    #[error("no such environment; create it with `byoa-server env create`")]
    EnvironmentNotFound,
    /// A profile field is out of its bounds.
    #[error("{0}")]
    InvalidUpdate(String),
    /// The username is none.
    #[error("username {0}; choose another")]
    InvalidUsername(&'static str),
    /// The username belongs to somebody else.
    #[error("another user has this username; choose another")]
    UsernameTaken,
    /// The metadata is too large.
    #[error("metadata may have {} bytes of JSON; store less", super::MAX_METADATA_BYTES)]
    MetadataTooLarge,
    /// The session key is not one.
    #[error("the session public key must be a compressed P-256 point in 66 lower-case hex digits")]
    InvalidSessionPublicKey,
    /// The device's proof does not hold.
    #[error("{0}")]
    InvalidDeviceNonce(&'static str),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// The environment's own keys are sealed, and do not open.
    #[error("a secret of the environment cannot be used: {0}")]
    Sealed(SealError),
    /// Something failed that no caller can mend.
    #[error("{0}")]
    Internal(&'static str),
}

/// Why a bearer token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unauthorized {
    /// None came.
    #[error("no session token came with the request; send `Authorization: Bearer …`")]
    Missing,
    /// It is not a token of this environment, or not a session token.
    #[error("the session token is not one of this environment; sign in")]
    NotOurs,
    /// It is over.
    #[error("the session token has expired; sign in again")]
    Expired,
    /// Its session was ended, or its user is gone.
    #[error("the session has ended; sign in again")]
    Ended,
    /// A newer token of its session replaced it.
    #[error("a newer token replaced this session token; use that one, or refresh")]
    Superseded,
    /// It came back long after it was replaced, so its session was ended.
    #[error(
        "the session token was used again after it had been replaced, so the session was ended; sign in again"
    )]
    Reused,
    /// It ended so long ago that its session is not gone on with.
    #[error("the session was left alone for too long; sign in again")]
    Idle,
    /// Its session may not be refreshed any longer.
    #[error("the session is past its refresh deadline; sign in again")]
    RefreshDeadline,
}

impl From<Unauthorized> for ExchangeError {
    fn from(why: Unauthorized) -> Self {
        Self::Unauthorized(why)
    }
}

impl From<SealError> for ExchangeError {
    fn from(error: SealError) -> Self {
        Self::Sealed(error)
    }
}

impl From<OwnKeysError> for ExchangeError {
    fn from(error: OwnKeysError) -> Self {
        match error {
            OwnKeysError::Store(error) => Self::Store(error),
            OwnKeysError::Sealed(error) => Self::Sealed(error),
        }
    }
}

impl From<StoreError> for ExchangeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
