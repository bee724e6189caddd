//! What endpoints are told, in the transaction of what they are told about.

use byoa_protocol::webhook::SESSION_REVOKED;
use rusqlite::Connection;
use uuid::Uuid;

use super::{
    Result,
    connection::{execute, failed},
};
use crate::{
    clock::UnixMillis,
    store::webhooks::{Event, chosen},
};

/// Tells every endpoint of the environment that chose the event.
pub(super) fn tell(writing: &Connection, event: &Event) -> Result<()> {
    insert(writing, event, None)
}

/// Tells one endpoint, whatever it chose.
pub(super) fn tell_one(writing: &Connection, event: &Event, webhook: Uuid) -> Result<()> {
    insert(writing, event, Some(webhook))
}

fn insert(writing: &Connection, event: &Event, only: Option<Uuid>) -> Result<()> {
    let text = "INSERT INTO webhook_messages (environment_id, webhook_id, event_id, event, user_id, external_user_id,
            data, created_at, due_at, state, tries)
        SELECT environment_id, id, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 'pending', 0 FROM webhooks
        WHERE environment_id = ?1 AND enabled AND (id = ?9 OR ?9 IS NULL AND instr(events, ?8) > 0)";
    let row = (
        event.environment_id,
        event.id,
        event.name,
        event.user_id,
        event.external_user_id.as_deref(),
        event.data(),
        event.at.0,
        chosen(event.name),
        only,
    );
    execute(writing, text, row).map(drop)
}

/// Whether anybody is told of ended sessions.
pub(super) fn wants_ends(reading: &Connection, environment: Uuid) -> Result<bool> {
    let text = "SELECT 1 FROM webhooks WHERE environment_id = ? AND enabled AND instr(events, ?) > 0";
    reading
        .prepare_cached(text)
        .and_then(|mut found| found.exists((environment, chosen(SESSION_REVOKED))))
        .map_err(failed)
}

/// Which sessions are about to be ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    One(Uuid),
    /// Those of a portion: by time where it is a user's, by row where it is everybody's.
    Some {
        user: Option<Uuid>,
        after: i64,
        until: i64,
    },
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
pub(super) fn tell_ends(
    writing: &Connection,
    environment: Uuid,
    ending: Ending,
    now: UnixMillis,
) -> Result<()> {
    let (event, chosen) = (SESSION_REVOKED, chosen(SESSION_REVOKED));
    match ending {
        Ending::One(session) => {
            let text = ends!("sessions.id = ?2");
            execute(writing, text, (environment, session, now.0, event, chosen))
        }
        Ending::Some { user: Some(user), after, until } => {
            let text = ends!(
                "sessions.user_id = ?2 AND sessions.created_at <= ?3
                    AND sessions.created_at > ?6 AND sessions.created_at <= ?7"
            );
            execute(writing, text, (environment, user, now.0, event, chosen, after, until))
        }
        Ending::Some { user: None, after, until } => {
            let text = ends!(
                "?2 IS NULL AND sessions.created_at <= ?3 AND sessions.rowid > ?6 AND sessions.rowid <= ?7"
            );
            execute(writing, text, (environment, None::<Uuid>, now.0, event, chosen, after, until))
        }
    }
    .map(drop)
}

/// Forgets what is kept about a user for reading up. What waits goes out all the same.
pub(super) fn forget(writing: &Connection, environment: Uuid, user: Uuid) -> Result<()> {
    let text = "DELETE FROM webhook_messages WHERE user_id = ? AND environment_id = ? AND state <> 'pending'";
    execute(writing, text, (user, environment)).map(drop)
}
