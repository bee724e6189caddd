//! The flags of `serve` that protect it: quotas, proxies, connections, metrics.

use super::help;
use crate::config::{FileSettings, Operations, OperationsFlags};
use clap::{Args, builder::BoolishValueParser};

/// What keeps a server up.
#[derive(Debug, Args)]
#[command(next_help_heading = help::OPERATIONS)]
pub(super) struct OperationsArgs {
    /// Let everybody call as often as they like. For benchmarks and development.
    #[arg(
        long,
        env = "BYOA_NO_RATE_LIMIT",
        hide_possible_values = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new(),
        hide_env_values = true
    )]
    no_rate_limit: Option<bool>,
    /// How often one address may call [default: 60/10s,250/60s,500/300s].
    #[arg(long, env = "BYOA_RATE_LIMIT_ADDRESS", value_name = "QUOTAS", hide_env_values = true)]
    rate_limit_address: Option<String>,
    /// How often one address may sign in [default: 60/60s].
    #[arg(long, env = "BYOA_RATE_LIMIT_SIGN_IN", value_name = "QUOTAS", hide_env_values = true)]
    rate_limit_sign_in: Option<String>,
    /// How often all together may call one environment [default: 10000/60s].
    #[arg(long, env = "BYOA_RATE_LIMIT_ENVIRONMENT", value_name = "QUOTAS", hide_env_values = true)]
    rate_limit_environment: Option<String>,
    /// How often one administrator's token may be used [default: 1200/60s].
    #[arg(long, env = "BYOA_RATE_LIMIT_ADMIN", value_name = "QUOTAS", hide_env_values = true)]
    rate_limit_admin: Option<String>,
    /// How often one address may call the admin API without a good token [default: 10/60s].
    #[arg(long, env = "BYOA_RATE_LIMIT_ADMIN_REFUSED", value_name = "QUOTAS", hide_env_values = true)]
    rate_limit_admin_refused: Option<String>,
    /// Network of a proxy whose X-Forwarded-For names the caller, such as 10.0.0.0/8; may be repeated.
    /// Without one the header is ignored, since anybody can send it.
    #[arg(
        long,
        env = "BYOA_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        hide_env_values = true
    )]
    trusted_proxy: Vec<String>,
    /// The most connections at once; further ones wait [default: 8192].
    #[arg(long, env = "BYOA_MAX_CONNECTIONS", value_name = "N", hide_env_values = true)]
    max_connections: Option<usize>,
    /// The most connections at once of one address that is no trusted proxy's; further ones are closed
    /// [default: 512].
    #[arg(long, env = "BYOA_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", hide_env_values = true)]
    max_connections_per_address: Option<usize>,
    /// How many days the audit log remembers [default: 90].
    #[arg(long, env = "BYOA_AUDIT_RETENTION", value_name = "DAYS", hide_env_values = true)]
    audit_retention: Option<u32>,
    /// Address and port for GET /metrics, which nothing protects: one that only your monitoring reaches
    /// [default: none, and no metrics].
    #[arg(long, env = "BYOA_METRICS_LISTEN", value_name = "ADDR", hide_env_values = true)]
    metrics_listen: Option<String>,
    /// Do not serve the API's description: neither /openapi.json nor /docs.
    #[arg(
        long,
        env = "BYOA_NO_DOCS",
        hide_possible_values = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new(),
        hide_env_values = true
    )]
    no_docs: Option<bool>,
}

impl OperationsArgs {
    /// Each from the flag or variable, else from the file, else the default.
    pub(super) fn resolve(&self, file: &FileSettings) -> Result<Operations, super::CliError> {
        let flags = OperationsFlags {
            no_rate_limit: self.no_rate_limit,
            rate_limit_address: self.rate_limit_address.as_deref(),
            rate_limit_sign_in: self.rate_limit_sign_in.as_deref(),
            rate_limit_environment: self.rate_limit_environment.as_deref(),
            rate_limit_admin: self.rate_limit_admin.as_deref(),
            rate_limit_admin_refused: self.rate_limit_admin_refused.as_deref(),
            trusted_proxy: &self.trusted_proxy,
            max_connections: self.max_connections,
            max_connections_per_address: self.max_connections_per_address,
            audit_retention: self.audit_retention,
            metrics_listen: self.metrics_listen.as_deref(),
            no_docs: self.no_docs,
        };
        Ok(Operations::resolve(&flags, file)?)
    }
}
