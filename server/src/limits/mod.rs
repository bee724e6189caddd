//! How many requests one address, one environment, and one administrator's token may make. Free of HTTP.
//!
//! Memory is fixed when the server starts, whoever calls from wherever: see `table.rs`.

mod quota;
mod table;
mod window;

use crate::clock::Clock;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use table::Table;
use uuid::Uuid;

pub use quota::{Quotas, QuotasInvalid};

/// The addresses that are remembered at once.
const ADDRESSES: usize = 32 * 1024;
/// The environments that are remembered at once.
const ENVIRONMENTS: usize = 1024;
/// The administrators' tokens that are remembered at once.
const ADMIN_TOKENS: usize = 1024;

/// The quotas of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Of one address, for every operation of every environment together.
    pub address: Quotas,
    /// Of one address, for sign-ins alone; they count above as well.
    pub sign_in: Quotas,
    /// Of one environment, from wherever.
    pub environment: Quotas,
    /// Of one administrator's token.
    pub admin: Quotas,
    /// Of one address, for calls of the admin API without a good token.
    pub admin_refused: Quotas,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            address: Quotas::of(&[(60, 10), (250, 60), (500, 300)]),
            sign_in: Quotas::of(&[(60, 60)]),
            environment: Quotas::of(&[(10_000, 60)]),
            admin: Quotas::of(&[(1_200, 60)]),
            admin_refused: Quotas::of(&[(10, 60)]),
        }
    }
}

/// Which of the quotas was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// The address's.
    Address,
    /// The address's for sign-ins.
    SignIn,
    /// The environment's.
    Environment,
    /// The administrator's token's.
    Admin,
    /// The address's for bad administrators' tokens.
    AdminRefused,
}

impl LimitScope {
    /// The word for it in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::SignIn => "sign_in",
            Self::Environment => "environment",
            Self::Admin => "admin",
            Self::AdminRefused => "admin_refused",
        }
    }
}

/// One request too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// Which quota.
    pub scope: LimitScope,
    /// How long until a request would be let through, if nobody else comes first.
    pub wait: Duration,
}

/// Counts requests against [`LimitSettings`].
#[derive(Debug)]
pub struct Limits {
    settings: LimitSettings,
    address: Arc<Table>,
    sign_in: Arc<Table>,
    environment: Arc<Table>,
    admin: Arc<Table>,
    admin_refused: Arc<Table>,
    clock: Arc<dyn Clock>,
}

impl Limits {
    /// Nobody has called yet.
    #[must_use]
    pub fn new(settings: &LimitSettings, clock: Arc<dyn Clock>) -> Self {
        let table = |quotas, callers| Arc::new(Table::new(quotas, callers));
        Self {
            settings: settings.clone(),
            address: table(&settings.address, ADDRESSES),
            sign_in: table(&settings.sign_in, ADDRESSES),
            environment: table(&settings.environment, ENVIRONMENTS),
            admin: table(&settings.admin, ADMIN_TOKENS),
            admin_refused: table(&settings.admin_refused, ADDRESSES),
            clock,
        }
    }

    /// The same with other settings. A quota that stays goes on counting; one that changes begins anew.
    #[must_use]
    pub fn changed(&self, settings: &LimitSettings) -> Self {
        let keep = |table: &Arc<Table>, before: &Quotas, now: &Quotas, callers| {
            if before == now { Arc::clone(table) } else { Arc::new(Table::new(now, callers)) }
        };
        let (before, now) = (&self.settings, settings);
        Self {
            settings: settings.clone(),
            address: keep(&self.address, &before.address, &now.address, ADDRESSES),
            sign_in: keep(&self.sign_in, &before.sign_in, &now.sign_in, ADDRESSES),
            environment: keep(&self.environment, &before.environment, &now.environment, ENVIRONMENTS),
            admin: keep(&self.admin, &before.admin, &now.admin, ADMIN_TOKENS),
            admin_refused: keep(&self.admin_refused, &before.admin_refused, &now.admin_refused, ADDRESSES),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Counts a request, or says that it is one too many; that one is not counted.
    pub fn admit(
        &self,
        address: Option<IpAddr>,
        environment: Option<Uuid>,
        is_sign_in: bool,
    ) -> Result<(), OverLimit> {
        let now = self.clock.now();
        let address = network_key(address);
        let over = |scope| move |wait| OverLimit { scope, wait };
        self.address.admit(address, now).map_err(over(LimitScope::Address))?;
        if is_sign_in {
            self.sign_in.admit(address, now).map_err(over(LimitScope::SignIn))?;
        }
        let Some(environment) = environment else { return Ok(()) };
        self.environment.admit(environment.as_u128(), now).map_err(over(LimitScope::Environment))
    }

    /// Whether an address may show an administrator's token, good or bad. Counts nothing.
    pub fn may_show_admin_token(&self, address: Option<IpAddr>) -> Result<(), OverLimit> {
        let checked = self.admin_refused.check(network_key(address), self.clock.now());
        checked.map_err(|wait| OverLimit { scope: LimitScope::AdminRefused, wait })
    }

    /// Counts a call of the admin API without a good token.
    pub fn refused_admin(&self, address: Option<IpAddr>) -> Result<(), OverLimit> {
        let counted = self.admin_refused.admit(network_key(address), self.clock.now());
        counted.map_err(|wait| OverLimit { scope: LimitScope::AdminRefused, wait })
    }

    /// Counts a call with the good administrator's token of this id.
    pub fn admit_admin(&self, token: Uuid) -> Result<(), OverLimit> {
        let counted = self.admin.admit(token.as_u128(), self.clock.now());
        counted.map_err(|wait| OverLimit { scope: LimitScope::Admin, wait })
    }
}

/// An IPv4 address, or the /64 network of an IPv6 address: the least that one customer is given, within
/// which addresses cost nothing. Callers without an address share one key.
pub(crate) fn network_key(address: Option<IpAddr>) -> u128 {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_ipv6_mapped().to_bits(),
        Some(IpAddr::V6(address)) => address.to_bits() >> 64 << 64,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{LimitScope, LimitSettings, Limits, Quotas, network_key};
    use crate::clock::UnixMillis;
    use crate::testing::ManualClock;
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::time::Duration;
    use uuid::Uuid;

    fn limits(settings: &LimitSettings) -> (Limits, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(UnixMillis(1_800_000_000_000)));
        (Limits::new(settings, clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn key_of(address: IpAddr) -> u128 {
        network_key(Some(address))
    }

    #[test]
    fn an_address_is_its_ipv4_or_its_ipv6_network() {
        assert_eq!(key_of(ip("192.0.2.1")), key_of(ip("::ffff:192.0.2.1")));
        assert_ne!(key_of(ip("192.0.2.1")), key_of(ip("192.0.2.2")));
        assert_eq!(key_of(ip("2001:db8::1")), key_of(ip("2001:db8::ffff:2")));
        assert_ne!(key_of(ip("2001:db8::1")), key_of(ip("2001:db8:0:1::1")));
    }

    #[test]
    fn the_documented_defaults_hold_for_an_address() {
        let (limits, clock) = limits(&LimitSettings::default());
        let call = |address: &str| limits.admit(Some(ip(address)), None, false);
        for _ in 0..60 {
            call("192.0.2.1").unwrap();
        }
        let over = call("192.0.2.1").unwrap_err();
        assert_eq!(over.scope, LimitScope::Address);
        assert!(over.wait > Duration::ZERO && over.wait <= Duration::from_secs(11), "{over:?}");
        call("192.0.2.2").unwrap();
        clock.advance(over.wait);
        call("192.0.2.1").unwrap();
        // The longer windows: however patiently somebody calls, 500 in five minutes are let through.
        let mut passed = 0;
        for _ in 0..300 {
            clock.advance(Duration::from_secs(1));
            passed += (0..10).filter(|_| call("192.0.2.3").is_ok()).count();
        }
        assert!((490..=520).contains(&passed), "{passed}");
    }

    #[test]
    fn sign_ins_have_a_quota_of_their_own_and_environments_one_for_all() {
        let settings = LimitSettings {
            address: Quotas::of(&[(100, 60)]),
            sign_in: Quotas::of(&[(2, 60)]),
            environment: Quotas::of(&[(5, 60)]),
            ..LimitSettings::default()
        };
        let (limits, clock) = limits(&settings);
        let (one, other) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
        for _ in 0..2 {
            limits.admit(Some(ip("192.0.2.1")), one, true).unwrap();
        }
        let over = limits.admit(Some(ip("192.0.2.1")), one, true).unwrap_err();
        assert_eq!(over.scope, LimitScope::SignIn);
        for last in 1..=3 {
            limits.admit(Some(ip(&format!("198.51.100.{last}"))), one, false).unwrap();
        }
        assert_eq!(
            limits.admit(Some(ip("203.0.113.9")), one, false).unwrap_err().scope,
            LimitScope::Environment
        );
        limits.admit(Some(ip("203.0.113.9")), other, false).unwrap();
        clock.advance(Duration::from_mins(2));
        limits.admit(Some(ip("192.0.2.1")), one, true).unwrap();
    }
    #[test]
    fn bad_admin_tokens_use_up_an_address_and_good_ones_themselves() {
        let settings = LimitSettings {
            admin: Quotas::of(&[(3, 60)]),
            admin_refused: Quotas::of(&[(2, 60)]),
            ..LimitSettings::default()
        };
        let (limits, clock) = limits(&settings);
        let (bad, good) = (Some(ip("192.0.2.1")), Some(ip("192.0.2.2")));
        for _ in 0..2 {
            limits.may_show_admin_token(bad).unwrap();
            limits.refused_admin(bad).unwrap();
        }
        assert_eq!(limits.may_show_admin_token(bad).unwrap_err().scope, LimitScope::AdminRefused);
        limits.refused_admin(bad).unwrap_err();
        for _ in 0..9 {
            limits.may_show_admin_token(good).unwrap();
        }
        for _ in 0..3 {
            limits.admit_admin(Uuid::from_u128(1)).unwrap();
        }
        assert_eq!(limits.admit_admin(Uuid::from_u128(1)).unwrap_err().scope, LimitScope::Admin);
        limits.admit_admin(Uuid::from_u128(2)).unwrap();
        clock.advance(Duration::from_mins(2));
        limits.may_show_admin_token(bad).unwrap();
    }

    #[test]
    fn a_changed_quota_begins_anew_and_the_others_go_on_counting() {
        let settings = LimitSettings {
            address: Quotas::of(&[(1, 60)]),
            admin: Quotas::of(&[(1, 60)]),
            ..LimitSettings::default()
        };
        let (before, _clock) = limits(&settings);
        let (address, token) = (Some(ip("192.0.2.1")), Uuid::from_u128(1));
        before.admit(address, None, false).unwrap();
        before.admit_admin(token).unwrap();
        let after = before.changed(&LimitSettings { address: Quotas::of(&[(2, 60)]), ..settings });
        for _ in 0..2 {
            after.admit(address, None, false).unwrap();
        }
        after.admit(address, None, false).unwrap_err();
        after.admit_admin(token).unwrap_err();
    }
}
