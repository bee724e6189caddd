//! Connecting: what every connection is told, and the tables.

use std::{str::FromStr, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{line, usernames};
use crate::store::{OpenError, Tables, prepare};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// How many connections one server opens. A commit waits for the disk and takes others along, so that
/// more connections make larger groups; each costs the database memory.
const MOST_CONNECTIONS: u32 = 24;

/// How long a request waits for one of them, and for the first.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

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
    PgPoolOptions::new()
        .max_connections(MOST_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, state| line::before_use(connection, state.idle_for))
        .after_release(|connection, _| line::after_use(connection))
        .connect_with(options.options(SETTINGS))
        .await
        .map_err(|error| OpenError::Database(error.into()))
}

/// Without the settings: bringing tables up to date may take longer than a statement of a request.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let connecting = PgConnection::connect_with(options);
    match tokio::time::timeout(ACQUIRE_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(|error| OpenError::Database(error.into())),
        Err(elapsed) => Err(OpenError::Database(elapsed.into())),
    }
}
