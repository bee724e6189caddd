//! Nonces that were used.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, rows};
use crate::clock::UnixMillis;

/// Marks a nonce as used. Whether this was the first time.
pub(super) async fn first_use(
    writing: &mut PgConnection,
    environment: Uuid,
    nonce: &str,
    expires_at: UnixMillis,
) -> Result<bool> {
    sqlx::query(
        "INSERT INTO used_nonces (environment_id, nonce, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(environment)
    .bind(nonce)
    .bind(expires_at.0)
    .execute(writing)
    .await
    .map(|done| done.rows_affected() == 1)
    .map_err(rows::failed)
}

/// Whether it was marked.
pub(super) async fn is_used(reading: &mut PgConnection, environment: Uuid, nonce: &str) -> Result<bool> {
    sqlx::query("SELECT 1 FROM used_nonces WHERE environment_id = $1 AND nonce = $2")
        .bind(environment)
        .bind(nonce)
        .fetch_optional(reading)
        .await
        .map(|found| found.is_some())
        .map_err(rows::failed)
}
