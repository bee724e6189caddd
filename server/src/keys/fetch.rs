//! The port through which key sets come in.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use url::Url;

use super::KeySetUnavailable;

/// What a JWKS URL answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedJwks {
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// How long the answer says that it holds.
    pub fresh_for: Option<Duration>,
}

/// Gets a JWK set from a URL.
#[async_trait]
pub trait FetchJwks: Send + Sync + Debug {
    /// One attempt, without retries.
    async fn fetch(&self, url: &Url) -> Result<FetchedJwks, KeySetUnavailable>;
}
