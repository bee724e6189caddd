//! Sessions.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    Result,
    outbox::{self, Ending},
    rows, writer,
};
use crate::{
    clock::UnixMillis,
    store::{REFRESH_REUSE, Refresh, Refreshed, SessionRecord, StoreError},
};

pub(super) async fn get(
    reading: &mut SqliteConnection,
    environment: Uuid,
    id: Uuid,
) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE environment_id = ? AND id = ?")
        .bind(environment)
        .bind(id)
        .fetch_optional(reading)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn refresh(writing: &mut SqliteConnection, refresh: &Refresh) -> Result<Refreshed> {
    let row = sqlx::query(
        "UPDATE sessions SET generation = generation + 1, previous_token_id = token_id, token_id = ?,
            refreshed_at = ?, expires_at = ?
         WHERE environment_id = ? AND id = ? AND token_id = ? AND revoked_at IS NULL AND refresh_expires_at > ?
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
async fn superseded(writing: &mut SqliteConnection, refresh: &Refresh) -> Result<Refreshed> {
    let session = get(writing, refresh.environment_id, refresh.session_id).await?;
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
    writing: &mut SqliteConnection,
    environment: Uuid,
    id: Uuid,
    now: UnixMillis,
    reason: &str,
) -> Result<bool> {
    if !outbox::wants_ends(writing, environment).await? {
        return end(writing, environment, id, now, reason).await;
    }
    let reason = reason.to_owned();
    writer::whole(writing, move |writing| {
        Box::pin(async move {
            outbox::tell_ends(writing, environment, Ending::One(id), now).await?;
            end(writing, environment, id, now, &reason).await
        })
    })
    .await
}

async fn end(
    writing: &mut SqliteConnection,
    environment: Uuid,
    id: Uuid,
    now: UnixMillis,
    reason: &str,
) -> Result<bool> {
    sqlx::query(
        "UPDATE sessions SET revoked_at = ?, revoke_reason = ?
         WHERE environment_id = ? AND id = ? AND revoked_at IS NULL",
    )
    .bind(now.0)
    .bind(reason)
    .bind(environment)
    .bind(id)
    .execute(writing)
    .await
    .map(|done| done.rows_affected() > 0)
    .map_err(rows::failed)
}

pub(super) async fn revoke_all(
    writing: &mut SqliteConnection,
    environment: Uuid,
    user: Option<Uuid>,
    now: UnixMillis,
    reason: &str,
) -> Result<u64> {
    if !outbox::wants_ends(writing, environment).await? {
        return end_all(writing, environment, user, now, reason).await;
    }
    let reason = reason.to_owned();
    writer::whole(writing, move |writing| {
        Box::pin(async move {
            outbox::tell_ends(writing, environment, Ending::All(user), now).await?;
            end_all(writing, environment, user, now, &reason).await
        })
    })
    .await
}

async fn end_all(
    writing: &mut SqliteConnection,
    environment: Uuid,
    user: Option<Uuid>,
    now: UnixMillis,
    reason: &str,
) -> Result<u64> {
    sqlx::query(
        "UPDATE sessions SET revoked_at = ?, revoke_reason = ?
         WHERE environment_id = ? AND coalesce(user_id = ?, TRUE) AND created_at <= ? AND revoked_at IS NULL",
    )
    .bind(now.0)
    .bind(reason)
    .bind(environment)
    .bind(user)
    .bind(now.0)
    .execute(writing)
    .await
    .map(|done| done.rows_affected())
    .map_err(rows::failed)
}
