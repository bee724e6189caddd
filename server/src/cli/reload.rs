//! SIGHUP: the configuration is read again. What can be changed while the server runs is changed, all of it
//! or nothing; what cannot is named.

use super::serve::ServeArgs;
use super::signals::Hangup;
use super::{CliError, Common, database, logging};
use crate::config::{FileSettings, LogFormat, Operations, Settings};
use byoa_server::AppState;
use byoa_server::limits::{LimitSettings, Limits, Quotas};
use byoa_server::live::Live;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// What flags, variables and the file say together, checked.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) settings: Settings,
    pub(super) operations: Operations,
    table: Vec<Setting>,
}

/// One setting by the name of its flag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    name: &'static str,
    value: String,
    /// Whether it can be changed without a restart.
    is_live: bool,
}

impl Configured {
    /// Resolves and checks everything that `serve` takes.
    pub(super) fn resolve(args: &ServeArgs, common: &Common, file: &FileSettings) -> Result<Self, CliError> {
        let settings = args.settings(file)?;
        let operations = args.operations(file)?;
        let _filter = logging::filter(common, file)?;
        let format = LogFormat::resolve(common.log_format, file)?;
        let limits = operations.limits.as_ref();
        let quotas = |of: fn(&LimitSettings) -> &Quotas| limits.map_or_else(none, |all| of(all).to_string());
        let proxies: Vec<_> = operations.trusted_proxies.iter().map(ToString::to_string).collect();
        let (keys, path) = (common.master_keys(file), |path: Option<&Path>| {
            path.map_or_else(none, |path| path.display().to_string())
        });
        let live = |name, value| Setting { name, value, is_live: true };
        let fixed = |name, value| Setting { name, value, is_live: false };
        let table = vec![
            live("rate-limit-address", quotas(|limits| &limits.address)),
            live("rate-limit-sign-in", quotas(|limits| &limits.sign_in)),
            live("rate-limit-environment", quotas(|limits| &limits.environment)),
            live("rate-limit-admin", quotas(|limits| &limits.admin)),
            live("rate-limit-admin-refused", quotas(|limits| &limits.admin_refused)),
            live("trusted-proxy", proxies.join(",")),
            live("max-connections-per-address", operations.max_connections_per_address.to_string()),
            live("audit-retention", format!("{} days", operations.audit_retention.as_secs() / 86_400)),
            live("refresh-grace", format!("{} s", settings.refresh_grace.as_secs())),
            live("log", logging::words(common, file).to_owned()),
            fixed("session-lifetime", format!("{} s", settings.sessions.lifetime.as_secs())),
            fixed("refresh-window", format!("{} s", settings.sessions.window.as_secs())),
            fixed("idle-limit", format!("{} s", settings.sessions.idle.as_secs())),
            fixed("listen", settings.listen.to_string()),
            fixed("public-url", settings.public_url.as_ref().map_or_else(none, ToString::to_string)),
            fixed("database-url", database::url(common, file)?.to_owned()),
            fixed("master-key-file", path(keys.current)),
            fixed("old-master-key-file", path(keys.old)),
            fixed("allow-private-jwks", settings.allow_private_jwks.to_string()),
            fixed("max-connections", operations.max_connections.to_string()),
            fixed(
                "metrics-listen",
                operations.metrics_listen.map_or_else(none, |address| address.to_string()),
            ),
            fixed("no-docs", (!operations.docs).to_string()),
            fixed("log-format", format!("{format:?}").to_lowercase()),
        ];
        Ok(Self { settings, operations, table })
    }
}

fn none() -> String {
    "none".to_owned()
}

/// A running server's changeable parts, and the configuration that it runs with.
#[derive(Debug)]
pub(super) struct Reload<'a> {
    pub(super) args: &'a ServeArgs,
    pub(super) common: &'a Common,
    pub(super) state: AppState,
    pub(super) per_address: Live<usize>,
    pub(super) audit_retention: Live<Duration>,
    pub(super) log: logging::LogFilter,
    running: Vec<Setting>,
}

impl<'a> Reload<'a> {
    /// For a server that runs with `configured`.
    pub(super) fn new(
        (args, common): (&'a ServeArgs, &'a Common),
        configured: &Configured,
        state: AppState,
        log: logging::LogFilter,
    ) -> Self {
        let operations = &configured.operations;
        Self {
            args,
            common,
            state,
            per_address: Live::new(operations.max_connections_per_address),
            audit_retention: Live::new(operations.audit_retention),
            log,
            running: configured.table.clone(),
        }
    }

    /// Follows every signal; does not return.
    pub(super) async fn follow(mut self, mut hangup: Hangup) {
        loop {
            hangup.next().await;
            match self.read_again().await {
                Ok(0) => tracing::info!("the configuration was read again; nothing changed"),
                Ok(changed) => tracing::info!(changed, "the configuration was read again"),
                Err(refused) => {
                    tracing::error!("the configuration stays as it was: {refused}");
                }
            }
        }
    }

    /// Applies all or nothing; how many settings are others now.
    async fn read_again(&mut self) -> Result<usize, CliError> {
        // Elsewhere: on this task the server takes connections and hears of signals.
        let path = self.common.config.clone();
        let read = spawn_blocking(move || FileSettings::read(path.as_deref())).await;
        let file =
            read.map_err(|cause| CliError::Failed(format!("it was not read to its end: {cause}")))??;
        let configured = Configured::resolve(self.args, self.common, &file)?;
        let filter = logging::filter(self.common, &file)?;
        self.apply(&configured);
        let mut changed = 0;
        for (running, wanted) in self.running.iter_mut().zip(configured.table) {
            if running.value == wanted.value {
                continue;
            }
            let (name, from, to) = (wanted.name, shown(running), shown(&wanted));
            if wanted.is_live {
                tracing::info!(setting = name, from, to, "a setting was changed");
                *running = wanted;
                changed += 1;
            } else {
                tracing::warn!(setting = name, from, to, "a setting takes effect with the next start only");
            }
        }
        // Last, so that the changes are told as the log was until now.
        self.log.set(filter)?;
        Ok(changed)
    }

    fn apply(&self, Configured { settings, operations, .. }: &Configured) {
        let limits = operations.limits.as_ref().map(|wanted| match self.state.limits.get() {
            Some(running) => running.changed(wanted),
            None => Limits::new(wanted, database::clock()),
        });
        self.state.limits.set(limits.map(Arc::new));
        self.state.trusted_proxies.set(operations.trusted_proxies.clone().into());
        self.state.exchange.set_refresh_grace(settings.refresh_grace);
        self.per_address.set(operations.max_connections_per_address);
        self.audit_retention.set(operations.audit_retention);
    }
}

fn shown(setting: &Setting) -> String {
    if setting.name == "database-url" { database::shown(&setting.value) } else { setting.value.clone() }
}
