//! The store in one `SQLite` file. Every answer `Ok` is on the disk (`synchronous = FULL`). One connection
//! writes and a few read; other processes, such as the command line, may use the file at the same time.

mod environments;
mod open;
mod rows;
mod sessions;
mod users;
mod uses;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use sqlx::{Row, SqlitePool, Transaction, sqlite::Sqlite};
use uuid::Uuid;

use super::{
    AdminToken, Environment, OneUse, OpenError, Refresh, Refreshed, SessionRecord, SignIn, SignedIn,
    SigningKeyRecord, Store, StoreError, User, UserChange,
};
use crate::clock::UnixMillis;

type Result<T> = std::result::Result<T, StoreError>;

/// A transaction of the writer, begun with the intent to write: it waits for other processes at its
/// start and cannot fail halfway for being late.
type Writing = Transaction<'static, Sqlite>;

/// [`Store`] in one `SQLite` file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Environments by id as of a revision, which is read afresh each time.
    environments: Mutex<HashMap<Uuid, Arc<Environment>>>,
}

impl SqliteStore {
    /// Opens or makes the file that `sqlite://PATH` names.
    pub async fn open(database_url: &str) -> std::result::Result<Self, OpenError> {
        let (writer, readers) = open::open(database_url).await?;
        Ok(Self { writer, readers, environments: Mutex::default() })
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

    async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn> {
        let mut writing = self.begin().await?;
        uses::spend(&mut writing, sign_in.environment_id, sign_in.one_use.as_ref()).await?;
        let (user, new_user) = users::recognise(&mut writing, sign_in).await?;
        let session = sessions::insert(&mut writing, sign_in, &user).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(SignedIn { user, session, new_user })
    }

    async fn session(&self, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
        let mut reader = self.readers.acquire().await.map_err(rows::failed)?;
        sessions::get(&mut reader, environment, id).await
    }

    async fn refresh(&self, refresh: &Refresh) -> Result<Refreshed> {
        let mut writing = self.begin().await?;
        let session = sessions::refresh(&mut writing, refresh).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(session)
    }

    async fn revoke_session(
        &self,
        environment: Uuid,
        id: Uuid,
        now: UnixMillis,
        reason: &str,
    ) -> Result<bool> {
        let mut writer = self.writer.acquire().await.map_err(rows::failed)?;
        sessions::revoke(&mut writer, environment, id, now, reason).await
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
        writing.commit().await.map_err(rows::failed)?;
        Ok(user)
    }

    async fn delete_user(&self, environment: Uuid, id: Uuid, one_use: Option<&OneUse>) -> Result<bool> {
        let mut writing = self.begin().await?;
        uses::spend(&mut writing, environment, one_use).await?;
        let done = sqlx::query("DELETE FROM users WHERE environment_id = ? AND id = ?")
            .bind(environment)
            .bind(id)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        writing.commit().await.map_err(rows::failed)?;
        Ok(true)
    }

    async fn use_nonce(&self, environment: Uuid, nonce: &str, expires_at: UnixMillis) -> Result<bool> {
        sqlx::query(
            "INSERT INTO used_nonces (environment_id, nonce, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(environment)
        .bind(nonce)
        .bind(expires_at.0)
        .execute(&self.writer)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(rows::failed)
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
}

/// The revision that a row of `environments` has.
fn revision(row: &sqlx::sqlite::SqliteRow) -> Result<i64> {
    row.try_get("revision").map_err(rows::failed)
}
