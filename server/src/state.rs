//! What every request can reach.

use crate::audit::Audit;
use crate::exchange::Exchange;
use crate::exchange::admin::Admin;
use crate::limits::Limits;
use crate::live::Live;
use crate::metrics::Metrics;
use ipnet::IpNet;
use std::sync::Arc;

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
    /// How often somebody may call; `None`: as often as they like.
    pub limits: Live<Option<Arc<Limits>>>,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Live<Arc<[IpNet]>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What administrators may do; `None`: there is no admin API.
    pub admin: Option<Admin>,
    /// Where events go; `None`: nowhere.
    pub audit: Option<Audit>,
}

impl AppState {
    /// The state of a server over these use cases, without limits and behind no proxy.
    #[must_use]
    pub fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            limits: Live::new(None),
            trusted_proxies: Live::new(Arc::new([])),
            metrics: Arc::default(),
            admin: None,
            audit: None,
        }
    }

    /// With these limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits: Live::new(Some(Arc::new(limits))), ..self }
    }

    /// With the admin API.
    #[must_use]
    pub fn with_admin(self, admin: Admin) -> Self {
        Self { admin: Some(admin), ..self }
    }

    /// With this audit log.
    #[must_use]
    pub fn with_audit(self, audit: Audit) -> Self {
        Self { audit: Some(audit), ..self }
    }

    /// Behind proxies of these networks.
    #[must_use]
    pub fn with_trusted_proxies(self, networks: Vec<IpNet>) -> Self {
        Self { trusted_proxies: Live::new(networks.into()), ..self }
    }
}
