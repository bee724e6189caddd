//! The settings that protect `serve`, resolved and checked.

use super::{ConfigError, FileSettings};
use byoa_server::http::Connections;
use byoa_server::limits::{LimitSettings, Quotas};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// How many days the audit log remembers.
const AUDIT_DAYS: u32 = 90;

/// What the command line or the variables say.
#[derive(Debug, Default)]
pub(crate) struct OperationsFlags<'a> {
    pub(crate) no_rate_limit: Option<bool>,
    pub(crate) rate_limit_address: Option<&'a str>,
    pub(crate) rate_limit_sign_in: Option<&'a str>,
    pub(crate) rate_limit_environment: Option<&'a str>,
    pub(crate) rate_limit_admin: Option<&'a str>,
    pub(crate) rate_limit_admin_refused: Option<&'a str>,
    pub(crate) trusted_proxy: &'a [String],
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_connections_per_address: Option<usize>,
    pub(crate) audit_retention: Option<u32>,
    pub(crate) metrics_listen: Option<&'a str>,
    pub(crate) no_docs: Option<bool>,
}

/// What `serve` does to stay up.
#[derive(Debug)]
pub(crate) struct Operations {
    /// `None`: no quotas.
    pub(crate) limits: Option<LimitSettings>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: usize,
    pub(crate) audit_retention: Duration,
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Whether `/openapi.json` and `/docs` are served.
    pub(crate) docs: bool,
}

impl Operations {
    /// Takes each setting from the flag or variable, else from the file, else the default.
    pub(crate) fn resolve(flags: &OperationsFlags<'_>, file: &FileSettings) -> Result<Self, ConfigError> {
        let default = LimitSettings::default();
        let limits = LimitSettings {
            address: quotas(
                "rate-limit-address",
                flags.rate_limit_address,
                file.rate_limit_address.as_deref(),
                default.address,
            )?,
            sign_in: quotas(
                "rate-limit-sign-in",
                flags.rate_limit_sign_in,
                file.rate_limit_sign_in.as_deref(),
                default.sign_in,
            )?,
            environment: quotas(
                "rate-limit-environment",
                flags.rate_limit_environment,
                file.rate_limit_environment.as_deref(),
                default.environment,
            )?,
            admin: quotas(
                "rate-limit-admin",
                flags.rate_limit_admin,
                file.rate_limit_admin.as_deref(),
                default.admin,
            )?,
            admin_refused: quotas(
                "rate-limit-admin-refused",
                flags.rate_limit_admin_refused,
                file.rate_limit_admin_refused.as_deref(),
                default.admin_refused,
            )?,
        };
        let is_unlimited = flags.no_rate_limit.or(file.no_rate_limit).unwrap_or(false);
        let proxies = match (flags.trusted_proxy, &file.trusted_proxy) {
            ([], Some(file)) => file.as_slice(),
            (flags, _) => flags,
        };
        let connections = Connections::default();
        let metrics_listen = flags.metrics_listen.or(file.metrics_listen.as_deref());
        Ok(Self {
            limits: (!is_unlimited).then_some(limits),
            trusted_proxies: proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
            max_connections: at_least_one(flags.max_connections.or(file.max_connections))
                .unwrap_or(connections.max),
            max_connections_per_address: at_least_one(
                flags.max_connections_per_address.or(file.max_connections_per_address),
            )
            .unwrap_or_else(|| connections.per_address.get()),
            audit_retention: DAY * flags.audit_retention.or(file.audit_retention).unwrap_or(AUDIT_DAYS),
            metrics_listen: metrics_listen
                .map(|text| {
                    text.parse()
                        .map_err(|_| ConfigError::Listen { setting: "metrics-listen", text: text.to_owned() })
                })
                .transpose()?,
            docs: !flags.no_docs.or(file.no_docs).unwrap_or(false),
        })
    }
}

/// Nobody could connect to a server without room: 0 is the default.
fn at_least_one(number: Option<usize>) -> Option<usize> {
    number.filter(|number| *number > 0)
}

fn quotas(
    setting: &'static str,
    flag: Option<&str>,
    file: Option<&str>,
    default: Quotas,
) -> Result<Quotas, ConfigError> {
    let Some(text) = flag.or(file) else { return Ok(default) };
    text.parse().map_err(|cause| ConfigError::Quotas { setting, text: text.to_owned(), cause })
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, ConfigError> {
    let alone = || text.trim().parse::<IpAddr>().map(IpNet::from);
    let network = text.trim().parse::<IpNet>().or_else(|_| alone());
    network.map_err(|_| ConfigError::TrustedProxy(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_the_file_and_the_file_before_defaults() {
        let file = FileSettings {
            rate_limit_sign_in: Some("5/1m".to_owned()),
            trusted_proxy: Some(vec!["10.0.0.0/8".to_owned()]),
            ..FileSettings::default()
        };
        let resolved = Operations::resolve(&OperationsFlags::default(), &file).expect("valid");
        let limits = resolved.limits.expect("limits are on unless turned off");
        assert_eq!(limits.sign_in.to_string(), "5/60s");
        assert_eq!(limits.address.to_string(), "60/10s,250/60s,500/300s");
        assert_eq!(resolved.trusted_proxies.len(), 1);
        assert!(resolved.docs, "the description is served unless turned off");
        let proxies = ["192.0.2.1".to_owned(), "fd00::/8".to_owned()];
        let flags = OperationsFlags {
            no_rate_limit: Some(true),
            no_docs: Some(true),
            trusted_proxy: &proxies,
            ..OperationsFlags::default()
        };
        let resolved = Operations::resolve(&flags, &file).expect("valid");
        assert!(resolved.limits.is_none() && !resolved.docs);
        assert_eq!(
            resolved.trusted_proxies.first().map(ToString::to_string).as_deref(),
            Some("192.0.2.1/32")
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let refusal = |flags: &OperationsFlags<'_>| {
            Operations::resolve(flags, &FileSettings::default()).expect_err("refused").to_string()
        };
        let flags = OperationsFlags { rate_limit_address: Some("fast"), ..OperationsFlags::default() };
        assert!(refusal(&flags).contains("rate-limit-address"));
        let everybody = ["all".to_owned()];
        let flags = OperationsFlags { trusted_proxy: &everybody, ..OperationsFlags::default() };
        assert!(refusal(&flags).contains("\"all\""));
        let flags = OperationsFlags { metrics_listen: Some("foo"), ..OperationsFlags::default() };
        assert!(refusal(&flags).contains("\"foo\", which metrics-listen says"));
    }
}
