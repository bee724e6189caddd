//! The store in one `SQLite` file. Every answer `Ok` is on the disk (`synchronous = FULL`). Other processes,
//! such as the command line, may use the file at the same time.
//!
//! What is frequent, users and sessions, goes through threads of our own (`reader`, `writer`); what is seldom
//! goes through the same driver as `PostgreSQL`'s, which also keeps the tables up to date.

mod admin;
mod audit;
mod connection;
mod dump;
mod environments;
#[cfg(unix)]
mod exposure;
mod open;
mod outbox;
mod queue;
mod reader;
mod records;
mod rows;
mod sessions;
mod sign_in;
mod usernames;
mod users;
mod uses;
mod webhooks;
mod writer;

#[cfg(test)]
mod group_tests;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use rusqlite::{Connection, ToSql};
use sqlx::{Row, SqliteConnection, SqlitePool, Transaction, sqlite::Sqlite};
use tokio::sync::{OwnedMutexGuard, mpsc};
use uuid::Uuid;

use super::webhooks::Event;
use super::{
    AdminToken, AuditQuery, AuditRecord, Changes, DumpLine, Environment, KeptSecrets, Note, OneUse,
    OpenError, Refresh, Refreshed, SessionRecord, SignIn, SignedIn, SigningKeyRecord, Store, StoreError,
    Tables, User, UserChange,
};
use super::{NewUser, Page, SessionQuery, UserQuery};
use crate::clock::UnixMillis;
use open::Opened;
use reader::Reader;
use sessions::{PORTION, Portion};
use writer::{Turn, Writer};

type Result<T> = std::result::Result<T, StoreError>;

/// A transaction in its turn, begun with the intent to write: it waits for others at its start and cannot
/// fail halfway for being late.
#[derive(Debug)]
struct Writing {
    // Dropped first: what is not committed is rolled back, and then it is another's turn.
    transaction: Transaction<'static, Sqlite>,
    _turn: OwnedMutexGuard<()>,
}

impl Writing {
    async fn commit(self) -> Result<()> {
        self.transaction.commit().await.map_err(rows::failed)
    }

    #[cfg(test)]
    async fn rollback(self) -> Result<()> {
        self.transaction.rollback().await.map_err(rows::failed)
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

/// [`Store`] in one `SQLite` file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// What is frequent.
    group: Writer,
    look_ups: Reader,
    /// What may take long: lists.
    lists: Reader,
    /// What is seldom: one connection that writes, in its turn, and a few that read.
    turn: Turn,
    writer: SqlitePool,
    readers: SqlitePool,
    /// Environments by id as of a revision, which is read afresh each time.
    environments: Arc<Mutex<HashMap<Uuid, Arc<Environment>>>>,
    /// What is written into the audit log with a change.
    note: Note,
}

impl SqliteStore {
    /// Opens or makes the file that `sqlite://PATH` names.
    pub async fn open(database_url: &str) -> std::result::Result<Self, OpenError> {
        Self::open_with(database_url, Tables::Migrate).await
    }

    /// The same, and does about the tables what is asked for.
    pub async fn open_with(database_url: &str, tables: Tables) -> std::result::Result<Self, OpenError> {
        let Opened { writer, readers, file } = open::open(database_url, tables).await?;
        let turn = Turn::default();
        let failed = |error: rusqlite::Error| OpenError::Database(error.into());
        Ok(Self {
            group: Writer::start(file.clone(), Arc::clone(&turn)).map_err(failed)?,
            look_ups: Reader::start(&file).map_err(failed)?,
            lists: Reader::start(&file).map_err(failed)?,
            turn,
            writer,
            readers,
            environments: Arc::default(),
            note: Note::default(),
        })
    }

    /// Writes into the audit log what belongs to the change.
    async fn noted(&self, writing: &mut SqliteConnection) -> Result<()> {
        audit::append_one(writing, self.note.about(None, None)).await
    }

    async fn begin(&self) -> Result<Writing> {
        let turn = tokio::time::timeout(open::BUSY_TIMEOUT * 2, Arc::clone(&self.turn).lock_owned()).await;
        let turn = turn.map_err(|late| StoreError::Unavailable(late.into()))?;
        let transaction = match self.writer.begin_with("BEGIN IMMEDIATE").await {
            // A database that runs out of room ends a transaction by itself. The driver goes on counting it
            // and lets no other begin on that connection, so it goes.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                let spoilt = self.writer.acquire().await.map_err(rows::failed)?;
                // There is nothing in it to be lost.
                let _ = spoilt.close().await;
                self.writer.begin_with("BEGIN IMMEDIATE").await
            }
            begun => begun,
        };
        let transaction = transaction.map_err(rows::failed)?;
        Ok(Writing { transaction, _turn: turn })
    }
}

impl SqliteStore {
    /// Repeats a statement with this and [`PORTION`] bound until it changes nothing more; how many rows it did.
    /// Others have their turn in between.
    async fn in_portions<T>(&self, text: &'static str, bound: T) -> Result<u64>
    where
        T: ToSql + Copy + Send + 'static,
    {
        let mut all = 0;
        loop {
            let some = move |writing: &Connection| connection::execute(writing, text, (bound, PORTION));
            match self.group.write(some).await? {
                0 => return Ok(all),
                rows => all += rows as u64,
            }
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn audited(&self, event: AuditRecord) -> Arc<dyn Store> {
        Arc::new(Self { note: Note::of(event), ..self.clone() })
    }

    async fn ping(&self) -> Result<()> {
        let answer =
            |reading: &Connection| reading.query_row("SELECT 1", [], |_| Ok(())).map_err(connection::failed);
        self.look_ups.read(answer).await?;
        if !self.group.is_failing() {
            return Ok(());
        }
        // It could not write; whether it can now shows only by writing. The number means nothing here.
        self.group
            .write(|writing| connection::execute(writing, "PRAGMA user_version = 0", []).map(drop))
            .await
    }

    async fn create_environment(&self, environment: &Environment, key: &SigningKeyRecord) -> Result<()> {
        let mut writing = self.begin().await?;
        environments::insert(&mut writing, environment).await?;
        environments::insert_key(&mut writing, key).await?;
        self.noted(&mut writing).await?;
        writing.commit().await
    }

    async fn update_environment(
        &self,
        environment: &Environment,
        key: Option<&SigningKeyRecord>,
    ) -> Result<()> {
        let mut writing = self.begin().await?;
        environments::update(&mut writing, environment).await?;
        if let Some(key) = key {
            environments::retire_keys(&mut writing, environment.id, environment.updated_at).await?;
            environments::insert_key(&mut writing, key).await?;
        }
        let made = |row: &mut AuditRecord| row.kid = key.map(|key| key.kid.clone());
        audit::append_one(&mut writing, self.note.with(made)).await?;
        writing.commit().await
    }

    async fn environment(&self, id: Uuid) -> Result<Arc<Environment>> {
        environments::cached(&self.look_ups, &self.readers, &self.environments, id).await
    }

    async fn changes(&self) -> Result<Changes> {
        Ok(Changes::none())
    }

    async fn environments(&self) -> Result<Vec<Environment>> {
        environments::all(&self.readers).await
    }

    async fn signing_keys(&self, environment: Uuid) -> Result<Vec<SigningKeyRecord>> {
        environments::keys(&self.readers, environment).await
    }

    async fn forget_signing_key(&self, environment: Uuid, kid: &str, now: UnixMillis) -> Result<()> {
        let mut writing = self.begin().await?;
        environments::forget_key(&mut writing, environment, kid, now).await?;
        audit::append_one(&mut writing, self.note.with(|row| row.kid = Some(kid.to_owned()))).await?;
        writing.commit().await
    }

    async fn sweep_signing_keys(&self, before: UnixMillis) -> Result<u64> {
        let mut writing = self.begin().await?;
        let swept = environments::sweep_keys(&mut writing, before).await?;
        writing.commit().await?;
        Ok(swept)
    }

    async fn replace_secrets(&self, secrets: &KeptSecrets) -> Result<()> {
        let mut writing = self.begin().await?;
        environments::replace_secrets(&mut writing, secrets).await?;
        self.noted(&mut writing).await?;
        writing.commit().await?;
        // What was kept before is in the file until the log is written into it, and in the log until that is
        // cut off. Where somebody reads for long, the next time does it: the change itself is done.
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await;
        Ok(())
    }

    async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn> {
        let (sign_in, note) = (sign_in.clone(), self.note.clone());
        self.group.write(move |writing| sign_in::sign_in(writing, &sign_in, &note)).await
    }

    async fn session(&self, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
        self.look_ups.read(move |reading| sessions::get(reading, environment, id)).await
    }

    async fn refresh(&self, refresh: &Refresh) -> Result<Refreshed> {
        let (refresh, note) = (refresh.clone(), self.note.clone());
        let moved = move |writing: &Connection| {
            writer::whole(writing, || sessions::refresh(writing, &refresh, &note))
        };
        self.group.write(moved).await
    }

    async fn revoke_session(
        &self,
        environment: Uuid,
        id: Uuid,
        now: UnixMillis,
        reason: &str,
    ) -> Result<bool> {
        let (reason, note) = (reason.to_owned(), self.note.clone());
        self.group
            .write(move |writing| sessions::revoke(writing, (environment, id), now, &reason, &note))
            .await
    }

    async fn revoke_sessions(
        &self,
        environment: Uuid,
        user: Option<Uuid>,
        now: UnixMillis,
        reason: &str,
    ) -> Result<u64> {
        let mut portion =
            Portion { environment, user, now, reason: reason.to_owned(), after: i64::MIN, ended: 0 };
        let mut all = 0;
        loop {
            let (some, note) = (portion.clone(), self.note.clone());
            let (ended, next) =
                self.group.write(move |writing| sessions::revoke_some(writing, &some, &note)).await?;
            all += ended;
            portion.ended = all;
            match next {
                Some(after) => portion.after = after,
                None => return Ok(all),
            }
        }
    }

    async fn user(&self, environment: Uuid, id: Uuid) -> Result<User> {
        let at_one_moment = move |reading: &Connection| {
            let reading = reading.unchecked_transaction().map_err(connection::failed)?;
            users::get(&reading, environment, id)
        };
        self.look_ups.read(at_one_moment).await
    }

    async fn update_user(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &UserChange,
        now: UnixMillis,
    ) -> Result<User> {
        let (change, note) = (change.clone(), self.note.clone());
        let update = move |writing: &Connection| {
            writer::whole(writing, || {
                uses::spend(writing, environment, change.one_use.as_ref())?;
                users::update(writing, environment, id, &change, now)?;
                let user = users::get(writing, environment, id)?;
                if change.is_any() {
                    outbox::tell(writing, &Event::user_updated(&user, now))?;
                }
                audit::append(writing, note.about(Some(id), None).as_slice())?;
                Ok(user)
            })
        };
        self.group.write(update).await
    }

    async fn delete_user(
        &self,
        environment: Uuid,
        id: Uuid,
        one_use: Option<&OneUse>,
        now: UnixMillis,
    ) -> Result<bool> {
        let (one_use, note) = (one_use.cloned(), self.note.clone());
        let delete = move |writing: &Connection| {
            writer::whole(writing, || {
                uses::spend(writing, environment, one_use.as_ref())?;
                // Where there is nobody, nothing is used up either.
                let user = users::get(writing, environment, id)?;
                users::delete(writing, environment, id)?;
                outbox::forget(writing, environment, id)?;
                outbox::tell(writing, &Event::user_deleted(&user, now))?;
                audit::append(writing, note.about(Some(id), None).as_slice())
            })
        };
        match self.group.write(delete).await {
            Err(StoreError::NotFound) => Ok(false),
            done => done.map(|()| true),
        }
    }

    async fn use_nonce(&self, environment: Uuid, nonce: &str, expires_at: UnixMillis) -> Result<bool> {
        let (nonce, note) = (nonce.to_owned(), self.note.clone());
        let first_use = move |writing: &Connection| {
            writer::whole(writing, || {
                let is_first = uses::first_use(writing, environment, &nonce, expires_at)?;
                if is_first {
                    audit::append(writing, note.about(None, None).as_slice())?;
                }
                Ok(is_first)
            })
        };
        self.group.write(first_use).await
    }

    async fn nonce_used(&self, environment: Uuid, nonce: &str) -> Result<bool> {
        let nonce = nonce.to_owned();
        self.look_ups.read(move |reading| uses::is_used(reading, environment, &nonce)).await
    }

    async fn create_admin_token(&self, token: &AdminToken) -> Result<()> {
        let mut writing = self.begin().await?;
        admin::insert(&mut writing, token).await?;
        self.noted(&mut writing).await?;
        writing.commit().await
    }

    async fn admin_token(&self, hash: &[u8]) -> Result<AdminToken> {
        admin::find(&self.readers, hash).await
    }

    async fn admin_tokens(&self) -> Result<Vec<AdminToken>> {
        admin::all(&self.readers).await
    }

    async fn revoke_admin_token(&self, id: Uuid, now: UnixMillis) -> Result<bool> {
        let mut writing = self.begin().await?;
        let was_live = admin::revoke_token(&mut writing, id, now).await?;
        if was_live {
            self.noted(&mut writing).await?;
        }
        writing.commit().await?;
        Ok(was_live)
    }

    async fn users(&self, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
        let query = query.clone();
        self.lists.read(move |reading| users::list(reading, environment, &query)).await
    }

    async fn put_users(&self, environment: Uuid, users: &[NewUser], upsert: bool) -> Result<Vec<User>> {
        let (users, note) = (users.to_vec(), self.note.clone());
        let put = move |writing: &Connection| {
            writer::whole(writing, || {
                environments::expect(writing, environment)?;
                let put = |new: &NewUser| {
                    let user = users::put(writing, environment, new, upsert)?;
                    outbox::tell(writing, &Event::put(&user, new))?;
                    Ok(user)
                };
                let made = users.iter().map(put).collect::<Result<Vec<_>>>()?;
                let only = if let [one] = made.as_slice() { Some(one.id) } else { None };
                audit::append(writing, note.about(only, None).as_slice())?;
                Ok(made)
            })
        };
        self.group.write(put).await
    }

    async fn find_session(&self, id: Uuid) -> Result<SessionRecord> {
        self.look_ups.read(move |reading| sessions::find(reading, id)).await
    }

    async fn sessions(
        &self,
        environment: Uuid,
        user: Uuid,
        query: &SessionQuery,
    ) -> Result<Page<SessionRecord>> {
        let query = query.clone();
        self.lists.read(move |reading| sessions::list(reading, environment, user, &query)).await
    }

    async fn append_audit(&self, records: &[AuditRecord]) -> Result<()> {
        let records = records.to_vec();
        self.group.write(move |writing| writer::whole(writing, || audit::append(writing, &records))).await
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
        audit::list(&self.readers, query).await
    }

    async fn sweep_audit(&self, before: UnixMillis) -> Result<u64> {
        self.in_portions(audit::SWEEP, before.0).await
    }

    async fn sweep(&self, now: UnixMillis) -> Result<u64> {
        Ok(self.in_portions(uses::SWEEP, now.0).await? + self.in_portions(sessions::SWEEP, now.0).await?)
    }

    async fn export(&self, environment: Uuid, lines: mpsc::Sender<DumpLine>) -> Result<()> {
        let mut reading = self.readers.begin().await.map_err(rows::failed)?;
        dump::export(&mut reading, environment, &lines).await
    }

    async fn import(&self, mut lines: mpsc::Receiver<DumpLine>) -> Result<u64> {
        let mut writing = self.begin().await?;
        let taken = dump::import(&mut writing, &mut lines).await?;
        audit::append_one(&mut writing, taken.noted(&self.note)).await?;
        writing.commit().await?;
        Ok(taken.rows)
    }
}

/// The revision that a row of `environments` has.
fn revision(row: &sqlx::sqlite::SqliteRow) -> Result<i64> {
    row.try_get("revision").map_err(rows::failed)
}
