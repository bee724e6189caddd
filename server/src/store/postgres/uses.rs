//! What may happen once.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, nonces};
use crate::store::{Conflicting, OneUse};

/// Uses it up, or [`Conflicting::Used`]. Nothing else may have been written by then: a refused operation
/// leaves no trace, also where several share one transaction.
pub(super) async fn spend(
    writing: &mut PgConnection,
    environment: Uuid,
    one_use: Option<&OneUse>,
) -> Result<()> {
    let Some(one_use) = one_use else { return Ok(()) };
    let is_first = nonces::first_use(writing, environment, &one_use.name, one_use.expires_at).await?;
    if is_first { Ok(()) } else { Err(Conflicting::Used.into()) }
}
