//! What every request can reach.

use crate::audit::Audit;
use crate::exchange::Exchange;
use crate::exchange::admin::Admin;
use crate::limits::Limits;
use crate::live::Live;
use crate::metrics::Metrics;
use ipnet::IpNet;
use std::ops::Deref;
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
pub struct AppState(Arc<Parts>);

/// What [`AppState`] shares.
#[derive(Clone, Debug)]
pub struct Parts {
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

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl AppState {
    /// The state of a server over these use cases, without limits and behind no proxy.
    #[must_use]
    pub fn new(exchange: Exchange) -> Self {
        Self(Arc::new(Parts {
            exchange,
            limits: Live::new(None),
            trusted_proxies: Live::new(Arc::new([])),
            metrics: Arc::default(),
            admin: None,
            audit: None,
        }))
    }

    /// With these limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        self.with(|parts| parts.limits = Live::new(Some(Arc::new(limits))))
    }

    /// With the admin API.
    #[must_use]
    pub fn with_admin(self, admin: Admin) -> Self {
        self.with(|parts| parts.admin = Some(admin))
    }

    /// With this audit log.
    #[must_use]
    pub fn with_audit(self, audit: Audit) -> Self {
        self.with(|parts| parts.audit = Some(audit))
    }

    /// Behind proxies of these networks.
    #[must_use]
    pub fn with_trusted_proxies(self, networks: Vec<IpNet>) -> Self {
        self.with(|parts| parts.trusted_proxies = Live::new(networks.into()))
    }

    fn with(self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        change(&mut parts);
        Self(Arc::new(parts))
    }
}
