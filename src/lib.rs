//! The wasm edge: converts between JavaScript and `byoa-client`, and decides nothing.
//!
//! Every method takes `&self`, clones a handle and returns a `Promise`; no borrow is held across an await
//! or while JavaScript is called. A file here that needs an `if` about sessions is in the wrong room.
//! On any other target than wasm32 this crate is empty.

#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(target_arch = "wasm32")]
mod convert;
#[cfg(target_arch = "wasm32")]
mod error;
#[cfg(target_arch = "wasm32")]
mod external_auth;
#[cfg(target_arch = "wasm32")]
mod listeners;
#[cfg(target_arch = "wasm32")]
mod ports;
#[cfg(target_arch = "wasm32")]
mod types;

#[cfg(target_arch = "wasm32")]
pub use client::ByoaClient;
