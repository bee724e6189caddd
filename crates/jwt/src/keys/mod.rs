//! Published keys: read once, then only used.

mod der;
mod jwk;
mod key;
mod material;
mod pem;
mod set;

pub(crate) use jwk::read_one as read_jwk;
pub use key::VerifyingKey;
pub use set::{KeySet, KeySetError, UnusableKey};
