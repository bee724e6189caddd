//! Why an issuer's keys cannot be had.

use thiserror::Error;

use super::AddressRefused;

/// Why an issuer's key set cannot be had: which rule stopped it. Holds no address that a resolver gave
/// and nothing of the body, so that a caller learns nothing about the inside of the network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeySetUnavailable {
    /// The URL leads to where this server may not go.
    #[error("the JWKS URL's host is refused: {0}")]
    HostRefused(AddressRefused),
    /// No answer in time.
    #[error("the JWKS URL did not answer within {seconds} s")]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// No connection: name, network or TLS.
    #[error("the JWKS URL cannot be reached; check its name, its port and its certificate")]
    Unreachable,
    /// Another status than 200. Redirects are not followed.
    #[error("the JWKS URL answered with status {0}; it must answer 200, without a redirect")]
    Status(u16),
    /// Too long, as sent or unpacked.
    #[error("the JWKS URL's answer is over {limit} bytes")]
    BodyTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The issuer's discovery document does not lead to its keys.
    #[error("the issuer's discovery document cannot be used: {0}")]
    Discovery(String),
    /// The answer is something else.
    #[error("the JWKS URL's answer is not a JWK set: {0}")]
    NotAKeySet(String),
}
