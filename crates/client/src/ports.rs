//! What the client needs from the world, as traits. No implementation may be in this file.

use crate::Secret;
use async_trait::async_trait;
use byoa_protocol::client::StorageKind;
use std::{fmt, future::Future, pin::Pin, rc::Rc};

/// One request, complete: an implementation adds nothing to it, and cookies where it says so only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Absolute; holds no token.
    pub url: String,
    /// Lower-case names. A value may be a token.
    pub headers: Vec<(&'static str, Secret)>,
    /// JSON, or nothing. May hold a token.
    pub body: Option<Secret>,
    /// Whether the host's cookies go with it, and are set by its answer.
    pub cookies: bool,
}

/// The methods that this API has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

/// An answer of any status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Lower-case names; those of [`READ_HEADERS`] that came.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body, at most [`MAX_BODY_BYTES`] of it. May hold tokens.
    pub body: String,
}

/// The answer's headers that an implementation hands on.
pub const READ_HEADERS: &[&str] = &["content-type", "date", "dpop-nonce", "retry-after"];

/// The longest body that is looked at. Real answers have a few kilobytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

impl Response {
    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &format_args!("[{} bytes]", self.body.len()))
            .finish()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing answered, or the browser did not let the answer through (CORS).
    #[error("{0}")]
    Unreachable(String),
    /// The body is over [`MAX_BODY_BYTES`].
    #[error("the answer's body is over {MAX_BODY_BYTES} bytes")]
    TooLarge {
        /// Status of the answer.
        status: u16,
    },
}

/// HTTP.
#[async_trait(?Send)]
pub trait Transport {
    /// Sends one request and reads the whole answer.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// The store refused: blocked by the browser's settings, or full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("storage is blocked or full")]
pub struct StoreError;

/// A small key-value store that survives a reload.
pub trait Store {
    /// The value of a key; `None` where there is none.
    fn get(&self, key: &str) -> Result<Option<String>, StoreError>;
    /// Sets the value of a key.
    fn set(&self, key: &str, value: &str) -> Result<(), StoreError>;
    /// Removes a key; one that is not there counts as removed.
    fn remove(&self, key: &str) -> Result<(), StoreError>;
    /// What it is.
    fn kind(&self) -> StorageKind;
}

/// The time.
pub trait Clock {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// Milliseconds of a clock that nobody can set. It may stand still while the machine sleeps.
    fn monotonic_ms(&self) -> i64;
}

/// Keeps something going: a wake-up, a listener, a lock. Dropping it ends that.
pub trait Alarm {}

/// Wake-ups.
pub trait Timer {
    /// Calls `wake` once after that many milliseconds, or earlier where that is too long for the host;
    /// never from within this call.
    fn wake_after(&self, delay_ms: i64, wake: Box<dyn FnOnce()>) -> Box<dyn Alarm>;
}

/// What a page hears from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The store was changed by another tab.
    Changed,
    /// The page was shown, thawed or hidden.
    Page,
    /// The network is back.
    Online,
}

/// The page and the tabs beside it.
#[async_trait(?Send)]
pub trait Page {
    /// Whether somebody can see it; `true` where there is no telling.
    fn is_visible(&self) -> bool;
    /// Calls `wake` from now on, until what is returned is dropped.
    fn watch(&self, wake: Box<dyn Fn(Wake)>) -> Box<dyn Alarm>;
    /// Waits for the lock of that name that all tabs share, at most that long. Best effort: it may be
    /// granted to nobody, to several, or be stolen. Dropping what is returned releases it.
    async fn lock(&self, name: &str, wait_ms: i64) -> Box<dyn Alarm>;
}

/// Randomness for ids that only have to be distinct; never for keys.
pub trait Random {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// Work that nobody waits for.
pub trait Tasks {
    /// Runs the future to its end; never from within this call.
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()>>>);
}

/// One request for a proof of possession (RFC 9449). `Debug` prints no token.
#[derive(Clone, Copy, Debug)]
pub struct ProofAsk<'a> {
    /// Whose key: there is one for each environment.
    pub environment_id: &'a str,
    /// `htm`.
    pub method: &'a str,
    /// `htu`; a query or fragment is to be left out.
    pub url: &'a str,
    /// `iat`, in seconds since 1970.
    pub issued_at: i64,
    /// The server's nonce.
    pub nonce: Option<&'a str>,
    /// The token that the proof comes with.
    pub token: Option<&'a str>,
    /// The thumbprint of the key that a session is bound to; any key will do where there is none yet.
    pub thumbprint: Option<&'a str>,
    /// Where the device gets a nonce to sign as well.
    pub device_nonce_url: Option<&'a str>,
}

/// A proof, and what signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// For the header `DPoP`.
    pub proof: Secret,
    /// RFC 7638. Not the one that was asked for, where that key is not to be had.
    pub thumbprint: String,
    /// Whether the key is in the browser's key store; else it ends with the page.
    pub is_stored: bool,
    /// The device's nonce, its key (a compressed point in 66 hex digits), and r and s over the nonce's bytes in
    /// 128 hex digits.
    pub device: Option<[Secret; 3]>,
}

/// There can be no proof: why, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeysError(pub String);

/// Keys that never leave where they are. An implementation bounds the time that it takes.
#[async_trait(?Send)]
pub trait Keys {
    /// Makes a proof, and the key where there is none yet.
    async fn prove(&self, ask: ProofAsk<'_>) -> Result<Proof, KeysError>;
}

/// All of them.
#[derive(Clone)]
pub struct Ports {
    /// HTTP.
    pub transport: Rc<dyn Transport>,
    /// What survives a reload.
    pub store: Rc<dyn Store>,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// Wake-ups.
    pub timer: Rc<dyn Timer>,
    /// Randomness.
    pub random: Rc<dyn Random>,
    /// Work that nobody waits for.
    pub tasks: Rc<dyn Tasks>,
    /// The page and the tabs beside it.
    pub page: Rc<dyn Page>,
    /// Keys; sessions are bound to none where there are none.
    pub keys: Option<Rc<dyn Keys>>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
