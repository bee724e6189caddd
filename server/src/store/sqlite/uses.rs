//! What may happen once.

use rusqlite::Connection;
use uuid::Uuid;

use super::{
    Result,
    connection::{execute, failed},
};
use crate::{
    clock::UnixMillis,
    store::{Conflicting, OneUse},
};

/// Forgets a portion of those whose time is over.
pub(super) const SWEEP: &str = "DELETE FROM used_nonces WHERE (environment_id, nonce) IN
    (SELECT environment_id, nonce FROM used_nonces WHERE expires_at <= ? LIMIT ?)";

/// Uses it up, or [`Conflicting::Used`].
pub(super) fn spend(writing: &Connection, environment: Uuid, one_use: Option<&OneUse>) -> Result<()> {
    let Some(one_use) = one_use else { return Ok(()) };
    let is_first = first_use(writing, environment, &one_use.name, one_use.expires_at)?;
    if is_first { Ok(()) } else { Err(Conflicting::Used.into()) }
}

/// Marks a nonce as used. Whether this was the first time.
pub(super) fn first_use(
    writing: &Connection,
    environment: Uuid,
    nonce: &str,
    expires_at: UnixMillis,
) -> Result<bool> {
    let text =
        "INSERT INTO used_nonces (environment_id, nonce, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    Ok(execute(writing, text, (environment, nonce, expires_at.0))? == 1)
}

/// Whether it was marked.
pub(super) fn is_used(reading: &Connection, environment: Uuid, nonce: &str) -> Result<bool> {
    let text = "SELECT 1 FROM used_nonces WHERE environment_id = ? AND nonce = ?";
    reading.prepare_cached(text).and_then(|mut found| found.exists((environment, nonce))).map_err(failed)
}
