//! What administrators ask for.

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::{ONE_MOMENT, Result, rows, users};
use crate::{
    clock::UnixMillis,
    store::{Conflicting, NewUser, Page, SessionQuery, SessionRecord, StoreError, User, UserQuery, username},
};

/// Addresses are compared without regard to the case of A to Z: that is what `lower()` knows in "C".
const USERS: &str = "FROM users WHERE environment_id = $1 AND ($2::text IS NULL
    OR lower(email COLLATE \"C\") = lower($2::text COLLATE \"C\") OR username_key IN ($3::text, $4::text)
    OR id IN (SELECT user_id FROM credentials WHERE environment_id = $1 AND identifier = $2::text))";

const SESSIONS: &str = "FROM sessions WHERE environment_id = $1 AND user_id = $2
    AND ($3::boolean IS NULL OR (revoked_at IS NOT NULL) = $3::boolean)";

/// Finds or makes the external identity, and the user only with it. It waits for whoever else writes that
/// identity now.
const PUT: &str = "
    WITH external AS (
        INSERT INTO credentials AS old
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
        VALUES ($5, $1, $4, 'externalUser', $2, $3, $6, $6)
        ON CONFLICT (environment_id, issuer, identifier) WHERE kind = 'externalUser'
        DO UPDATE SET last_selected_at = old.last_selected_at
        RETURNING user_id
    ), made AS (
        INSERT INTO users (id, environment_id, first_visit, last_visit, updated_at)
        SELECT $4, $1, $6, $6, $6 FROM external WHERE external.user_id = $4
    )
    SELECT user_id FROM external";

pub(super) async fn users(pool: &PgPool, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
    if query.finds_nobody() {
        return Ok(Page { items: Vec::new(), count: 0 });
    }
    let mut reading = pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
    let [key, earlier_key] = username::keys(query.filter.as_deref());
    let order = if query.newest_first { "DESC" } else { "ASC" };
    let count = sqlx::query(AssertSqlSafe(format!("SELECT count(*) AS n {USERS}")))
        .bind(environment)
        .bind(query.filter.as_deref())
        .bind(key.as_deref())
        .bind(earlier_key.as_deref())
        .fetch_one(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let page = format!("SELECT * {USERS} ORDER BY first_visit {order}, id {order} LIMIT $5 OFFSET $6");
    let found = sqlx::query(AssertSqlSafe(page))
        .bind(environment)
        .bind(query.filter.as_deref())
        .bind(key.as_deref())
        .bind(earlier_key.as_deref())
        .bind(i64::from(query.limit))
        .bind(i64::from(query.offset))
        .fetch_all(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut items = found.iter().map(rows::user).collect::<Result<Vec<_>>>()?;
    for user in &mut items {
        user.credentials = users::credentials(&mut reading, user.id).await?;
    }
    Ok(Page { items, count: number(&count)? })
}

fn number(row: &PgRow) -> Result<u64> {
    let count: i64 = row.try_get("n").map_err(rows::failed)?;
    u64::try_from(count).map_err(|_| StoreError::Corrupt("count"))
}

/// Whoever else makes users of the environment in bulk waits until the transaction ends: two that write the
/// same users in another order could each wait for the other. Sign-ins do not wait.
pub(super) async fn hold(writing: &mut PgConnection, environment: Uuid) -> Result<()> {
    let row = sqlx::query("SELECT 1 FROM environments WHERE id = $1 FOR NO KEY UPDATE")
        .bind(environment)
        .fetch_optional(writing)
        .await
        .map_err(rows::failed)?;
    row.map(drop).ok_or(StoreError::NotFound)
}

pub(super) async fn put_user(
    writing: &mut PgConnection,
    environment: Uuid,
    new: &NewUser,
    upsert: bool,
) -> Result<User> {
    let row = sqlx::query(PUT)
        .bind(environment)
        .bind(&new.issuer)
        .bind(&new.subject)
        .bind(new.id)
        .bind(new.credential_id)
        .bind(new.now.0)
        .fetch_one(&mut *writing)
        .await
        .map_err(rows::failed)?;
    let id: Uuid = row.try_get("user_id").map_err(rows::failed)?;
    if id != new.id && !upsert {
        return Err(Conflicting::Identity.into());
    }
    users::update(writing, environment, id, &new.profile, new.now).await?;
    users::get(writing, environment, id).await
}

pub(super) async fn find_session(pool: &PgPool, id: Uuid) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn sessions(
    pool: &PgPool,
    environment: Uuid,
    user: Uuid,
    query: &SessionQuery,
) -> Result<Page<SessionRecord>> {
    let mut reading = pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
    let count = sqlx::query(AssertSqlSafe(format!("SELECT count(*) AS n {SESSIONS}")))
        .bind(environment)
        .bind(user)
        .bind(query.revoked)
        .fetch_one(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let page = format!("SELECT * {SESSIONS} ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5");
    let found = sqlx::query(AssertSqlSafe(page))
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

pub(super) async fn revoke_token(writing: &mut PgConnection, id: Uuid, now: UnixMillis) -> Result<bool> {
    sqlx::query("UPDATE admin_tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
        .bind(now.0)
        .bind(id)
        .execute(writing)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(rows::failed)
}
