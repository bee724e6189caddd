//! The store in one `SQLite` file. Every answer `Ok` is on the disk (`synchronous = FULL`). One connection
//! writes, for several callers at once where they come at once, and a few read; other processes, such as the command line, may use the file at the same time.

mod admin;
mod audit;
mod dump;
mod environments;
mod nonces;
mod open;
mod outbox;
mod rows;
mod sessions;
mod sign_in;
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
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use sqlx::{Row, SqlitePool, Transaction, sqlite::Sqlite};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::webhooks::Event;
use super::{
    AdminToken, AuditQuery, AuditRecord, DumpLine, Environment, OneUse, OpenError, Refresh, Refreshed,
    SessionRecord, SignIn, SignedIn, SigningKeyRecord, Store, StoreError, Tables, User, UserChange,
};
use super::{NewUser, Page, SessionQuery, UserQuery};
use crate::clock::UnixMillis;
use writer::Writer;

type Result<T> = std::result::Result<T, StoreError>;

/// A transaction of the writer, begun with the intent to write: it waits for other processes at its
/// start and cannot fail halfway for being late.
type Writing = Transaction<'static, Sqlite>;

/// [`Store`] in one `SQLite` file.
#[derive(Debug)]
pub struct SqliteStore {
    /// One connection. What is frequent is written through `group`, which uses it as well.
    writer: SqlitePool,
    group: Writer,
    readers: SqlitePool,
    /// Environments by id as of a revision, which is read afresh each time.
    environments: Mutex<HashMap<Uuid, Arc<Environment>>>,
}

impl SqliteStore {
    /// Opens or makes the file that `sqlite://PATH` names.
    pub async fn open(database_url: &str) -> std::result::Result<Self, OpenError> {
        Self::open_with(database_url, Tables::Migrate).await
    }

    /// The same, and does about the tables what is asked for.
    pub async fn open_with(database_url: &str, tables: Tables) -> std::result::Result<Self, OpenError> {
        let (writer, readers) = open::open(database_url, tables).await?;
        let group = Writer::start(writer.clone());
        Ok(Self { writer, group, readers, environments: Mutex::default() })
    }

    async fn begin(&self) -> Result<Writing> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(rows::failed)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").fetch_one(&self.readers).await.map(drop).map_err(rows::failed)
    }

    async fn create_environment(&self, environment: &Environment, key: &SigningKeyRecord) -> Result<()> {
        let mut writing = self.begin().await?;
        environments::insert(&mut writing, environment).await?;
        environments::insert_key(&mut writing, key).await?;
        writing.commit().await.map_err(rows::failed)
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
        writing.commit().await.map_err(rows::failed)
    }

    async fn environment(&self, id: Uuid) -> Result<Arc<Environment>> {
        environments::cached(&self.readers, &self.environments, id).await
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
        writing.commit().await.map_err(rows::failed)
    }

    async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn> {
        let sign_in = sign_in.clone();
        self.group
            .write(move |writing| Box::pin(async move { sign_in::sign_in(writing, &sign_in).await }))
            .await
    }

    async fn session(&self, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
        let mut reader = self.readers.acquire().await.map_err(rows::failed)?;
        sessions::get(&mut reader, environment, id).await
    }

    async fn refresh(&self, refresh: &Refresh) -> Result<Refreshed> {
        let refresh = refresh.clone();
        self.group
            .write(move |writing| Box::pin(async move { sessions::refresh(writing, &refresh).await }))
            .await
    }

    async fn revoke_session(
        &self,
        environment: Uuid,
        id: Uuid,
        now: UnixMillis,
        reason: &str,
    ) -> Result<bool> {
        let reason = reason.to_owned();
        self.group
            .write(move |writing| {
                Box::pin(async move { sessions::revoke(writing, environment, id, now, &reason).await })
            })
            .await
    }

    async fn revoke_sessions(
        &self,
        environment: Uuid,
        user: Option<Uuid>,
        now: UnixMillis,
        reason: &str,
    ) -> Result<u64> {
        let reason = reason.to_owned();
        self.group
            .write(move |writing| {
                Box::pin(async move { sessions::revoke_all(writing, environment, user, now, &reason).await })
            })
            .await
    }

    async fn user(&self, environment: Uuid, id: Uuid) -> Result<User> {
        // One transaction, so that the user and its credentials are of one moment.
        let mut reading = self.readers.begin().await.map_err(rows::failed)?;
        users::get(&mut reading, environment, id).await
    }

    async fn update_user(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &UserChange,
        now: UnixMillis,
    ) -> Result<User> {
        let mut writing = self.begin().await?;
        uses::spend(&mut writing, environment, change.one_use.as_ref()).await?;
        users::update(&mut writing, environment, id, change, now).await?;
        let user = users::get(&mut writing, environment, id).await?;
        outbox::tell(&mut writing, &Event::user_updated(&user, now)).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(user)
    }

    async fn delete_user(
        &self,
        environment: Uuid,
        id: Uuid,
        one_use: Option<&OneUse>,
        now: UnixMillis,
    ) -> Result<bool> {
        let mut writing = self.begin().await?;
        uses::spend(&mut writing, environment, one_use).await?;
        let user = match users::get(&mut writing, environment, id).await {
            Err(StoreError::NotFound) => return Ok(false),
            user => user?,
        };
        let done = sqlx::query("DELETE FROM users WHERE environment_id = ? AND id = ?")
            .bind(environment)
            .bind(id)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        outbox::forget(&mut writing, environment, id).await?;
        outbox::tell(&mut writing, &Event::user_deleted(&user, now)).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(true)
    }

    async fn use_nonce(&self, environment: Uuid, nonce: &str, expires_at: UnixMillis) -> Result<bool> {
        let nonce = nonce.to_owned();
        self.group
            .write(move |writing| {
                Box::pin(async move { nonces::first_use(writing, environment, &nonce, expires_at).await })
            })
            .await
    }

    async fn create_admin_token(&self, token: &AdminToken) -> Result<()> {
        sqlx::query(
            "INSERT INTO admin_tokens (id, name, hash, scope, created_at, expires_at, revoked_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token.id)
        .bind(&token.name)
        .bind(&token.hash)
        .bind(&token.scope)
        .bind(token.created_at.0)
        .bind(token.expires_at.map(|at| at.0))
        .bind(token.revoked_at.map(|at| at.0))
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(rows::failed)
    }

    async fn admin_token(&self, hash: &[u8]) -> Result<AdminToken> {
        let row = sqlx::query("SELECT * FROM admin_tokens WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(rows::failed)?;
        rows::admin_token(&row.ok_or(StoreError::NotFound)?)
    }

    async fn admin_tokens(&self) -> Result<Vec<AdminToken>> {
        let found = sqlx::query("SELECT * FROM admin_tokens ORDER BY created_at, id")
            .fetch_all(&self.readers)
            .await
            .map_err(rows::failed)?;
        found.iter().map(rows::admin_token).collect()
    }

    async fn revoke_admin_token(&self, id: Uuid, now: UnixMillis) -> Result<bool> {
        admin::revoke_token(&self.writer, id, now).await
    }

    async fn users(&self, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
        admin::users(&self.readers, environment, query).await
    }

    async fn put_users(&self, environment: Uuid, users: &[NewUser], upsert: bool) -> Result<Vec<User>> {
        let mut writing = self.begin().await?;
        let mut made = Vec::with_capacity(users.len());
        for new in users {
            let user = admin::put_user(&mut writing, environment, new, upsert).await?;
            outbox::tell(&mut writing, &Event::put(&user, new)).await?;
            made.push(user);
        }
        writing.commit().await.map_err(rows::failed)?;
        Ok(made)
    }

    async fn find_session(&self, id: Uuid) -> Result<SessionRecord> {
        admin::find_session(&self.readers, id).await
    }

    async fn sessions(
        &self,
        environment: Uuid,
        user: Uuid,
        query: &SessionQuery,
    ) -> Result<Page<SessionRecord>> {
        admin::sessions(&self.readers, environment, user, query).await
    }

    async fn append_audit(&self, records: &[AuditRecord]) -> Result<()> {
        let mut writing = self.begin().await?;
        audit::append(&mut writing, records).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
        audit::list(&self.readers, query).await
    }

    async fn sweep_audit(&self, before: UnixMillis) -> Result<u64> {
        audit::sweep(&self.writer, before).await
    }

    async fn sweep(&self, now: UnixMillis) -> Result<u64> {
        let mut writing = self.begin().await?;
        let nonces = sqlx::query("DELETE FROM used_nonces WHERE expires_at <= ?")
            .bind(now.0)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        let sessions = sqlx::query("DELETE FROM sessions WHERE refresh_expires_at <= ?")
            .bind(now.0)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(nonces.rows_affected() + sessions.rows_affected())
    }

    async fn export(&self, environment: Uuid, lines: mpsc::Sender<DumpLine>) -> Result<()> {
        let mut reading = self.readers.begin().await.map_err(rows::failed)?;
        dump::export(&mut reading, environment, &lines).await
    }

    async fn import(&self, mut lines: mpsc::Receiver<DumpLine>) -> Result<u64> {
        let mut writing = self.begin().await?;
        let taken = dump::import(&mut writing, &mut lines).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(taken)
    }
}

/// The revision that a row of `environments` has.
fn revision(row: &sqlx::sqlite::SqliteRow) -> Result<i64> {
    row.try_get("revision").map_err(rows::failed)
}
