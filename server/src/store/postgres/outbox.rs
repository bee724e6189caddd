//! What endpoints are told, in the transaction of what they are told about.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, rows};
use crate::store::webhooks::{Event, chosen};

/// Tells every endpoint of the environment that chose the event.
pub(super) async fn tell(writing: &mut PgConnection, event: &Event) -> Result<()> {
    insert(writing, event, None).await
}

/// Tells one endpoint, whatever it chose.
pub(super) async fn tell_one(writing: &mut PgConnection, event: &Event, webhook: Uuid) -> Result<()> {
    insert(writing, event, Some(webhook)).await
}

async fn insert(writing: &mut PgConnection, event: &Event, only: Option<Uuid>) -> Result<()> {
    sqlx::query(
        "INSERT INTO webhook_messages (environment_id, webhook_id, event_id, event, user_id, external_user_id,
            data, created_at, due_at, state, tries)
         SELECT environment_id, id, $2, $3::text, $4::uuid, $5::text, $6::text::json, $7, $7, 'pending', 0
         FROM webhooks WHERE environment_id = $1 AND enabled
            AND (id = $9 OR $9::uuid IS NULL AND position($8::text IN events::text) > 0)",
    )
    .bind(event.environment_id)
    .bind(event.id)
    .bind(event.name)
    .bind(event.user_id)
    .bind(event.external_user_id.as_deref())
    .bind(event.data())
    .bind(event.at.0)
    .bind(chosen(event.name))
    .bind(only)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}

/// Ends the sessions that `$which` chooses at `$1` for the reason `$2` and tells of them, in one statement; how
/// many. A session ends once, so that its id names the event. `$3` is the environment, `$5` the event.
macro_rules! end_and_tell {
    ($which:literal) => {
        concat!(
            "WITH ended AS (
                UPDATE sessions SET revoked_at = $1, revoke_reason = $2 WHERE revoked_at IS NULL AND ",
            $which,
            "
                RETURNING id, environment_id, user_id, signin_credential_id, created_at, ip, user_agent
            ), told AS (
                INSERT INTO webhook_messages (environment_id, webhook_id, event_id, event, user_id,
                    external_user_id, data, created_at, due_at, state, tries)
                SELECT ended.environment_id, webhooks.id, ended.id, $5::text, ended.user_id,
                    (SELECT identifier FROM credentials WHERE id = ended.signin_credential_id),
                    json_build_object('session', json_build_object('id', ended.id,
                        'created_at', ended.created_at, 'ip', ended.ip, 'user_agent', ended.user_agent,
                        'revoked_at', $1::bigint)),
                    $1, $1, 'pending', 0
                FROM ended JOIN webhooks ON webhooks.environment_id = ended.environment_id
                    AND webhooks.enabled AND position('\"' || $5::text || '\"' IN webhooks.events::text) > 0
            )
            SELECT count(*) AS n FROM ended"
        )
    };
}
pub(super) use end_and_tell;

/// Forgets what is kept about a user for reading up. What waits goes out all the same.
pub(super) async fn forget(writing: &mut PgConnection, environment: Uuid, user: Uuid) -> Result<()> {
    sqlx::query(
        "DELETE FROM webhook_messages WHERE user_id = $1 AND environment_id = $2 AND state <> 'pending'",
    )
    .bind(user)
    .bind(environment)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}
