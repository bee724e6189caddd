//! The exchange: takes a JWT from an issuer you trust and hands out a session.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on says where"))]

pub mod audit;
pub mod clock;
pub mod exchange;
pub mod http;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod seal;
pub mod secret;
mod state;
pub mod store;
pub mod sweep;
pub mod testing;
pub mod webhooks;

pub use http::router;
pub use state::AppState;
