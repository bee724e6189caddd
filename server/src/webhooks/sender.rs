//! Messages over HTTP. An endpoint's URL is a tenant's word, so this has the guard of the key fetcher: it
//! connects to no address that is not public, and to the very address that was checked; follows no
//! redirect, takes no proxy from the environment, and reads next to nothing of the answer.

use std::{error::Error, fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use byoa_protocol::webhook::{MESSAGE_ID, SIGNATURE};
use futures_util::StreamExt;
use reqwest::{Client, header::CONTENT_TYPE, redirect::Policy};
use thiserror::Error as ThisError;
use url::Url;
use uuid::Uuid;

use crate::keys::{AddressRefused, CheckedResolver, FetchPolicy, FetcherError, check_url};

/// How long one delivery may take, from name to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer that are read, so that the connection can be used again.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// One delivery. `Debug` does not tell the body.
#[derive(Clone)]
pub struct Outgoing {
    /// Where it goes.
    pub url: String,
    /// The message's id.
    pub message_id: Uuid,
    /// The value of the signature's header.
    pub signature: String,
    /// The body, as it was signed.
    pub body: Vec<u8>,
}

impl Debug for Outgoing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Outgoing").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum SendProblem {
    /// The URL or the address that it leads to may not be called.
    #[error("the address is refused: {0}")]
    AddressRefused(AddressRefused),
    /// No answer in time.
    #[error("no answer in {} s", TIMEOUT.as_secs())]
    Timeout,
    /// What the message is about cannot be read: nothing was sent.
    #[error("the message cannot be read")]
    Unreadable,
    /// No connection, no TLS, or no HTTP.
    #[error("the endpoint cannot be reached")]
    Unreachable,
}

impl SendProblem {
    /// The word that is kept with the message.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AddressRefused(_) => "address_refused",
            Self::Timeout => "timeout",
            Self::Unreadable => "unreadable",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Delivers messages.
#[async_trait]
pub trait SendWebhook: Send + Sync + Debug {
    /// One attempt; the status of the answer.
    async fn send(&self, outgoing: &Outgoing) -> Result<u16, SendProblem>;
}

/// [`SendWebhook`] over HTTP.
#[derive(Clone, Debug)]
pub struct HttpSender {
    client: Client,
    policy: FetchPolicy,
}

impl HttpSender {
    /// Makes the client.
    pub fn new(policy: FetchPolicy) -> Result<Self, FetcherError> {
        let client = Client::builder()
            .dns_resolver(Arc::new(CheckedResolver::new(policy)))
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .no_gzip()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .pool_max_idle_per_host(2)
            .user_agent(concat!("byoa-server/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(FetcherError::from)?;
        Ok(Self { client, policy })
    }
}

#[async_trait]
impl SendWebhook for HttpSender {
    async fn send(&self, outgoing: &Outgoing) -> Result<u16, SendProblem> {
        let url: Url = outgoing.url.parse().map_err(|_| SendProblem::AddressRefused(AddressRefused::Form))?;
        check_url(&url, self.policy.allow_private).map_err(SendProblem::AddressRefused)?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, &outgoing.signature)
            .header(MESSAGE_ID, outgoing.message_id.to_string())
            .body(outgoing.body.clone());
        let response = request.send().await.map_err(|error| explain(&error))?;
        let status = response.status().as_u16();
        drain(response).await;
        Ok(status)
    }
}

/// Reads a short answer to its end, so that the connection can be used again; a long one is hung up on.
/// The status has been said: what goes wrong from here on changes nothing.
async fn drain(response: reqwest::Response) {
    let mut chunks = response.bytes_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > MAX_ANSWER_BYTES {
            return;
        }
    }
}

/// Which kind of problem an error of the client is. Its own text names addresses, so it goes no further.
fn explain(error: &reqwest::Error) -> SendProblem {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<AddressRefused>() {
            return SendProblem::AddressRefused(*refused);
        }
        source = cause.source();
    }
    if error.is_timeout() { SendProblem::Timeout } else { SendProblem::Unreachable }
}

#[cfg(test)]
mod tests;
