//! What the audit log remembers of an event. Data only.

use std::{net::IpAddr, sync::Arc};

use uuid::Uuid;

use super::{REFRESH_REUSE, SessionRecord};
use crate::{clock::UnixMillis, ids};

/// What an event says of a session that went on although its token had ended.
const REFRESHED_LATE: &str = "after-expiry";

/// What the end of a session is called.
const SESSION_REVOKED: &str = "user.session.revoked";

/// One event. Holds no token, no claim and no e-mail address; text of a stranger is short and escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its id, which sorts by time.
    pub id: Uuid,
    /// Where it happened; `None`: in the server as a whole.
    pub environment_id: Option<Uuid>,
    /// When.
    pub at: UnixMillis,
    /// What, as `resource.action`.
    pub action: String,
    /// Why it was refused, as a code; `None`: it was done.
    pub refused: Option<String>,
    /// Who: `user`, `admin:` and the token's id, `cli`, or `server`.
    pub actor: String,
    /// Whom it is about.
    pub user_id: Option<Uuid>,
    /// Which session it is about.
    pub session_id: Option<Uuid>,
    /// The configured issuer that the external JWT selected.
    pub issuer: Option<String>,
    /// The external JWT's `kid`, escaped.
    pub kid: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's browser.
    pub user_agent: Option<String>,
    /// More, in words of ours.
    pub detail: Option<String>,
}

/// Which events, latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this environment; `None`: of all, and of the server as a whole.
    pub environment_id: Option<Uuid>,
    /// Older than the event of this id.
    pub before: Option<Uuid>,
    /// How many at most.
    pub limit: u32,
}

/// What an operation writes into the audit log with what it changes, if anything. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Note(Option<Arc<AuditRecord>>);

impl Note {
    /// That row.
    pub(super) fn of(record: AuditRecord) -> Self {
        Self(Some(Arc::new(record)))
    }

    /// The row, with what only the operation knows.
    pub(super) fn with(&self, complete: impl FnOnce(&mut AuditRecord)) -> Option<AuditRecord> {
        let mut row = AuditRecord::clone(self.0.as_ref()?);
        complete(&mut row);
        Some(row)
    }

    /// The row about that user and that session, where it does not say so itself.
    pub(super) fn about(&self, user: Option<Uuid>, session: Option<Uuid>) -> Option<AuditRecord> {
        self.with(|row| (row.user_id, row.session_id) = (row.user_id.or(user), row.session_id.or(session)))
    }

    /// The row of a session that goes on although its token had ended.
    pub(super) fn refreshed_late(&self, session: &SessionRecord) -> Option<AuditRecord> {
        self.with(|row| {
            (row.user_id, row.session_id) = (Some(session.user_id), Some(session.id));
            row.detail = Some(REFRESHED_LATE.to_owned());
        })
    }

    /// The row of a session that ends since a replaced token of it came back. The caller may be a thief, so
    /// nobody is named who did it.
    pub(super) fn reused(&self, session: &SessionRecord) -> Self {
        let row = self.with(|row| {
            (row.action, row.actor) = (SESSION_REVOKED.to_owned(), "server".to_owned());
            (row.user_id, row.session_id) = (Some(session.user_id), Some(session.id));
            row.detail = Some(REFRESH_REUSE.to_owned());
        });
        row.map(Self::of).unwrap_or_default()
    }

    /// The row of a portion of what is ended at once: how many of them it was. Each has a row of its own, in its
    /// own transaction.
    pub(super) fn of_portion(&self, ended: u64, is_first: bool) -> Option<AuditRecord> {
        self.with(|row| {
            row.detail = Some(format!("{ended} sessions"));
            if !is_first {
                row.id = ids::sortable(row.at);
            }
        })
    }
}
