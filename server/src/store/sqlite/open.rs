//! Opening the file: its mode, its settings, its tables.

use std::{fs::OpenOptions, io::ErrorKind, path::Path, str::FromStr, time::Duration};

use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{connection::File, usernames};
use crate::store::{OpenError, Tables, prepare};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// How long a write waits for another process's.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

const READERS: u32 = 4;

/// The ways into one file.
pub(super) struct Opened {
    /// One connection, for what is seldom written.
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    /// For the threads.
    pub(super) file: File,
}

/// Opens or makes it.
pub(super) async fn open(database_url: &str, tables: Tables) -> Result<Opened, OpenError> {
    let options = SqliteConnectOptions::from_str(database_url)
        .map_err(|error| OpenError::UrlInvalid(error.into()))?
        .create_if_missing(false)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        // Deleted rows are overwritten: a deleted user is gone from the file as well.
        .pragma("secure_delete", "FAST");
    create_private(options.get_filename())?;
    let file = File { path: options.get_filename().to_owned(), busy_timeout: BUSY_TIMEOUT };

    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(BUSY_TIMEOUT * 2)
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await
        .map_err(|error| OpenError::Database(error.into()))?;
    let mut first = writer.acquire().await.map_err(|error| OpenError::Database(error.into()))?;
    prepare(&mut *first, &MIGRATIONS, tables).await?;
    if tables == Tables::Migrate {
        usernames::key_all(&mut first).await.map_err(|error| OpenError::Migration(error.into()))?;
    }
    drop(first);
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(BUSY_TIMEOUT)
        // A file does not hang up; asking each time would cost as much as what is asked for.
        .test_before_acquire(false)
        .connect_with(options.read_only(true))
        .await
        .map_err(|error| OpenError::Database(error.into()))?;
    // Now that its files are there.
    #[cfg(unix)]
    super::exposure::tell(&file.path);
    Ok(Opened { writer, readers, file })
}

/// Makes the file for its owner only, before anything is in it. `SQLite` gives the files beside it
/// (`-wal`, `-shm`) the same mode.
fn create_private(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::File { path: path.display().to_string(), source }),
    }
}
