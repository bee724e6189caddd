//! Administrators' tokens.

use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::{AdminToken, StoreError},
};

pub(super) async fn insert(writing: &mut SqliteConnection, token: &AdminToken) -> Result<()> {
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
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}

pub(super) async fn find(readers: &SqlitePool, hash: &[u8]) -> Result<AdminToken> {
    let row = sqlx::query("SELECT * FROM admin_tokens WHERE hash = ?")
        .bind(hash)
        .fetch_optional(readers)
        .await
        .map_err(rows::failed)?;
    rows::admin_token(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<AdminToken>> {
    let found = sqlx::query("SELECT * FROM admin_tokens ORDER BY created_at, id")
        .fetch_all(readers)
        .await
        .map_err(rows::failed)?;
    found.iter().map(rows::admin_token).collect()
}

pub(super) async fn revoke_token(writing: &mut SqliteConnection, id: Uuid, now: UnixMillis) -> Result<bool> {
    sqlx::query("UPDATE admin_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .bind(now.0)
        .bind(id)
        .execute(writing)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(rows::failed)
}
