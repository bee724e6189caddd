//! What administrators ask for.

use sqlx::{Row, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{Result, rows, users};
use crate::{
    clock::UnixMillis,
    store::{
        Conflicting, CredentialKind, NewUser, Page, SessionQuery, SessionRecord, StoreError, User, UserQuery,
        username,
    },
};

const FILTERED: &str = "FROM users WHERE environment_id = ?1 AND (?2 IS NULL OR email = ?2 COLLATE NOCASE
    OR username_key IN (?3, ?4)
    OR id IN (SELECT user_id FROM credentials WHERE environment_id = ?1 AND identifier = ?2))";

pub(super) async fn users(readers: &SqlitePool, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
    let mut reading = readers.begin().await.map_err(rows::failed)?;
    let [key, earlier_key] = username::keys(query.filter.as_deref());
    let order = if query.newest_first { "DESC" } else { "ASC" };
    let count = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT count(*) AS n {FILTERED}")))
        .bind(environment)
        .bind(query.filter.as_deref())
        .bind(key.as_deref())
        .bind(earlier_key.as_deref())
        .fetch_one(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let page = format!("SELECT id {FILTERED} ORDER BY first_visit {order}, id {order} LIMIT ?5 OFFSET ?6");
    let found = sqlx::query(sqlx::AssertSqlSafe(page))
        .bind(environment)
        .bind(query.filter.as_deref())
        .bind(key.as_deref())
        .bind(earlier_key.as_deref())
        .bind(i64::from(query.limit))
        .bind(i64::from(query.offset))
        .fetch_all(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut items = Vec::with_capacity(found.len());
    for row in &found {
        let id = row.try_get("id").map_err(rows::failed)?;
        items.push(users::get(&mut reading, environment, id).await?);
    }
    Ok(Page { items, count: number(&count)? })
}

fn number(row: &sqlx::sqlite::SqliteRow) -> Result<u64> {
    let count: i64 = row.try_get("n").map_err(rows::failed)?;
    u64::try_from(count).map_err(|_| StoreError::Corrupt("count"))
}

pub(super) async fn put_user(
    writing: &mut SqliteConnection,
    environment: Uuid,
    new: &NewUser,
    upsert: bool,
) -> Result<User> {
    let known = sqlx::query(
        "SELECT user_id FROM credentials
         WHERE environment_id = ? AND issuer = ? AND identifier = ? AND kind = 'externalUser'",
    )
    .bind(environment)
    .bind(&new.issuer)
    .bind(&new.subject)
    .fetch_optional(&mut *writing)
    .await
    .map_err(rows::failed)?;
    let id = match known {
        Some(_) if !upsert => return Err(Conflicting::Identity.into()),
        Some(row) => row.try_get("user_id").map_err(rows::failed)?,
        None => {
            insert(writing, environment, new).await?;
            new.id
        }
    };
    users::update(writing, environment, id, &new.profile, new.now).await?;
    users::get(writing, environment, id).await
}

async fn insert(writing: &mut SqliteConnection, environment: Uuid, new: &NewUser) -> Result<()> {
    sqlx::query(
        "INSERT INTO users (id, environment_id, first_visit, last_visit, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(new.id)
    .bind(environment)
    .bind(new.now.0)
    .bind(new.now.0)
    .bind(new.now.0)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    sqlx::query(
        "INSERT INTO credentials
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.credential_id)
    .bind(environment)
    .bind(new.id)
    .bind(CredentialKind::ExternalUser.as_str())
    .bind(&new.issuer)
    .bind(&new.subject)
    .bind(new.now.0)
    .bind(new.now.0)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}

pub(super) async fn find_session(readers: &SqlitePool, id: Uuid) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE id = ?")
        .bind(id)
        .fetch_optional(readers)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn sessions(
    readers: &SqlitePool,
    environment: Uuid,
    user: Uuid,
    query: &SessionQuery,
) -> Result<Page<SessionRecord>> {
    let mut reading = readers.begin().await.map_err(rows::failed)?;
    let count = sqlx::query(
        "SELECT count(*) AS n FROM sessions
         WHERE environment_id = ?1 AND user_id = ?2 AND (?3 IS NULL OR (revoked_at IS NOT NULL) = ?3)",
    )
    .bind(environment)
    .bind(user)
    .bind(query.revoked)
    .fetch_one(&mut *reading)
    .await
    .map_err(rows::failed)?;
    let found = sqlx::query(
        "SELECT * FROM sessions
         WHERE environment_id = ?1 AND user_id = ?2 AND (?3 IS NULL OR (revoked_at IS NOT NULL) = ?3)
         ORDER BY created_at DESC, id DESC LIMIT ?4 OFFSET ?5",
    )
    .bind(environment)
    .bind(user)
    .bind(query.revoked)
    .bind(i64::from(query.limit))
    .bind(i64::from(query.offset))
    .fetch_all(&mut *reading)
    .await
    .map_err(rows::failed)?;
    Ok(Page { items: found.iter().map(rows::session).collect::<Result<_>>()?, count: number(&count)? })
}

pub(super) async fn revoke_token(writer: &SqlitePool, id: Uuid, now: UnixMillis) -> Result<bool> {
    sqlx::query("UPDATE admin_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .bind(now.0)
        .bind(id)
        .execute(writer)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(rows::failed)
}
