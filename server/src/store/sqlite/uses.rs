//! What may happen once.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{Result, rows};
use crate::store::{Conflicting, OneUse};

/// Uses it up, or [`Conflicting::Used`]. Nothing else may have been written by then: a refused operation
/// leaves no trace, also where several share one transaction.
pub(super) async fn spend(
    writing: &mut SqliteConnection,
    environment: Uuid,
    one_use: Option<&OneUse>,
) -> Result<()> {
    let Some(one_use) = one_use else { return Ok(()) };
    let done = sqlx::query(
        "INSERT INTO used_nonces (environment_id, nonce, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(environment)
    .bind(&one_use.name)
    .bind(one_use.expires_at.0)
    .execute(writing)
    .await
    .map_err(rows::failed)?;
    if done.rows_affected() == 0 { Err(Conflicting::Used.into()) } else { Ok(()) }
}
