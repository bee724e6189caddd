//! `serve`: configuration to state to listener to a graceful end.

use super::logging::LogFilter;
use super::operations_args::OperationsArgs;
use super::output::{line, remark, say};
use super::reload::{Configured, Reload};
use super::server_args::ServerArgs;
use super::signals::{self, Hangup, Stop};
use super::{CliError, Common, database, first_environment, help};
use crate::config::{ConfigError, FileSettings, LogFormat, Operations, PublicUrl, SessionSeconds, Settings};
use byoa_server::AppState;
use byoa_server::audit::Audit;
use byoa_server::clock::{Clock, UnixMillis};
use byoa_server::exchange::admin::Admin;
use byoa_server::exchange::environments::{Environments, SealedState};
use byoa_server::exchange::{Exchange, ExchangeConfig};
use byoa_server::http::{self, Connections, Timeouts};
use byoa_server::ids;
use byoa_server::keys::{FetchPolicy, PUBLISHED_AFTER_RETIREMENT};
use byoa_server::limits::Limits;
use byoa_server::live::Live;
use byoa_server::metrics::Metrics;
use byoa_server::seal::Seal;
use byoa_server::store::webhooks::Trimmed;
use byoa_server::store::{AuditRecord, Store, StoreError, Tables};
use byoa_server::sweep::regularly;
use byoa_server::webhooks::{self, HttpSender, Worker};
use clap::Args;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How often what has ended is forgotten, by one of the servers on a database.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// How long the database may take for the last events of the audit log.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Serve the API until SIGINT or SIGTERM.
#[derive(Debug, Args)]
#[command(after_long_help = help::SERVE)]
pub(super) struct ServeArgs {
    /// IP address and port to listen on; port 0 takes a free one [default: 127.0.0.1:3333].
    #[arg(long, env = "BYOA_LISTEN", value_name = "ADDR", hide_env_values = true)]
    listen: Option<String>,
    /// Seconds for which a session token that a refresh replaced still gets its successor; 0 to 300
    /// [default: 30].
    #[arg(long, env = "BYOA_REFRESH_GRACE", value_name = "SECONDS", hide_env_values = true)]
    refresh_grace: Option<u64>,
    /// Seconds for which a session token lives; 1 to 604800 [default: 7200].
    #[arg(long, env = "BYOA_SESSION_LIFETIME", value_name = "SECONDS", hide_env_values = true)]
    session_lifetime: Option<u64>,
    /// Seconds for which a session can be refreshed; 1 to 31536000 [default: 2592000, which are 30 days].
    #[arg(long, env = "BYOA_REFRESH_WINDOW", value_name = "SECONDS", hide_env_values = true)]
    refresh_window: Option<u64>,
    /// Seconds after its token's end for which a session can still be gone on with; 1 to 31536000 [default: as
    /// long as it can be refreshed].
    #[arg(long, env = "BYOA_IDLE_LIMIT", value_name = "SECONDS", hide_env_values = true)]
    idle_limit: Option<u64>,
    /// Do not bring the database's tables up to date; refuse to start where they are older than this version.
    #[arg(long)]
    no_migrate: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    operations: OperationsArgs,
}

impl ServeArgs {
    /// What the flags and variables say, else the file.
    pub(super) fn settings(&self, file: &FileSettings) -> Result<Settings, ConfigError> {
        let (public_url, allow_private) = (self.server.public_url(), self.server.allow_private());
        let sessions = SessionSeconds {
            lifetime: self.session_lifetime,
            window: self.refresh_window,
            idle: self.idle_limit,
        };
        Settings::resolve(
            self.listen.as_deref(),
            public_url,
            allow_private,
            self.refresh_grace,
            sessions,
            file,
        )
    }

    /// Likewise, of what protects the server.
    pub(super) fn operations(&self, file: &FileSettings) -> Result<Operations, CliError> {
        self.operations.resolve(file)
    }
}

/// Serves.
pub(super) async fn run(
    args: &ServeArgs,
    common: &Common,
    file: &FileSettings,
    log: LogFilter,
) -> Result<(), CliError> {
    // From here on, neither ends the process: a write beyond a limit of the system fails instead.
    let (hangup, _file_size) = (Hangup::listen()?, signals::survive_file_size_limit()?);
    let configured = Configured::resolve(args, common, file)?;
    let Configured { settings, operations, .. } = &configured;
    let (seal, format) = (common.seal(file)?, LogFormat::resolve(common.log_format, file)?);
    let tables = if args.no_migrate { Tables::Expect } else { Tables::Migrate };
    let (database_url, store) = database::open_with(common, file, tables).await?;
    let sealed = check_seals(&store, &seal).await?;
    let listener = bind("--listen", settings.listen).await?;
    let address =
        listener.local_addr().map_err(|cause| cannot_listen("--listen", settings.listen, &cause))?;
    let public_url = settings.public_url.clone().map_or_else(|| PublicUrl::for_loopback(address), Ok)?;
    let environments = store.environments().await?.len();
    let clock = database::clock();
    let config = ExchangeConfig {
        refresh_grace: settings.refresh_grace,
        session_lifetime: settings.sessions.lifetime,
        refresh_window: settings.sessions.window,
        idle_limit: settings.sessions.idle,
        ..ExchangeConfig::new(public_url.url().clone())
    };
    let keys = super::server_args::key_sets(settings.allow_private_jwks)?;
    let exchange = Exchange::new(Arc::clone(&store), keys, clock.clone(), config).with_seal(seal.clone());
    let state = state(exchange, operations);
    let sender = HttpSender::new(FetchPolicy { allow_private: settings.allow_private_jwks })
        .map_err(|cause| CliError::Failed(format!("the HTTP client cannot be started: {cause}")))?;
    let worker = Worker::new(Arc::clone(&store), Arc::new(sender), clock.clone(), Arc::clone(&state.metrics))
        .with_seal(seal.clone());
    let audit = Audit::start(Arc::clone(&store), clock.clone(), Arc::clone(&state.metrics));
    let environments_admin = Environments::new(
        Arc::clone(&store),
        clock.clone(),
        settings.allow_private_jwks,
        Some(public_url.url().clone()),
    )
    .with_seal(seal.clone());
    let outbox = state.exchange.outbox();
    let admin = Admin::new(state.exchange.clone(), environments_admin);
    let state = state.with_audit(audit.clone()).with_admin(admin);
    if let Some(address) = operations.metrics_listen {
        let metrics = http::metrics_router(Arc::clone(&state.metrics));
        let listener = bind("--metrics-listen", address).await?;
        tokio::spawn(async move { axum::serve(listener, metrics).await });
    }
    let reload = Reload::new((args, common), &configured, state.clone(), log);
    let connections = Connections {
        max: operations.max_connections,
        per_address: reload.per_address.clone(),
        trusted_proxies: state.trusted_proxies.clone(),
        timeouts: Timeouts::default(),
        metrics: Arc::clone(&state.metrics),
    };
    let mut stop = Stop::listen()?;
    let mut stop_now = Stop::listen()?;
    let follower = tokio::spawn(state.exchange.clone().follow(store.changes().await?));
    let (stop_webhooks, webhooks_stop) = oneshot::channel::<()>();
    let webhooks = tokio::spawn(worker.run(outbox, async {
        // Dropping the other end means the same.
        let _ = webhooks_stop.await;
    }));
    let metrics = Arc::clone(&state.metrics);
    let sweeper = tokio::spawn(sweep(store, clock, metrics, reload.audit_retention.clone()).await?);

    if public_url.is_exposed() {
        let text = format!("{public_url} is plain HTTP; anybody on the way can take sessions over");
        remark(line(format, "WARN", &text));
    }
    let listening = format!(
        "listening on http://{address}, public URL {public_url}, database {}, {}",
        database::shown(&database_url),
        counted(environments)
    );
    say(line(format, "INFO", &listening))?;
    warn_about_seals(format, &seal, sealed);
    if environments == 0 {
        remark(line(format, "INFO", &first_environment::hint(common, &database_url)));
    }
    let second = async {
        stop_now.next().await;
        stop_now.next().await;
    };
    tokio::select! {
        () = http::serve(listener, byoa_server::router(state), connections, stop.next(), second) => {}
        () = reload.follow(hangup) => {}
    }
    // It may have ended already, by a panic.
    let _ = stop_webhooks.send(());
    let _ = webhooks.await;
    if tokio::time::timeout(FLUSH_TIMEOUT, audit.flush()).await.is_err() {
        tracing::error!("the latest events of the audit log are lost: the database does not take them");
    }
    sweeper.abort();
    follower.abort();
    Ok(())
}

/// Refuses to start where a secret does not open: half of the requests would fail.
async fn check_seals(store: &Arc<dyn Store>, seal: &Seal) -> Result<SealedState, CliError> {
    let environments = Environments::new(Arc::clone(store), database::clock(), false, None);
    Ok(environments.with_seal(seal.clone()).check_seals().await?)
}

fn warn_about_seals(format: LogFormat, seal: &Seal, state: SealedState) {
    if seal.current().is_none() {
        let text = "private keys and webhooks' secrets are in the database as they are, since there is no \
                    master key; pass --master-key-file to have them sealed";
        remark(line(format, "WARN", text));
    } else if state.outdated > 0 {
        let text = format!(
            "{} of {} secrets are not sealed under the master key yet; once every server has it, run \
             byoa-server keys seal",
            state.outdated, state.secrets
        );
        remark(line(format, "WARN", &text));
    }
}

fn state(exchange: Exchange, operations: &Operations) -> AppState {
    let state = AppState::new(exchange).with_trusted_proxies(operations.trusted_proxies.clone());
    let state = if operations.docs { state } else { state.without_docs() };
    match &operations.limits {
        Some(limits) => state.with_limits(Limits::new(limits, database::clock())),
        None => state,
    }
}

fn counted(environments: usize) -> String {
    if environments == 1 { "1 environment".to_owned() } else { format!("{environments} environments") }
}

async fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).await.map_err(|cause| cannot_listen(flag, address, &cause))
}

fn cannot_listen(flag: &str, address: SocketAddr, cause: &std::io::Error) -> CliError {
    let mend = match cause.kind() {
        ErrorKind::AddrInUse => {
            format!("another program listens there; stop it, or choose another port with {flag}")
        }
        ErrorKind::AddrNotAvailable => {
            format!("this machine does not have that address; choose one with {flag}")
        }
        ErrorKind::PermissionDenied => {
            format!("ports below 1024 need a privilege; choose another with {flag}")
        }
        _ => cause.to_string(),
    };
    CliError::Failed(format!("cannot listen on {address}: {mend}"))
}

/// Forgets, from time to time, what has ended.
async fn sweep(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    audit_retention: Live<Duration>,
) -> Result<impl Future<Output = ()>, CliError> {
    let changes = store.changes().await?;
    let sweep = move || {
        let parts = (Arc::clone(&store), Arc::clone(&clock), Arc::clone(&metrics));
        sweep_once(parts, audit_retention.get())
    };
    Ok(regularly(SWEEP_EVERY, ids::fraction, changes, sweep))
}

/// Gives up the oldest of what waits for an endpoint beyond its bound, and says so wherever somebody may look.
async fn trim(store: &dyn Store, clock: &dyn Clock, metrics: &Metrics) -> Result<(), StoreError> {
    for Trimmed { environment_id, webhook_id, messages } in
        store.trim_messages(webhooks::MOST_WAITING).await?
    {
        metrics.webhooks_dropped(messages);
        tracing::warn!(%webhook_id, messages, "too many messages waited for a webhook; the oldest are given up");
        let event = byoa_server::audit::event(clock.now(), "webhook.messages.dropped", "server");
        let detail = Some(format!("webhook {webhook_id}: {messages} messages"));
        store.append_audit(&[AuditRecord { environment_id: Some(environment_id), detail, ..event }]).await?;
    }
    Ok(())
}

/// The store's own last: what it announces tells other servers that all of it is done.
async fn sweep_once(
    (store, clock, metrics): (Arc<dyn Store>, Arc<dyn Clock>, Arc<Metrics>),
    audit_retention: Duration,
) {
    if let Err(cause) = trim(store.as_ref(), clock.as_ref(), &metrics).await {
        tracing::warn!(%cause, "the webhooks' queues cannot be trimmed now");
    }
    let before = |kept: Duration| {
        let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        UnixMillis(clock.now().0.saturating_sub(kept))
    };
    if let Err(cause) = store.sweep_audit(before(audit_retention)).await {
        tracing::warn!(%cause, "the audit log cannot be swept now");
    }
    if let Err(cause) = store.sweep_messages(before(webhooks::KEPT)).await {
        tracing::warn!(%cause, "the webhooks' messages cannot be swept now");
    }
    if let Err(cause) = store.sweep_signing_keys(before(PUBLISHED_AFTER_RETIREMENT)).await {
        tracing::warn!(%cause, "retired signing keys cannot be swept now");
    }
    match store.sweep(clock.now()).await {
        Ok(rows) => tracing::debug!(rows, "swept"),
        Err(cause) => tracing::warn!(%cause, "the store cannot be swept now"),
    }
}
