//! Key sets over HTTP. The client connects to no address that
//! [`check_address`] refuses, and to the very address that was checked; follows no redirect, takes no
//! proxy from the environment, sends no cookie, and reads no more than it must.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use reqwest::{
    Client, ClientBuilder, StatusCode,
    header::{ACCEPT, AGE, CACHE_CONTROL, HeaderName},
    redirect::Policy,
};
use thiserror::Error;
use url::Url;

use super::resolver::{CheckedResolver, LookUp, SystemLookUp};
use super::{AddressRefused, FetchJwks, FetchedJwks, KeySetUnavailable, check_url, freshness};

/// How long one fetch may take, from name to last byte.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of an answer, as sent and unpacked.
const MAX_BODY_BYTES: usize = byoa_jwt::MAX_KEY_SET_BYTES;

/// Where key sets may be fetched from.
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchPolicy {
    /// Also plain HTTP, and hosts that are not of the public Internet. For development.
    pub allow_private: bool,
}

/// The HTTP client could not be made.
#[derive(Debug, Error)]
#[error("the HTTP client cannot be made; are there root certificates on this machine?")]
pub struct FetcherError(#[source] reqwest::Error);

impl From<reqwest::Error> for FetcherError {
    fn from(cause: reqwest::Error) -> Self {
        Self(cause)
    }
}

/// [`FetchJwks`] over HTTP.
#[derive(Clone, Debug)]
pub struct HttpFetcher {
    client: Client,
    policy: FetchPolicy,
}

impl HttpFetcher {
    /// Makes the client.
    pub fn new(policy: FetchPolicy) -> Result<Self, FetcherError> {
        let client = builder(policy, Arc::new(SystemLookUp)).build().map_err(FetcherError)?;
        Ok(Self { client, policy })
    }

    async fn body(response: reqwest::Response) -> Result<Vec<u8>, KeySetUnavailable> {
        let too_large = KeySetUnavailable::BodyTooLarge { limit: MAX_BODY_BYTES };
        if response.content_length().is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(too_large);
        }
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| explain(&error))?;
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// A client that asks `look_up` for addresses.
fn builder(policy: FetchPolicy, look_up: Arc<dyn LookUp>) -> ClientBuilder {
    Client::builder()
        .dns_resolver(Arc::new(CheckedResolver { policy, look_up }))
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .timeout(TIMEOUT)
        .connect_timeout(TIMEOUT)
        .pool_max_idle_per_host(1)
        .user_agent(concat!("byoa-server/", env!("CARGO_PKG_VERSION")))
}

#[async_trait]
impl FetchJwks for HttpFetcher {
    async fn fetch(&self, url: &Url) -> Result<FetchedJwks, KeySetUnavailable> {
        check_url(url, self.policy.allow_private).map_err(KeySetUnavailable::HostRefused)?;
        let request =
            self.client.get(url.clone()).header(ACCEPT, "application/jwk-set+json, application/json");
        let response = request.send().await.map_err(|error| explain(&error))?;
        if response.status() != StatusCode::OK {
            return Err(KeySetUnavailable::Status(response.status().as_u16()));
        }
        let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let fresh_for = freshness::fresh_for(header(CACHE_CONTROL), header(AGE));
        Ok(FetchedJwks { fresh_for, body: Self::body(response).await? })
    }
}

/// Which rule an error of the client is about. Its own text names addresses, so it goes no further.
fn explain(error: &reqwest::Error) -> KeySetUnavailable {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<AddressRefused>() {
            return KeySetUnavailable::HostRefused(*refused);
        }
        source = cause.source();
    }
    if error.is_timeout() {
        KeySetUnavailable::Timeout { seconds: TIMEOUT.as_secs() }
    } else if error.is_decode() {
        KeySetUnavailable::NotAKeySet("it is not packed as its headers say".to_owned())
    } else {
        KeySetUnavailable::Unreachable
    }
}

#[cfg(test)]
mod rebinding;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::{AddressRefused, FetchJwks, FetchPolicy, FetchedJwks, HttpFetcher, KeySetUnavailable};

    #[tokio::test]
    async fn a_name_is_judged_by_the_address_that_it_resolves_to() {
        // `localhost` by another name: the hosts file of every machine has its own name or `ip6-localhost`.
        let client = HttpFetcher::new(FetchPolicy::default()).unwrap();
        let outcome = client.client.get("https://localhost:1/").send().await.unwrap_err();
        assert_eq!(
            super::explain(&outcome),
            KeySetUnavailable::HostRefused(AddressRefused::NotPublic("loopback"))
        );
        let refused = client.fetch(&"https://127.0.0.1:1/".parse().unwrap()).await;
        assert_eq!(refused, Err(KeySetUnavailable::HostRefused(AddressRefused::NotPublic("loopback"))));
    }

    /// A server of one raw answer per connection; its URL.
    async fn answering(answer: Vec<u8>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).await;
                let _written = stream.write_all(&answer).await;
            }
        });
        url
    }

    async fn outcome(head: &str, body: &[u8]) -> Result<FetchedJwks, KeySetUnavailable> {
        let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
        let url = answering([head.as_bytes(), body].concat()).await;
        let fetcher = HttpFetcher::new(FetchPolicy { allow_private: true }).unwrap();
        fetcher.fetch(&url.parse().unwrap()).await
    }

    /// `length` zero bytes, as gzip packs them.
    fn packed(length: usize) -> Vec<u8> {
        // One stored block per 65,535 bytes would be no bomb: fixed Huffman, matches of 258 at distance 1.
        let mut bits = String::from("110");
        bits.push_str("00110000");
        for _ in 0..length.div_ceil(258) {
            bits.push_str("1100010100000");
        }
        bits.push_str("0000000");
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        for chunk in bits.as_bytes().chunks(8) {
            bytes.push(chunk.iter().rev().fold(0, |byte, bit| byte << 1 | (bit - b'0')));
        }
        bytes
    }

    #[tokio::test]
    async fn reads_an_answer_and_how_long_it_holds() {
        let fetched = outcome("200 OK\r\ncache-control: max-age=90\r\nage: 30", b"{}").await.unwrap();
        assert_eq!(fetched, FetchedJwks { body: b"{}".to_vec(), fresh_for: Some(Duration::from_mins(1)) });
    }

    #[tokio::test]
    async fn follows_no_redirect() {
        let target = answering(b"HTTP/1.1 200 OK\r\n\r\n{}".to_vec()).await;
        for status in [301, 302, 303, 307, 308] {
            let head = format!("{status} Elsewhere\r\nlocation: {target}");
            assert_eq!(outcome(&head, b"").await, Err(KeySetUnavailable::Status(status)));
        }
        for status in [204, 404, 500] {
            assert_eq!(outcome(&format!("{status} X"), b"").await, Err(KeySetUnavailable::Status(status)));
        }
    }

    #[tokio::test]
    async fn reads_no_more_than_the_limit_as_sent_or_unpacked() {
        let too_large = Err(KeySetUnavailable::BodyTooLarge { limit: 512 * 1024 });
        assert_eq!(outcome("200 OK\r\ncontent-length: 104857600", b"{}").await, too_large);
        let long = vec![b' '; 512 * 1024 + 1];
        assert_eq!(outcome("200 OK", &long).await, too_large);
        assert_eq!(outcome("200 OK", &long[1..]).await.map(|fetched| fetched.body.len()), Ok(512 * 1024));
        let bomb = packed(64 * 1024 * 1024);
        assert!(bomb.len() < 512 * 1024);
        assert_eq!(outcome("200 OK\r\ncontent-encoding: gzip", &bomb).await, too_large);
    }

    #[tokio::test]
    async fn nothing_there_and_broken_packing_are_told_apart() {
        let fetcher = HttpFetcher::new(FetchPolicy { allow_private: true }).unwrap();
        let closed = fetcher.fetch(&"http://127.0.0.1:1/".parse().unwrap()).await;
        assert_eq!(closed, Err(KeySetUnavailable::Unreachable));
        let broken = outcome("200 OK\r\ncontent-encoding: gzip", b"not gzip at all").await;
        assert!(matches!(broken, Err(KeySetUnavailable::NotAKeySet(_))), "{broken:?}");
    }
}
