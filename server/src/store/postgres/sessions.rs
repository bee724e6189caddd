//! Sessions.

use byoa_protocol::webhook::SESSION_REVOKED;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, outbox::end_and_tell, rows};
use crate::{
    clock::UnixMillis,
    store::{REFRESH_REUSE, Refresh, Refreshed, SessionRecord, StoreError},
};

pub(super) async fn get(reading: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE environment_id = $1 AND id = $2")
        .bind(environment)
        .bind(id)
        .fetch_optional(reading)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

/// The same, and nobody else moves it until the transaction ends.
async fn get_for_update(writing: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE environment_id = $1 AND id = $2 FOR UPDATE")
        .bind(environment)
        .bind(id)
        .fetch_optional(writing)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn refresh(writing: &mut PgConnection, refresh: &Refresh) -> Result<Refreshed> {
    let row = sqlx::query(
        "UPDATE sessions SET generation = generation + 1, previous_token_id = token_id, token_id = $1,
            refreshed_at = $2, expires_at = $3
         WHERE environment_id = $4 AND id = $5 AND token_id = $6 AND revoked_at IS NULL AND refresh_expires_at > $7
         RETURNING *",
    )
    .bind(refresh.new_token_id)
    .bind(refresh.now.0)
    .bind(refresh.expires_at.0)
    .bind(refresh.environment_id)
    .bind(refresh.session_id)
    .bind(refresh.presented_token_id)
    .bind(refresh.now.0)
    .fetch_optional(&mut *writing)
    .await
    .map_err(rows::failed)?;
    match row {
        Some(row) => Ok(Refreshed::Live(rows::session(&row)?)),
        None => superseded(writing, refresh).await,
    }
}

/// The presented token is not the newest: what becomes of the session.
async fn superseded(writing: &mut PgConnection, refresh: &Refresh) -> Result<Refreshed> {
    let session = get_for_update(writing, refresh.environment_id, refresh.session_id).await?;
    if session.revoked_at.is_some() || session.refresh_expires_at <= refresh.now {
        return Err(StoreError::NotFound);
    }
    let is_previous = session.previous_token_id == Some(refresh.presented_token_id);
    let in_grace = is_previous && refresh.now.since(session.refreshed_at) < refresh.grace;
    if in_grace || refresh.proven {
        return Ok(Refreshed::Live(session));
    }
    revoke(writing, session.environment_id, session.id, refresh.now, REFRESH_REUSE).await?;
    Ok(Refreshed::Reused(SessionRecord { revoked_at: Some(refresh.now), ..session }))
}

pub(super) async fn revoke(
    writing: &mut PgConnection,
    environment: Uuid,
    id: Uuid,
    now: UnixMillis,
    reason: &str,
) -> Result<bool> {
    let row = sqlx::query(end_and_tell!("environment_id = $3 AND id = $4"))
        .bind(now.0)
        .bind(reason)
        .bind(environment)
        .bind(id)
        .bind(SESSION_REVOKED)
        .fetch_one(writing)
        .await
        .map_err(rows::failed)?;
    Ok(rows::number(&row)? > 0)
}

/// The rows are locked in one order, so that two that end the same sessions do not wait for each other.
pub(super) async fn revoke_all(
    writing: &mut PgConnection,
    environment: Uuid,
    user: Option<Uuid>,
    now: UnixMillis,
    reason: &str,
) -> Result<u64> {
    let text = end_and_tell!(
        "id IN (SELECT id FROM sessions
            WHERE environment_id = $3 AND ($4::uuid IS NULL OR user_id = $4) AND created_at <= $1
                AND revoked_at IS NULL ORDER BY id FOR UPDATE)"
    );
    let row = sqlx::query(text)
        .bind(now.0)
        .bind(reason)
        .bind(environment)
        .bind(user)
        .bind(SESSION_REVOKED)
        .fetch_one(writing)
        .await
        .map_err(rows::failed)?;
    rows::number(&row)
}
