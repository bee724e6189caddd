//! What can go wrong in a store.

use std::error::Error;

use thiserror::Error as ThisError;

/// What another row has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Conflicting {
    /// The environment's id.
    #[error("the environment exists already")]
    Environment,
    /// The environment was changed since it was read.
    #[error("the environment was changed meanwhile; read it again")]
    Revision,
    /// The username.
    #[error("the username belongs to another user")]
    Username,
    /// Its one use.
    #[error("it was used before")]
    Used,
    /// The place of one more webhook.
    #[error("the environment has as many webhooks as it may have")]
    Webhooks,
    /// The external identity.
    #[error("the external identity belongs to another user")]
    Identity,
    /// Anything else, which the caller's ids should have made impossible.
    #[error("the row exists already")]
    Other,
}

/// Why an operation was not done. None was done in part.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum StoreError {
    /// Another row has what must be unique.
    #[error(transparent)]
    Conflict(#[from] Conflicting),
    /// There is no such thing, or it is not in the state that the operation needs.
    #[error("not found")]
    NotFound,
    /// The database does not answer now.
    #[error("the database does not answer")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database holds something that this version did not write.
    #[error("the database holds an unreadable {0}")]
    Corrupt(&'static str),
}

/// Why a store was not opened.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum OpenError {
    /// No store for this kind of URL.
    #[error("no database is known for the URL scheme {found}; use sqlite://PATH or postgres://HOST/NAME")]
    SchemeUnknown {
        /// The scheme.
        found: String,
    },
    /// The URL is not one of this kind.
    #[error("the database URL is not valid; use sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/NAME")]
    UrlInvalid(#[source] Box<dyn Error + Send + Sync>),
    /// The file cannot be made or read.
    #[error("the database file {path} cannot be opened; check that its folder exists and may be written")]
    File {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database refuses.
    #[error("the database cannot be opened")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// Its tables cannot be brought up to date.
    #[error("the database's tables cannot be brought up to date; a newer version may have written them")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
    /// The tables are older than this version, and were not to be touched.
    #[error("the database's tables are older than this version; run `byoa-server migrate`")]
    TablesOutdated,
}
