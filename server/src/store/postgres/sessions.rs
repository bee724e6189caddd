//! Sessions.

use byoa_protocol::webhook::SESSION_REVOKED;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{Result, audit, outbox::end_and_tell, rows};
use crate::{
    clock::UnixMillis,
    store::{Note, REFRESH_REUSE, Refresh, Refreshed, SessionRecord, StoreError},
};

pub(super) async fn get(reading: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE environment_id = $1 AND id = $2")
        .bind(environment)
        .bind(id)
        .fetch_optional(reading)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

/// The same, and nobody else moves it until the transaction ends.
async fn get_for_update(writing: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
    let row = sqlx::query("SELECT * FROM sessions WHERE environment_id = $1 AND id = $2 FOR UPDATE")
        .bind(environment)
        .bind(id)
        .fetch_optional(writing)
        .await
        .map_err(rows::failed)?;
    rows::session(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn refresh(writing: &mut PgConnection, refresh: &Refresh, note: &Note) -> Result<Refreshed> {
    let row = sqlx::query(
        "UPDATE sessions SET generation = generation + 1, previous_token_id = token_id, token_id = $1,
            refreshed_at = $2, expires_at = $3
         WHERE environment_id = $4 AND id = $5 AND token_id = $6 AND revoked_at IS NULL AND refresh_expires_at > $7
         RETURNING *",
    )
    .bind(refresh.new_token_id)
    .bind(refresh.now.0)
    .bind(refresh.expires_at.0)
    .bind(refresh.environment_id)
    .bind(refresh.session_id)
    .bind(refresh.presented_token_id)
    .bind(refresh.now.0)
    .fetch_optional(&mut *writing)
    .await
    .map_err(rows::failed)?;
    match row {
        Some(row) => {
            let session = rows::session(&row)?;
            if refresh.late {
                audit::append(writing, note.refreshed_late(&session).as_slice()).await?;
            }
            Ok(Refreshed::Live(session))
        }
        None => superseded(writing, refresh, note).await,
    }
}

/// The presented token is not the newest: what becomes of the session.
async fn superseded(writing: &mut PgConnection, refresh: &Refresh, note: &Note) -> Result<Refreshed> {
    let session = get_for_update(writing, refresh.environment_id, refresh.session_id).await?;
    if session.revoked_at.is_some() || session.refresh_expires_at <= refresh.now {
        return Err(StoreError::NotFound);
    }
    let is_previous = session.previous_token_id == Some(refresh.presented_token_id);
    let in_grace = is_previous && refresh.now.since(session.refreshed_at) < refresh.grace;
    if in_grace || refresh.proven {
        return Ok(Refreshed::Live(session));
    }
    let ended = (session.environment_id, session.id);
    revoke(writing, ended, refresh.now, REFRESH_REUSE, &note.reused(&session)).await?;
    Ok(Refreshed::Reused(SessionRecord { revoked_at: Some(refresh.now), ..session }))
}

pub(super) async fn revoke(
    writing: &mut PgConnection,
    (environment, id): (Uuid, Uuid),
    now: UnixMillis,
    reason: &str,
    note: &Note,
) -> Result<bool> {
    let row = sqlx::query(end_and_tell!("environment_id = $3 AND id = $4"))
        .bind(now.0)
        .bind(reason)
        .bind(environment)
        .bind(id)
        .bind(SESSION_REVOKED)
        .fetch_one(&mut *writing)
        .await
        .map_err(rows::failed)?;
    let was_live = rows::number(&row)? > 0;
    if was_live {
        audit::append(writing, note.about(None, Some(id)).as_slice()).await?;
    }
    Ok(was_live)
}

/// How many rows one transaction looks at, so that none takes long and others have their turn in between.
const PORTION: i64 = 5_000;

/// Some of the sessions of a user, or of everybody, that were opened until `now`. A user's are gone through by
/// their time, everybody's by their id, which is how they lie in an index.
#[derive(Clone, Debug)]
pub(super) struct Portion {
    environment: Uuid,
    user: Option<Uuid>,
    now: UnixMillis,
    reason: String,
    /// What is done of a user's: until this time.
    after: i64,
    /// What is done of everybody's: until this id.
    after_id: Uuid,
    /// How many have been ended.
    pub(super) ended: u64,
    /// Whether there may be more.
    pub(super) is_there: bool,
}

impl Portion {
    /// All of them are still to be ended.
    pub(super) fn first(environment: Uuid, user: Option<Uuid>, now: UnixMillis, reason: &str) -> Self {
        let (after, after_id) = (i64::MIN, Uuid::nil());
        Self { environment, user, now, reason: reason.to_owned(), after, after_id, ended: 0, is_there: true }
    }

    /// The end of this one: a time or an id, if there is anything in it.
    async fn until(&self, reading: &mut PgConnection) -> Result<Option<(i64, Uuid)>> {
        let found = match self.user {
            Some(user) => {
                sqlx::query(
                    "SELECT created_at, id FROM (SELECT created_at, id FROM sessions
                        WHERE user_id = $1 AND created_at > $2 ORDER BY created_at LIMIT $3) AS portion
                     ORDER BY created_at DESC LIMIT 1",
                )
                .bind(user)
                .bind(self.after)
                .bind(PORTION)
                .fetch_optional(reading)
                .await
            }
            None => {
                sqlx::query(
                    "SELECT created_at, id FROM (SELECT created_at, id FROM sessions
                        WHERE id > $1 ORDER BY id LIMIT $2) AS portion
                     ORDER BY id DESC LIMIT 1",
                )
                .bind(self.after_id)
                .bind(PORTION)
                .fetch_optional(reading)
                .await
            }
        };
        let Some(row) = found.map_err(rows::failed)? else { return Ok(None) };
        let read = || Ok((row.try_get("created_at")?, row.try_get("id")?));
        read().map(Some).map_err(rows::failed)
    }
}

/// Ends the sessions of a portion; what is to be done then. The rows are locked in one order, so that two that
/// end the same sessions do not wait for each other.
pub(super) async fn revoke_some(
    writing: &mut PgConnection,
    portion: Portion,
    note: &Note,
) -> Result<Portion> {
    let Some((until, until_id)) = portion.until(writing).await? else {
        if portion.ended == 0 {
            // That it was asked for is worth knowing, whatever there was to end.
            audit::append(writing, note.of_portion(0, true).as_slice()).await?;
        }
        return Ok(Portion { is_there: false, ..portion });
    };
    let (of_user, of_everybody) = (
        end_and_tell!(
            "id IN (SELECT id FROM sessions WHERE environment_id = $3 AND user_id = $4
                AND created_at > $6 AND created_at <= $7 AND created_at <= $1 AND revoked_at IS NULL
                ORDER BY id FOR UPDATE)"
        ),
        end_and_tell!(
            "id IN (SELECT id FROM sessions WHERE environment_id = $3 AND $4::uuid IS NULL
                AND id > $6 AND id <= $7 AND created_at <= $1 AND revoked_at IS NULL
                ORDER BY id FOR UPDATE)"
        ),
    );
    let text = if portion.user.is_some() { of_user } else { of_everybody };
    let query = sqlx::query(text)
        .bind(portion.now.0)
        .bind(&portion.reason)
        .bind(portion.environment)
        .bind(portion.user)
        .bind(SESSION_REVOKED);
    let query = match portion.user {
        Some(_) => query.bind(portion.after).bind(until),
        None => query.bind(portion.after_id).bind(until_id),
    };
    let row = query.fetch_one(&mut *writing).await.map_err(rows::failed)?;
    let ended = rows::number(&row)?;
    if ended > 0 {
        audit::append(writing, note.of_portion(ended, portion.ended == 0).as_slice()).await?;
    }
    Ok(Portion { after: until, after_id: until_id, ended: portion.ended + ended, ..portion })
}
