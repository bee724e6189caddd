//! What endpoints are told, in the transaction of what they are told about.

use byoa_protocol::webhook::SESSION_REVOKED;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::webhooks::{Event, chosen},
};

/// Tells every endpoint of the environment that chose the event.
pub(super) async fn tell(writing: &mut SqliteConnection, event: &Event) -> Result<()> {
    insert(writing, event, None).await
}

/// Tells one endpoint, whatever it chose.
pub(super) async fn tell_one(writing: &mut SqliteConnection, event: &Event, webhook: Uuid) -> Result<()> {
    insert(writing, event, Some(webhook)).await
}

async fn insert(writing: &mut SqliteConnection, event: &Event, only: Option<Uuid>) -> Result<()> {
    sqlx::query(
        "INSERT INTO webhook_messages (environment_id, webhook_id, event_id, event, user_id, external_user_id,
            data, created_at, due_at, state, tries)
         SELECT environment_id, id, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 'pending', 0 FROM webhooks
         WHERE environment_id = ?1 AND enabled AND (id = ?9 OR ?9 IS NULL AND instr(events, ?8) > 0)",
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

/// Whether anybody is told of ended sessions.
pub(super) async fn wants_ends(reading: &mut SqliteConnection, environment: Uuid) -> Result<bool> {
    sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM webhooks WHERE environment_id = ? AND enabled AND instr(events, ?) > 0)
            AS wanted",
    )
    .bind(environment)
    .bind(chosen(SESSION_REVOKED))
    .fetch_one(reading)
    .await
    .and_then(|row| row.try_get("wanted"))
    .map_err(rows::failed)
}

/// Which sessions are about to be ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    One(Uuid),
    /// Those of a user, or of everybody, that were opened until then.
    All(Option<Uuid>),
}

/// A session ends once, so that its id names the event.
macro_rules! ends {
    ($which:literal) => {
        concat!(
            "INSERT INTO webhook_messages (environment_id, webhook_id, event_id, event, user_id,
                external_user_id, data, created_at, due_at, state, tries)
             SELECT sessions.environment_id, webhooks.id, sessions.id, ?4, sessions.user_id,
                (SELECT identifier FROM credentials WHERE id = sessions.signin_credential_id),
                json_object('session', json_object('id', lower(hex(sessions.id)),
                    'created_at', sessions.created_at, 'ip', sessions.ip, 'user_agent', sessions.user_agent,
                    'revoked_at', ?3)),
                ?3, ?3, 'pending', 0
             FROM sessions JOIN webhooks ON webhooks.environment_id = sessions.environment_id
                AND webhooks.enabled AND instr(webhooks.events, ?5) > 0
             WHERE sessions.environment_id = ?1 AND sessions.revoked_at IS NULL AND ",
            $which
        )
    };
}

/// Tells of sessions that the same transaction is about to end at `now`.
pub(super) async fn tell_ends(
    writing: &mut SqliteConnection,
    environment: Uuid,
    ending: Ending,
    now: UnixMillis,
) -> Result<()> {
    let (text, which) = match ending {
        Ending::One(session) => (ends!("sessions.id = ?2"), Some(session)),
        Ending::All(user) => {
            (ends!("coalesce(sessions.user_id = ?2, TRUE) AND sessions.created_at <= ?3"), user)
        }
    };
    sqlx::query(text)
        .bind(environment)
        .bind(which)
        .bind(now.0)
        .bind(SESSION_REVOKED)
        .bind(chosen(SESSION_REVOKED))
        .execute(writing)
        .await
        .map(drop)
        .map_err(rows::failed)
}

/// Forgets what is kept about a user for reading up. What waits goes out all the same.
pub(super) async fn forget(writing: &mut SqliteConnection, environment: Uuid, user: Uuid) -> Result<()> {
    sqlx::query(
        "DELETE FROM webhook_messages WHERE user_id = ? AND environment_id = ? AND state <> 'pending'",
    )
    .bind(user)
    .bind(environment)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}
