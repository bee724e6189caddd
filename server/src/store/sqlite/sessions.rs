//! Sessions.

use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use super::{
    Result, audit,
    connection::{execute, failed},
    outbox::{self, Ending},
    records, writer,
};
use crate::{
    clock::UnixMillis,
    store::{Note, Page, REFRESH_REUSE, Refresh, Refreshed, SessionQuery, SessionRecord, StoreError},
};

/// How many rows one turn of the writer takes, where there may be very many.
pub(super) const PORTION: i64 = 1_000;

/// Forgets a portion of those that cannot be refreshed any more.
pub(super) const SWEEP: &str =
    "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE refresh_expires_at <= ? LIMIT ?)";

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

pub(super) fn refresh(writing: &Connection, refresh: &Refresh, note: &Note) -> Result<Refreshed> {
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
        Some(session) => {
            let session = session?;
            if refresh.late {
                audit::append(writing, note.refreshed_late(&session).as_slice())?;
            }
            Ok(Refreshed::Live(session))
        }
        None => superseded(writing, refresh, note),
    }
}

/// The presented token is not the newest: what becomes of the session.
fn superseded(writing: &Connection, refresh: &Refresh, note: &Note) -> Result<Refreshed> {
    let session = get(writing, refresh.environment_id, refresh.session_id)?;
    if session.revoked_at.is_some() || session.refresh_expires_at <= refresh.now {
        return Err(StoreError::NotFound);
    }
    let is_previous = session.previous_token_id == Some(refresh.presented_token_id);
    let in_grace = is_previous && refresh.now.since(session.refreshed_at) < refresh.grace;
    if in_grace || refresh.proven {
        return Ok(Refreshed::Live(session));
    }
    let ended = (session.environment_id, session.id);
    revoke(writing, ended, refresh.now, REFRESH_REUSE, &note.reused(&session))?;
    Ok(Refreshed::Reused(SessionRecord { revoked_at: Some(refresh.now), ..session }))
}

/// Whether it was live.
pub(super) fn revoke(
    writing: &Connection,
    (environment, id): (Uuid, Uuid),
    now: UnixMillis,
    reason: &str,
    note: &Note,
) -> Result<bool> {
    writer::whole(writing, || {
        if outbox::wants_ends(writing, environment)? {
            outbox::tell_ends(writing, environment, Ending::One(id), now)?;
        }
        let was_live = end(writing, environment, id, now, reason)?;
        if was_live {
            audit::append(writing, note.about(None, Some(id)).as_slice())?;
        }
        Ok(was_live)
    })
}

fn end(writing: &Connection, environment: Uuid, id: Uuid, now: UnixMillis, reason: &str) -> Result<bool> {
    let text = "UPDATE sessions SET revoked_at = ?, revoke_reason = ?
        WHERE environment_id = ? AND id = ? AND revoked_at IS NULL";
    Ok(execute(writing, text, (now.0, reason, environment, id))? > 0)
}

/// Some of the sessions of a user, or of everybody, that were opened until `now`: others have their turn
/// between two portions. A user's are gone through by their time, everybody's as they lie in the table.
#[derive(Clone, Debug)]
pub(super) struct Portion {
    pub(super) environment: Uuid,
    pub(super) user: Option<Uuid>,
    pub(super) now: UnixMillis,
    pub(super) reason: String,
    /// What is done: times of a user's, rows of everybody's.
    pub(super) after: i64,
    /// How many of them were live.
    pub(super) ended: u64,
}

impl Portion {
    /// The end of this one, if there is anything in it.
    fn until(&self, reading: &Connection) -> Result<Option<i64>> {
        let (text, user) = match self.user {
            Some(user) => (
                "SELECT max(created_at) FROM (SELECT created_at FROM sessions
                    WHERE user_id = ?1 AND created_at > ?2 ORDER BY created_at LIMIT ?3)",
                Some(user),
            ),
            None => (
                "SELECT max(rowid) FROM (SELECT rowid FROM sessions
                    WHERE ?1 IS NULL AND rowid > ?2 ORDER BY rowid LIMIT ?3)",
                None,
            ),
        };
        let mut statement = reading.prepare_cached(text).map_err(failed)?;
        statement.query_row((user, self.after, PORTION), |row| row.get(0)).map_err(failed)
    }
}

/// How many of the portion were live, and what is done then, if there was anything in it.
pub(super) fn revoke_some(
    writing: &Connection,
    portion: &Portion,
    note: &Note,
) -> Result<(u64, Option<i64>)> {
    let Portion { environment, user, now, reason, after, ended: before } = portion;
    let Some(until) = portion.until(writing)? else {
        if *before == 0 {
            // That it was asked for is worth knowing, whatever there was to end.
            audit::append(writing, note.of_portion(0, true).as_slice())?;
        }
        return Ok((0, None));
    };
    let text = match user {
        Some(_) => {
            "UPDATE sessions SET revoked_at = ?1, revoke_reason = ?2
             WHERE environment_id = ?3 AND user_id = ?4 AND created_at <= ?1 AND revoked_at IS NULL
                AND created_at > ?5 AND created_at <= ?6"
        }
        None => {
            "UPDATE sessions SET revoked_at = ?1, revoke_reason = ?2
             WHERE environment_id = ?3 AND ?4 IS NULL AND created_at <= ?1 AND revoked_at IS NULL
                AND rowid > ?5 AND rowid <= ?6"
        }
    };
    let ended = writer::whole(writing, || {
        if outbox::wants_ends(writing, *environment)? {
            let ending = Ending::Some { user: *user, after: *after, until };
            outbox::tell_ends(writing, *environment, ending, *now)?;
        }
        let ended = execute(writing, text, (now.0, reason, environment, user, after, until))? as u64;
        if ended > 0 {
            audit::append(writing, note.of_portion(ended, *before == 0).as_slice())?;
        }
        Ok(ended)
    })?;
    Ok((ended, Some(until)))
}
