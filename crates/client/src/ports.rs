//! What the client needs from the world, as traits. No implementation may be in this file.

use crate::Secret;
use async_trait::async_trait;
use std::{fmt, future::Future, pin::Pin, rc::Rc};

/// One request, complete: an implementation adds nothing to it, cookies least of all.
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
pub const READ_HEADERS: &[&str] = &["content-type", "date", "retry-after"];

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
}

/// The time.
pub trait Clock {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// Keeps a wake-up set. Dropping it cancels the wake-up.
pub trait Alarm {}

/// Wake-ups.
pub trait Timer {
    /// Calls `wake` once when the clock has reached `deadline_ms`, however far away that is; never from
    /// within this call.
    fn wake_at(&self, deadline_ms: i64, wake: Box<dyn FnOnce()>) -> Box<dyn Alarm>;
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
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
