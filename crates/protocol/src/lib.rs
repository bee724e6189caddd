//! The words on the wire: bodies, paths, headers and codes that the client and the server share.
//!
//! Additive only. Nothing here decides anything: no clock, no I/O, no validation beyond shape.
//! Unknown members are ignored in responses; a missing optional member is left out, never `null`.

pub mod claims;
pub mod client;
pub mod dpop;
pub mod error;
pub mod external_auth;
pub mod headers;
pub mod json;
pub mod jwks;
pub mod nonce;
pub mod paths;
pub mod profile;
pub mod reason;
pub mod scopes;
pub mod settings;
pub mod user;
pub mod webhook;

pub use error::{ErrorBody, ErrorCode, ErrorPayload};
pub use reason::Reason;

#[cfg(test)]
mod generated;
