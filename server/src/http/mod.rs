//! HTTP: routes, extractors, layers and the mapping of errors to status codes.
//!
//! Nothing outside this module knows a status code, and nothing in it decides about tokens, users or
//! sessions: a handler lists what it needs as extractors, calls one use case and shapes the answer.

mod address;
mod admin;
mod bearer;
mod body;
mod client_info;
mod connections;
mod cookies;
mod cors;
mod docs;
mod dpop;
mod environment;
mod error;
mod external_auth;
mod health;
mod limit;
mod nonces;
mod observe;
#[cfg(test)]
mod openapi;
mod router;
mod serve;
mod sessions;
mod settings;
mod trail;
mod users;

pub use error::ApiError;
pub use router::{MAX_BODY_BYTES, REQUEST_TIMEOUT, metrics_router, router};
pub use serve::{BODY_TIMEOUT, Connections, HEAD_TIMEOUT, SHUTDOWN_GRACE, Timeouts, WRITE_TIMEOUT, serve};
