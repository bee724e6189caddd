//! Sessions.

use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use super::{
    Result,
    connection::{execute, failed},
    outbox::{self, Ending},
    records, writer,
};
use crate::{
    clock::UnixMillis,
    store::{Page, REFRESH_REUSE, Refresh, Refreshed, SessionQuery, SessionRecord, StoreError},
};

pub(super) fn get(reading: &Connection, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
    let text = "SELECT * FROM sessions WHERE environment_id = ? AND id = ?";
    let mut statement = reading.prepare_cached(text).map_err(failed)?;
    statement.query_row((environment, id), |row| Ok(records::session(row))).map_err(failed)?
}

/// Whichever environment it is of.
pub(super) fn find(reading: &Connection, id: Uuid) -> Result<SessionRecord> {
    let mut statement = reading.prepare_cached("SELECT * FROM sessions WHERE id = ?").map_err(failed)?;
    statement.query_row([id], |row| Ok(records::session(row))).map_err(failed)?
}

pub(super) fn list(
    reading: &Connection,
    environment: Uuid,
    user: Uuid,
    query: &SessionQuery,
) -> Result<Page<SessionRecord>> {
    const FILTERED: &str = "FROM sessions
        WHERE environment_id = ?1 AND user_id = ?2 AND (?3 IS NULL OR (revoked_at IS NOT NULL) = ?3)";
    let reading = reading.unchecked_transaction().map_err(failed)?;
    let count: u64 = reading
        .prepare_cached(&format!("SELECT count(*) {FILTERED}"))
        .and_then(|mut count| count.query_row((environment, user, query.revoked), |row| row.get(0)))
        .map_err(failed)?;
    let page = format!("SELECT * {FILTERED} ORDER BY created_at DESC, id DESC LIMIT ?4 OFFSET ?5");
    let items = reading
        .prepare_cached(&page)
        .and_then(|mut page| {
            let found = (environment, user, query.revoked, query.limit, query.offset);
            page.query_map(found, |row| Ok(records::session(row)))?.collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(failed)?;
    Ok(Page { items: items.into_iter().collect::<Result<_>>()?, count })
}

pub(super) fn refresh(writing: &Connection, refresh: &Refresh) -> Result<Refreshed> {
    let moved = writing
        .prepare_cached(
            "UPDATE sessions SET generation = generation + 1, previous_token_id = token_id, token_id = ?1,
                refreshed_at = ?2, expires_at = ?3
             WHERE environment_id = ?4 AND id = ?5 AND token_id = ?6 AND revoked_at IS NULL
                AND refresh_expires_at > ?2
             RETURNING *",
        )
        .and_then(|mut update| {
            let step = (
                refresh.new_token_id,
                refresh.now.0,
                refresh.expires_at.0,
                refresh.environment_id,
                refresh.session_id,
                refresh.presented_token_id,
            );
            update.query_row(step, |row| Ok(records::session(row))).optional()
        })
        .map_err(failed)?;
    match moved {
        Some(session) => Ok(Refreshed::Live(session?)),
        None => superseded(writing, refresh),
    }
}

/// The presented token is not the newest: what becomes of the session.
fn superseded(writing: &Connection, refresh: &Refresh) -> Result<Refreshed> {
    let session = get(writing, refresh.environment_id, refresh.session_id)?;
    if session.revoked_at.is_some() || session.refresh_expires_at <= refresh.now {
        return Err(StoreError::NotFound);
    }
    let is_previous = session.previous_token_id == Some(refresh.presented_token_id);
    let in_grace = is_previous && refresh.now.since(session.refreshed_at) < refresh.grace;
    if in_grace || refresh.proven {
        return Ok(Refreshed::Live(session));
    }
    revoke(writing, session.environment_id, session.id, refresh.now, REFRESH_REUSE)?;
    Ok(Refreshed::Reused(SessionRecord { revoked_at: Some(refresh.now), ..session }))
}

/// Whether it was live.
pub(super) fn revoke(
    writing: &Connection,
    environment: Uuid,
    id: Uuid,
    now: UnixMillis,
    reason: &str,
) -> Result<bool> {
    if !outbox::wants_ends(writing, environment)? {
        return end(writing, environment, id, now, reason);
    }
    writer::whole(writing, || {
        outbox::tell_ends(writing, environment, Ending::One(id), now)?;
        end(writing, environment, id, now, reason)
    })
}

fn end(writing: &Connection, environment: Uuid, id: Uuid, now: UnixMillis, reason: &str) -> Result<bool> {
    let text = "UPDATE sessions SET revoked_at = ?, revoke_reason = ?
        WHERE environment_id = ? AND id = ? AND revoked_at IS NULL";
    Ok(execute(writing, text, (now.0, reason, environment, id))? > 0)
}

/// How many were live.
pub(super) fn revoke_all(
    writing: &Connection,
    environment: Uuid,
    user: Option<Uuid>,
    now: UnixMillis,
    reason: &str,
) -> Result<u64> {
    if !outbox::wants_ends(writing, environment)? {
        return end_all(writing, environment, user, now, reason);
    }
    writer::whole(writing, || {
        outbox::tell_ends(writing, environment, Ending::All(user), now)?;
        end_all(writing, environment, user, now, reason)
    })
}

fn end_all(
    writing: &Connection,
    environment: Uuid,
    user: Option<Uuid>,
    now: UnixMillis,
    reason: &str,
) -> Result<u64> {
    let text = "UPDATE sessions SET revoked_at = ?1, revoke_reason = ?2
        WHERE environment_id = ?3 AND coalesce(user_id = ?4, TRUE) AND created_at <= ?1 AND revoked_at IS NULL";
    Ok(execute(writing, text, (now.0, reason, environment, user))? as u64)
}
