//! The client: who is signed in, until when, and what has to happen next.
//!
//! Nothing ambient lives here: no clock, no randomness, no storage, no network. Each is a port in
//! [`ports`], which the wasm edge fills with the browser's own and the tests fill with fakes. The state
//! changes in one function, [`state::transition`]; [`Client`] feeds it and carries out what it asks for.
//!
//! Single-threaded: futures are not `Send`. No borrow is held while a port or an observer is called, so
//! both may call back into the client.

pub mod api;
pub mod client;
pub mod config;
pub mod error;
pub mod extra;
pub mod json;
pub mod ports;
mod proof;
mod refresh;
mod register;
mod requests;
mod runner;
pub mod secret;
pub mod session;
pub mod settings;
mod sign_in;
mod sleep;
pub mod state;
pub mod step_up;
mod stored;
pub mod time;
mod transition;
pub mod upkeep;

pub use client::{Aborted, Client};
pub use config::Config;
pub use error::ClientError;
pub use runner::{Notice, Snapshot};
pub use secret::Secret;
pub use session::Session;
