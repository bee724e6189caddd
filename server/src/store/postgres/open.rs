//! Connecting: what every connection is told, and the tables.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::Instant;

use super::usernames;
use crate::store::{OpenError, Tables, prepare};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// How many connections one server opens. A commit waits for the disk and takes others along, so that
/// more connections make larger groups; each costs the database memory.
const MOST_CONNECTIONS: u32 = 24;

/// How long a request waits for one of them, and for the first.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// After how long without use a connection is asked whether it still leads to the database, which may have
/// been restarted meanwhile. Under load none waits so long, and nothing is asked.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long it may take to say so. One that leads nowhere is given up and replaced, where otherwise it would
/// hold its place until the system notices, some fifteen minutes.
const ALIVE_WITHIN: Duration = Duration::from_secs(2);

/// What each connection asks for, whatever the database's own defaults are. An answer `Ok` is on the
/// disk; nothing waits for ever, nor holds others up for ever.
const SETTINGS: [(&str, &str); 4] = [
    ("synchronous_commit", "on"),
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "15s"),
];

/// The connections, with the tables as this version needs them.
pub(super) async fn open(database_url: &str, tables: Tables) -> Result<PgPool, OpenError> {
    let options =
        PgConnectOptions::from_str(database_url).map_err(|error| OpenError::UrlInvalid(error.into()))?;
    let options = options.application_name("byoa-server");
    let mut first = connect(&options).await?;
    prepare(&mut first, &MIGRATIONS, tables).await?;
    if tables == Tables::Migrate {
        usernames::key_all(&mut first).await.map_err(|error| OpenError::Migration(error.into()))?;
    }
    // What it has to say is said.
    let _ = first.close().await;
    let before = Trust::default();
    let after = before.clone();
    PgPoolOptions::new()
        .max_connections(MOST_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(move |connection, state| {
            if before.trusts(state.idle_for) { Box::pin(async { Ok(true) }) } else { before.ask(connection) }
        })
        .after_release(move |connection, _| after.ask(connection))
        .connect_with(options.options(SETTINGS))
        .await
        .map_err(|error| OpenError::Database(error.into()))
}

/// Which connections may be used without asking. Shared by clones.
#[derive(Clone, Debug, Default)]
struct Trust {
    /// When one was last found to lead nowhere: those that were idle then are suspect.
    broken: Arc<Mutex<Option<Instant>>>,
}

impl Trust {
    fn trusts(&self, idle_for: Duration) -> bool {
        let broken = *self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        idle_for < TRUSTED_FOR && broken.is_none_or(|at| idle_for < at.elapsed())
    }

    /// An error where the connection leads nowhere; it is closed then.
    fn ask<'c>(&self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<bool, sqlx::Error>> {
        let broken = Arc::clone(&self.broken);
        Box::pin(async move {
            let asked = tokio::time::timeout(ALIVE_WITHIN, connection.ping()).await;
            let answered = asked.unwrap_or(Err(sqlx::Error::PoolTimedOut));
            if answered.is_err() {
                *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
            answered.map(|()| true)
        })
    }
}

/// Without the settings: bringing tables up to date may take longer than a statement of a request.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let connecting = PgConnection::connect_with(options);
    match tokio::time::timeout(ACQUIRE_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(|error| OpenError::Database(error.into())),
        Err(elapsed) => Err(OpenError::Database(elapsed.into())),
    }
}
