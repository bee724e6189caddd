//! What the server remembers. Operations are whole and atomic, named after what happens and not after
//! tables, so that an implementation may group concurrent ones into one commit, or be another database.
//!
//! Nothing here decides whether something is allowed beyond what only a transaction can know (unique,
//! single use, still live), reads a clock or makes an id: callers pass both, so an operation can be
//! repeated; the ids of what is told to webhooks ([`webhooks`]), and of rows of the audit log where one operation
//! writes several, are the exception. What an operation has answered `Ok` to survives a crash of the process and of
//! the machine.

mod admin;
mod audit;
mod changes;
#[cfg(test)]
mod contract;
mod dump;
mod error;
pub mod postgres;
mod records;
pub mod sqlite;
mod username;
pub mod webhooks;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use sqlx::migrate::{Migrate, Migration, Migrator};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::clock::UnixMillis;
pub use admin::{NewUser, Page, SessionQuery, UserQuery};
use audit::Note;
pub use audit::{AuditQuery, AuditRecord};
pub use changes::{Change, Changes};
pub use dump::DumpLine;
pub use error::{Conflicting, OpenError, StoreError};
pub use records::{
    AdminToken, Credential, CredentialKind, EmailClaim, Environment, IssuerConfig, KeptSecrets, KeySource,
    OneUse, Refresh, Refreshed, ReplayPolicy, SessionAlgorithm, SessionOrigin, SessionRecord, SignIn,
    SignedIn, SigningKeyRecord, UnknownReplayPolicy, UnknownSessionAlgorithm, User, UserChange,
};

pub use webhooks::WebhookStore;

/// Why a session was ended whose replaced token came back.
pub const REFRESH_REUSE: &str = "refresh-reuse";

/// The server's memory.
#[async_trait]
pub trait Store: WebhookStore + Send + Sync + Debug {
    /// The same store, in which an operation that an administrator or a user asks for writes `event` into the
    /// audit log with what it changes: in one transaction, so that neither is there without the other. It adds
    /// which user, session or key it was about where `event` leaves that open. What changes nothing (it is
    /// refused, the session had ended, there is nobody to remove) writes nothing. Of [`Store::refresh`]
    /// only the end of a session, and a late one, is written; of [`Store::revoke_sessions`] how many of them a transaction has
    /// ended, a row for each.
    fn audited(&self, event: AuditRecord) -> Arc<dyn Store>;

    /// Whether it answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Adds an environment with its issuers and its first signing key. [`Conflicting::Environment`]
    /// where the id is taken.
    async fn create_environment(
        &self,
        environment: &Environment,
        key: &SigningKeyRecord,
    ) -> Result<(), StoreError>;

    /// Replaces an environment's settings and issuers. With `key`, that one signs from now on, and the
    /// earlier ones retire at `environment.updated_at`.
    ///
    /// `environment.revision` is the one that was read; [`Conflicting::Revision`] where somebody was
    /// faster.
    async fn update_environment(
        &self,
        environment: &Environment,
        key: Option<&SigningKeyRecord>,
    ) -> Result<(), StoreError>;

    /// One environment as it is now, also where another process has just changed it.
    async fn environment(&self, id: Uuid) -> Result<Arc<Environment>, StoreError>;

    /// What other servers announce, and this one, from now on. Nothing may depend on it: an announcement can
    /// be late or lost, and [`Store::environment`] is right without. `SQLite` announces nothing.
    async fn changes(&self) -> Result<Changes, StoreError>;

    /// Every environment, oldest first.
    async fn environments(&self) -> Result<Vec<Environment>, StoreError>;

    /// Every signing key of an environment, the active one first, then the latest retired.
    async fn signing_keys(&self, environment: Uuid) -> Result<Vec<SigningKeyRecord>, StoreError>;

    /// Forgets a signing key that is retired, and raises the environment's revision at `now`.
    /// [`StoreError::NotFound`] where there is none of that name or it still signs.
    async fn forget_signing_key(
        &self,
        environment: Uuid,
        kid: &str,
        now: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Forgets the signing keys of every environment that retired until `before`, and raises the revision of
    /// those environments. How many keys.
    async fn sweep_signing_keys(&self, before: UnixMillis) -> Result<u64, StoreError>;

    /// Replaces an environment's secrets as they are kept, all or none, and raises its revision. What they
    /// are stays. [`Conflicting::Revision`] where the environment was changed since it was read,
    /// [`StoreError::NotFound`] where a signing key or a webhook is none of the environment's.
    async fn replace_secrets(&self, secrets: &KeptSecrets) -> Result<(), StoreError>;

    /// Finds or makes the user of (environment, issuer, subject), brings its credentials up to date and
    /// opens a session, all or nothing. Two at once for one subject make one user. What is refused uses
    /// [`SignIn::one_use`] up as little as anything else.
    async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn, StoreError>;

    /// A session of that environment, whatever its state.
    async fn session(&self, environment: Uuid, id: Uuid) -> Result<SessionRecord, StoreError>;

    /// Moves a session that is neither revoked nor past its end on to its next token, where the presented
    /// one is its newest. [`StoreError::NotFound`] where it is revoked, over, or not there.
    ///
    /// A token that is not the newest moves nothing. The one before the newest, within
    /// [`Refresh::grace`] of its replacement, and any with [`Refresh::proven`], get the newest. Any other
    /// ends the session with the reason [`REFRESH_REUSE`], in the same transaction.
    async fn refresh(&self, refresh: &Refresh) -> Result<Refreshed, StoreError>;

    /// Ends a session. Whether it was live; ending it again, or one that never was, changes nothing.
    async fn revoke_session(
        &self,
        environment: Uuid,
        id: Uuid,
        now: UnixMillis,
        reason: &str,
    ) -> Result<bool, StoreError>;

    /// Ends the live sessions of a user, or of everybody, that were opened until `now`; one that is
    /// opened later stays. How many.
    async fn revoke_sessions(
        &self,
        environment: Uuid,
        user: Option<Uuid>,
        now: UnixMillis,
        reason: &str,
    ) -> Result<u64, StoreError>;

    /// A user with its credentials.
    async fn user(&self, environment: Uuid, id: Uuid) -> Result<User, StoreError>;

    /// Changes a profile. [`Conflicting::Username`] where another user of the environment has that name,
    /// in whatever case; [`Conflicting::Used`] where [`UserChange::one_use`] was used before. It is used up
    /// with the change or not at all.
    async fn update_user(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &UserChange,
        now: UnixMillis,
    ) -> Result<User, StoreError>;

    /// Removes a user, its credentials, its sessions and what the outbox still keeps about it for reading up.
    /// Whether there was one. [`Conflicting::Used`] where `one_use` was used before; it is used up with the
    /// user or not at all.
    async fn delete_user(
        &self,
        environment: Uuid,
        id: Uuid,
        one_use: Option<&OneUse>,
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Marks a nonce as used until `expires_at`. Whether this was the first time.
    async fn use_nonce(
        &self,
        environment: Uuid,
        nonce: &str,
        expires_at: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Whether a nonce was marked as used and is not forgotten yet.
    async fn nonce_used(&self, environment: Uuid, nonce: &str) -> Result<bool, StoreError>;

    /// Adds a token for administrators, of which only a hash is known here.
    async fn create_admin_token(&self, token: &AdminToken) -> Result<(), StoreError>;

    /// The administrators' token with that SHA-256.
    async fn admin_token(&self, hash: &[u8]) -> Result<AdminToken, StoreError>;

    /// Every administrators' token, oldest first.
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError>;

    /// Ends an administrators' token. Whether it was live.
    async fn revoke_admin_token(&self, id: Uuid, now: UnixMillis) -> Result<bool, StoreError>;

    /// A part of an environment's users, and how many there are in all, as of one moment.
    async fn users(&self, environment: Uuid, query: &UserQuery) -> Result<Page<User>, StoreError>;

    /// Makes users, all or none. One whose external identity is known is changed with `upsert`,
    /// [`Conflicting::Identity`] without. [`StoreError::NotFound`] where there is no such environment, also
    /// with nobody to make.
    async fn put_users(
        &self,
        environment: Uuid,
        users: &[NewUser],
        upsert: bool,
    ) -> Result<Vec<User>, StoreError>;

    /// A session, whichever environment it is of.
    async fn find_session(&self, id: Uuid) -> Result<SessionRecord, StoreError>;

    /// A part of a user's sessions, the newest first, and how many there are in all.
    async fn sessions(
        &self,
        environment: Uuid,
        user: Uuid,
        query: &SessionQuery,
    ) -> Result<Page<SessionRecord>, StoreError>;

    /// Adds events to the audit log, all or none.
    async fn append_audit(&self, records: &[AuditRecord]) -> Result<(), StoreError>;

    /// Events of the audit log, the latest (highest id) first.
    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError>;

    /// Forgets events of the audit log from before `before`. How many.
    async fn sweep_audit(&self, before: UnixMillis) -> Result<u64, StoreError>;

    /// Forgets used nonces and sessions that ended before `now`. How many rows went.
    async fn sweep(&self, now: UnixMillis) -> Result<u64, StoreError>;

    /// Sends everything of an environment, as it is at one moment, secrets included. Ends early, and well,
    /// where nobody reads on.
    async fn export(&self, environment: Uuid, lines: mpsc::Sender<DumpLine>) -> Result<(), StoreError>;

    /// Takes what [`Store::export`] has sent, all or nothing; the number of rows.
    /// [`Conflicting::Environment`] where the environment is there already.
    async fn import(&self, lines: mpsc::Receiver<DumpLine>) -> Result<u64, StoreError>;
}

/// What opening a store does about its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Brings them up to date.
    Migrate,
    /// Expects them to be what this version needs, and changes nothing.
    Expect,
}

/// Opens the store that `database_url` names and brings its tables up to date. `sqlite://PATH` makes the
/// file where there is none, readable by its owner only; `postgres://` names a database that exists.
pub async fn open(database_url: &str) -> Result<Arc<dyn Store>, OpenError> {
    open_with(database_url, Tables::Migrate).await
}

/// [`open`], and does about the tables what is asked for.
pub async fn open_with(database_url: &str, tables: Tables) -> Result<Arc<dyn Store>, OpenError> {
    let scheme = database_url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => Ok(Arc::new(sqlite::SqliteStore::open_with(database_url, tables).await?)),
        "postgres" | "postgresql" => {
            Ok(Arc::new(postgres::PostgresStore::open_with(database_url, tables).await?))
        }
        _ => Err(OpenError::SchemeUnknown { found: scheme.to_owned() }),
    }
}

/// Does about the tables behind `connection` what is asked for.
async fn prepare<C: Migrate>(
    connection: &mut C,
    migrations: &Migrator,
    tables: Tables,
) -> Result<(), OpenError> {
    if tables == Tables::Migrate {
        let done = migrations.run_direct(None, connection, false).await;
        return done.map_err(|error| OpenError::Migration(error.into()));
    }
    // Where there is no list, nothing was ever done.
    let done = connection.list_applied_migrations(&migrations.table_name).await.unwrap_or_default();
    let is_done = |wanted: &Migration| done.iter().any(|one| one.version == wanted.version);
    if migrations.iter().all(is_done) { Ok(()) } else { Err(OpenError::TablesOutdated) }
}
