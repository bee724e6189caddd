//! The store in PostgreSQL 15 or later, or a database that speaks its language. Any number of servers
//! share one: nothing is kept here between calls but what a revision, read afresh each time, vouches for.
//!
//! Every answer `Ok` is on the disk (`synchronous_commit = on`); commits that come at once share a write,
//! which PostgreSQL does by itself. Operations are correct under READ COMMITTED: each is one statement
//! that lets a unique index decide, or a transaction that locks the row that it decides on.

mod admin;
mod announcements;
mod audit;
mod dump;
mod environments;
mod known;
mod line;
mod nonces;
mod open;
mod outbox;
mod rows;
mod sessions;
mod sign_in;
mod usernames;
mod users;
mod uses;
mod webhooks;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{
    PgConnection, PgPool, Row,
    postgres::{PgArguments, Postgres},
    query::Query,
};
use tokio::sync::{OnceCell, mpsc};
use uuid::Uuid;

use super::webhooks::Event;
use super::{
    AdminToken, AuditQuery, AuditRecord, Changes, DumpLine, Environment, KeptSecrets, NewUser, Note, OneUse,
    OpenError, Page, Refresh, Refreshed, SessionQuery, SessionRecord, SignIn, SignedIn, SigningKeyRecord,
    Store, StoreError, Tables, User, UserChange, UserQuery,
};
use crate::clock::UnixMillis;
use announcements::Announcements;
use known::Known;
use sessions::Portion;

type Result<T> = std::result::Result<T, StoreError>;

/// Begins a transaction whose reads are all of one moment.
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Lets a transaction take the time that a whole environment takes.
const PATIENCE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// [`Store`] in PostgreSQL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    /// Environments by id as of a revision, which is read afresh each time.
    environments: Known,
    /// Who listens for what other servers announce, since somebody has asked.
    announcements: Arc<OnceCell<Announcements>>,
    /// What is written into the audit log with a change.
    note: Note,
}

impl PostgresStore {
    /// Connects to the database that `postgres://USER:PASSWORD@HOST:PORT/NAME` names and brings its tables
    /// up to date. `?sslmode=verify-full` makes sure that it is that host.
    pub async fn open(database_url: &str) -> std::result::Result<Self, OpenError> {
        Self::open_with(database_url, Tables::Migrate).await
    }

    /// The same, and does about the tables what is asked for.
    pub async fn open_with(database_url: &str, tables: Tables) -> std::result::Result<Self, OpenError> {
        Ok(Self {
            pool: open::open(database_url, tables).await?,
            environments: Known::default(),
            announcements: Arc::default(),
            note: Note::default(),
        })
    }

    /// Writes into the audit log what belongs to the change.
    async fn noted(&self, writing: &mut PgConnection) -> Result<()> {
        audit::append(writing, self.note.about(None, None).as_slice()).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn audited(&self, event: AuditRecord) -> Arc<dyn Store> {
        Arc::new(Self { note: Note::of(event), ..self.clone() })
    }

    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").fetch_one(&self.pool).await.map(drop).map_err(rows::failed)
    }

    async fn create_environment(&self, environment: &Environment, key: &SigningKeyRecord) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        environments::insert(&mut writing, environment).await?;
        environments::insert_key(&mut writing, key).await?;
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn update_environment(
        &self,
        environment: &Environment,
        key: Option<&SigningKeyRecord>,
    ) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        environments::update(&mut writing, environment).await?;
        if let Some(key) = key {
            environments::retire_keys(&mut writing, environment.id, environment.updated_at).await?;
            environments::insert_key(&mut writing, key).await?;
        }
        let row = self.note.with(|row| row.kid = key.map(|key| key.kid.clone()));
        audit::append(&mut writing, row.as_slice()).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn environment(&self, id: Uuid) -> Result<Arc<Environment>> {
        environments::cached(&self.pool, &self.environments, id).await
    }

    async fn changes(&self) -> Result<Changes> {
        let start = || Announcements::start(&self.pool, self.environments.clone());
        Ok(self.announcements.get_or_init(start).await.follow())
    }

    async fn environments(&self) -> Result<Vec<Environment>> {
        environments::all(&self.pool).await
    }

    async fn signing_keys(&self, environment: Uuid) -> Result<Vec<SigningKeyRecord>> {
        environments::keys(&self.pool, environment).await
    }

    async fn forget_signing_key(&self, environment: Uuid, kid: &str, now: UnixMillis) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        environments::forget_key(&mut writing, environment, kid, now).await?;
        let row = self.note.with(|row| row.kid = Some(kid.to_owned()));
        audit::append(&mut writing, row.as_slice()).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn sweep_signing_keys(&self, before: UnixMillis) -> Result<u64> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let swept = environments::sweep_keys(&mut writing, before).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(swept)
    }

    async fn replace_secrets(&self, secrets: &KeptSecrets) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        environments::replace_secrets(&mut writing, secrets).await?;
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn> {
        sign_in::sign_in(&self.pool, sign_in, &self.note).await
    }

    async fn session(&self, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
        let mut reading = self.pool.acquire().await.map_err(rows::failed)?;
        sessions::get(&mut reading, environment, id).await
    }

    async fn refresh(&self, refresh: &Refresh) -> Result<Refreshed> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let refreshed = sessions::refresh(&mut writing, refresh, &self.note).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(refreshed)
    }

    async fn revoke_session(
        &self,
        environment: Uuid,
        id: Uuid,
        now: UnixMillis,
        reason: &str,
    ) -> Result<bool> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let was_live = sessions::revoke(&mut writing, (environment, id), now, reason, &self.note).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(was_live)
    }

    async fn revoke_sessions(
        &self,
        environment: Uuid,
        user: Option<Uuid>,
        now: UnixMillis,
        reason: &str,
    ) -> Result<u64> {
        let mut portion = Portion::first(environment, user, now, reason);
        while portion.is_there {
            let mut writing = self.pool.begin().await.map_err(rows::failed)?;
            portion = sessions::revoke_some(&mut writing, portion, &self.note).await?;
            writing.commit().await.map_err(rows::failed)?;
        }
        Ok(portion.ended)
    }

    async fn user(&self, environment: Uuid, id: Uuid) -> Result<User> {
        let mut reading = self.pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
        users::get(&mut reading, environment, id).await
    }

    async fn update_user(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &UserChange,
        now: UnixMillis,
    ) -> Result<User> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        uses::spend(&mut writing, environment, change.one_use.as_ref()).await?;
        users::update(&mut writing, environment, id, change, now).await?;
        let user = users::get(&mut writing, environment, id).await?;
        if change.is_any() {
            outbox::tell(&mut writing, &Event::user_updated(&user, now)).await?;
        }
        audit::append(&mut writing, self.note.about(Some(id), None).as_slice()).await?;
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
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        uses::spend(&mut writing, environment, one_use).await?;
        let user = match users::get(&mut writing, environment, id).await {
            Err(StoreError::NotFound) => return Ok(false),
            user => user?,
        };
        if !users::delete(&mut writing, environment, id).await? {
            return Ok(false);
        }
        outbox::forget(&mut writing, environment, id).await?;
        outbox::tell(&mut writing, &Event::user_deleted(&user, now)).await?;
        audit::append(&mut writing, self.note.about(Some(id), None).as_slice()).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(true)
    }

    async fn use_nonce(&self, environment: Uuid, nonce: &str, expires_at: UnixMillis) -> Result<bool> {
        let Some(row) = self.note.about(None, None) else {
            let mut writing = self.pool.acquire().await.map_err(rows::failed)?;
            return nonces::first_use(&mut writing, environment, nonce, expires_at).await;
        };
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let is_first = nonces::first_use(&mut writing, environment, nonce, expires_at).await?;
        if is_first {
            audit::append(&mut writing, &[row]).await?;
        }
        writing.commit().await.map_err(rows::failed)?;
        Ok(is_first)
    }

    async fn nonce_used(&self, environment: Uuid, nonce: &str) -> Result<bool> {
        let mut reading = self.pool.acquire().await.map_err(rows::failed)?;
        nonces::is_used(&mut reading, environment, nonce).await
    }

    async fn create_admin_token(&self, token: &AdminToken) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        sqlx::query(
            "INSERT INTO admin_tokens (id, name, hash, scope, created_at, expires_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(token.id)
        .bind(&token.name)
        .bind(&token.hash)
        .bind(&token.scope)
        .bind(token.created_at.0)
        .bind(token.expires_at.map(|at| at.0))
        .bind(token.revoked_at.map(|at| at.0))
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn admin_token(&self, hash: &[u8]) -> Result<AdminToken> {
        let row = sqlx::query("SELECT * FROM admin_tokens WHERE hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await
            .map_err(rows::failed)?;
        rows::admin_token(&row.ok_or(StoreError::NotFound)?)
    }

    async fn admin_tokens(&self) -> Result<Vec<AdminToken>> {
        let found = sqlx::query("SELECT * FROM admin_tokens ORDER BY created_at, id")
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)?;
        found.iter().map(rows::admin_token).collect()
    }

    async fn revoke_admin_token(&self, id: Uuid, now: UnixMillis) -> Result<bool> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let was_live = admin::revoke_token(&mut writing, id, now).await?;
        if was_live {
            self.noted(&mut writing).await?;
        }
        writing.commit().await.map_err(rows::failed)?;
        Ok(was_live)
    }

    async fn users(&self, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
        admin::users(&self.pool, environment, query).await
    }

    async fn put_users(&self, environment: Uuid, users: &[NewUser], upsert: bool) -> Result<Vec<User>> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        admin::hold(&mut writing, environment).await?;
        let mut made = Vec::with_capacity(users.len());
        for new in users {
            let user = admin::put_user(&mut writing, environment, new, upsert).await?;
            outbox::tell(&mut writing, &Event::put(&user, new)).await?;
            made.push(user);
        }
        let only = if let [one] = made.as_slice() { Some(one.id) } else { None };
        audit::append(&mut writing, self.note.about(only, None).as_slice()).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(made)
    }

    async fn find_session(&self, id: Uuid) -> Result<SessionRecord> {
        admin::find_session(&self.pool, id).await
    }

    async fn sessions(
        &self,
        environment: Uuid,
        user: Uuid,
        query: &SessionQuery,
    ) -> Result<Page<SessionRecord>> {
        admin::sessions(&self.pool, environment, user, query).await
    }

    async fn append_audit(&self, records: &[AuditRecord]) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        audit::append(&mut writing, records).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
        audit::list(&self.pool, query).await
    }

    async fn sweep_audit(&self, before: UnixMillis) -> Result<u64> {
        in_portions(&self.pool, SWEEP_AUDIT, before).await
    }

    async fn sweep(&self, now: UnixMillis) -> Result<u64> {
        let nonces = in_portions(&self.pool, SWEEP_NONCES, now).await?;
        let sessions = in_portions(&self.pool, SWEEP_SESSIONS, now).await?;
        announcements::swept(&self.pool).await?;
        Ok(nonces + sessions)
    }

    async fn export(&self, environment: Uuid, lines: mpsc::Sender<DumpLine>) -> Result<()> {
        let mut reading = self.pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
        sqlx::raw_sql(PATIENCE).execute(&mut *reading).await.map_err(rows::failed)?;
        dump::export(&mut reading, environment, &lines).await
    }

    async fn import(&self, mut lines: mpsc::Receiver<DumpLine>) -> Result<u64> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        sqlx::raw_sql(PATIENCE).execute(&mut *writing).await.map_err(rows::failed)?;
        let taken = dump::import(&mut writing, &mut lines).await?;
        audit::append(&mut writing, taken.noted(&self.note).as_slice()).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(taken.rows)
    }
}

/// How many rows one statement forgets, so that none takes long.
const PORTION: i64 = 5_000;

/// Rows that another server is forgetting already are left to it.
const SWEEP_NONCES: &str =
    "DELETE FROM used_nonces WHERE (environment_id, nonce) IN (SELECT environment_id, nonce
    FROM used_nonces WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const SWEEP_SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id
    FROM sessions WHERE refresh_expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const SWEEP_AUDIT: &str = "DELETE FROM audit_log WHERE id IN (SELECT id
    FROM audit_log WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";

async fn in_portions(pool: &PgPool, statement: &'static str, until: UnixMillis) -> Result<u64> {
    each_portion(|| sqlx::query(statement).bind(until.0).bind(PORTION), pool).await
}

/// Repeats a statement that takes up to [`PORTION`] rows until there are no more; how many there were.
async fn each_portion<'q>(
    statement: impl Fn() -> Query<'q, Postgres, PgArguments>,
    pool: &PgPool,
) -> Result<u64> {
    let mut forgotten = 0;
    loop {
        let done = statement().execute(pool).await.map_err(rows::failed)?;
        forgotten += done.rows_affected();
        if done.rows_affected() < PORTION.unsigned_abs() {
            return Ok(forgotten);
        }
    }
}

/// The revision that a row of `environments` has.
fn revision(row: &sqlx::postgres::PgRow) -> Result<i64> {
    row.try_get("revision").map_err(rows::failed)
}
