//! Sessions.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::{CredentialKind, REFRESH_REUSE, Refresh, Refreshed, SessionRecord, SignIn, StoreError, User},
};

/// Opens a session of a user that has just been recognised by the external identity of `sign_in`.
pub(super) async fn insert(
    writing: &mut SqliteConnection,
    sign_in: &SignIn,
    user: &User,
) -> Result<SessionRecord> {
    let external = user.credentials.iter().find(|credential| {
        credential.kind == CredentialKind::ExternalUser && credential.identifier == sign_in.subject
    });
    let session = SessionRecord {
        id: sign_in.session_id,
        environment_id: sign_in.environment_id,
        user_id: user.id,
        signin_credential_id: external.ok_or(StoreError::Corrupt("credential"))?.id,
        origin: sign_in.origin.clone(),
        generation: 0,
        token_id: sign_in.token_id,
        previous_token_id: None,
        created_at: sign_in.now,
        refreshed_at: sign_in.now,
        expires_at: sign_in.expires_at,
        refresh_expires_at: sign_in.refresh_expires_at,
        revoked_at: None,
    };
    sqlx::query(
        "INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, public_key,
            dpop_jkt, sdk_version, ip, user_agent, generation, token_id, created_at, refreshed_at, expires_at,
            refresh_expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id)
    .bind(session.environment_id)
    .bind(session.user_id)
    .bind(session.signin_credential_id)
    .bind(&session.origin.audience)
    .bind(session.origin.public_key.as_deref())
    .bind(session.origin.dpop_jkt.as_deref())
    .bind(session.origin.sdk_version.as_deref())
    .bind(session.origin.ip.map(|ip| ip.to_string()))
    .bind(session.origin.user_agent.as_deref())
    .bind(session.generation)
    .bind(session.token_id)
    .bind(session.created_at.0)
    .bind(session.refreshed_at.0)
    .bind(session.expires_at.0)
    .bind(session.refresh_expires_at.0)
    .execute(writing)
    .await
    .map_err(rows::failed)?;
    Ok(session)
}

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
