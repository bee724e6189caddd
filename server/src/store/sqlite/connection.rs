//! Connections that belong to a thread of their own. What is frequent goes through them: a call costs no
//! turn of another thread per statement and row, as with the driver that the rest of this store uses.

use std::{path::PathBuf, time::Duration};

use rusqlite::{Connection, Error, OpenFlags, ffi};

use super::Result;
use crate::store::{Conflicting, StoreError};

/// More than there are texts, so that each is prepared once.
const STATEMENTS: usize = 64;

/// How to open the file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Where it is; it exists, with its tables.
    pub(super) path: PathBuf,
    /// How long a write waits for another process's.
    pub(super) busy_timeout: Duration,
}

impl File {
    /// A connection that writes. What it has committed is on the disk.
    pub(super) fn for_writing(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;",
        )?;
        Ok(connection)
    }

    /// A connection that only reads.
    pub(super) fn for_reading(&self) -> rusqlite::Result<Connection> {
        self.open(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn open(&self, access: OpenFlags) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

/// What an error of the database means.
pub(super) fn failed(error: Error) -> StoreError {
    match &error {
        Error::QueryReturnedNoRows => StoreError::NotFound,
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::InvalidColumnName(_)
        | Error::IntegralValueOutOfRange(..) => StoreError::Corrupt("row"),
        Error::SqliteFailure(cause, message) => match cause.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                // SQLite names the columns, which are ours, and never the values.
                let is_username = message.as_deref().is_some_and(|text| text.contains("username_key"));
                if is_username { Conflicting::Username.into() } else { Conflicting::Other.into() }
            }
            // The row that this one belongs to is gone: an environment or a user.
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::NotFound,
            _ => StoreError::Unavailable(error.into()),
        },
        _ => StoreError::Unavailable(error.into()),
    }
}

/// Runs a statement; how many rows it changed.
pub(super) fn execute(
    connection: &Connection,
    text: &str,
    parameters: impl rusqlite::Params,
) -> Result<usize> {
    connection.prepare_cached(text).and_then(|mut statement| statement.execute(parameters)).map_err(failed)
}
