//! What may happen once.

use rusqlite::Connection;
use uuid::Uuid;

use super::{Result, connection::execute};
use crate::{
    clock::UnixMillis,
    store::{Conflicting, OneUse},
};

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
