//! What every request can reach.

use crate::exchange::Exchange;

/// What every request can reach. Cheap to clone.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use byoa_server::{AppState, clock::SystemClock, exchange::{Exchange, ExchangeConfig},
/// #   keys::{FetchPolicy, HttpFetcher, KeySets}, store};
/// # async fn start() -> Result<AppState, Box<dyn std::error::Error>> {
/// let clock = Arc::new(SystemClock);
/// let store = store::open("sqlite://byoa.db").await?;
/// let fetcher = HttpFetcher::new(FetchPolicy { allow_private: false })?;
/// let keys = KeySets::new(Arc::new(fetcher), clock.clone());
/// let config = ExchangeConfig::new("https://auth.example.com".parse()?);
/// Ok(AppState::new(Exchange::new(store, keys, clock, config)))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AppState {
    /// The use cases.
    pub exchange: Exchange,
}

impl AppState {
    /// The state of a server over these use cases.
    #[must_use]
    pub const fn new(exchange: Exchange) -> Self {
        Self { exchange }
    }
}
