//! The state, what can happen to it, and what has to be done then. [`transition`] is the only code that
//! makes one of these from another.

use crate::Session;
use byoa_protocol::{
    client::{ClientEvent, ClientSnapshot, LogoutReason, Security, SecurityLevel},
    profile::User,
};
use std::rc::Rc;

pub use crate::transition::transition;

/// What the client is.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Who is signed in.
    pub phase: Phase,
    /// The newest sign-in that was started; 0 before the first.
    pub attempts: u64,
    /// The sign-in whose answer still counts.
    pub pending: Option<u64>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Storage has not been read yet.
    Loading,
    /// Nobody.
    SignedOut {
        /// Why the last session ended; `None` where there was none.
        reason: Option<LogoutReason>,
    },
    /// Somebody.
    SignedIn {
        /// With this.
        session: Rc<Session>,
        /// Which of the sessions of this client.
        ticket: Ticket,
    },
    /// The client was closed; nothing happens any more.
    Closed,
}

/// Names the session that a request was made with, so that its answer is not taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The sign-in that made the session; 0 for a restored one.
    pub session: u64,
    /// How often its tokens were replaced.
    pub renewal: u64,
}

/// What the store had.
#[derive(Clone, Debug, PartialEq)]
pub enum Restored {
    /// A live session.
    Found(Rc<Session>),
    /// No session.
    Nothing,
    /// A session that ended meanwhile.
    Expired,
    /// Something that is no session of this environment.
    Invalid,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The store was read.
    Restored(Restored),
    /// A sign-in passed its checks and is being sent; it becomes the newest attempt.
    SignInStarted,
    /// A sign-in was answered with a session.
    SignInSucceeded {
        /// Which.
        attempt: u64,
        /// The session.
        session: Rc<Session>,
    },
    /// A sign-in failed.
    SignInFailed {
        /// Which; `None` where it failed its checks and was never started.
        attempt: Option<u64>,
        /// The error's code.
        code: String,
        /// The error's reason.
        reason: Option<String>,
    },
    /// The app signs out.
    LogoutStarted {
        /// Why.
        reason: LogoutReason,
    },
    /// The server was told.
    LogoutFinished {
        /// Whether it confirmed.
        revoked: bool,
    },
    /// The clock reached the end of the session.
    DeadlineReached {
        /// Whose.
        ticket: Ticket,
    },
    /// The server does not take the session's token.
    Refused {
        /// Whose.
        ticket: Ticket,
    },
    /// The server replaced the session's tokens, and perhaps changed its user.
    Renewed {
        /// Whose.
        ticket: Ticket,
        /// The session from now on.
        session: Rc<Session>,
    },
    /// The server showed the user as it is now.
    UserRead {
        /// Whose.
        ticket: Ticket,
        /// The user.
        user: User,
    },
    /// The server deleted the user.
    UserDeleted {
        /// Whose.
        ticket: Ticket,
    },
    /// The store refused.
    StorageFailed,
    /// The client is closed.
    Closed,
}

/// What has to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write the session to the store.
    Persist(Rc<Session>),
    /// Remove the session from the store.
    Forget,
    /// Set the one wake-up, in milliseconds since 1970.
    Schedule {
        /// When.
        at_ms: i64,
        /// For whom.
        ticket: Ticket,
    },
    /// Cancel the wake-up.
    Unschedule,
    /// Make a new snapshot.
    Publish,
    /// Tell the listeners.
    Emit(ClientEvent),
    /// End a session on the server that nobody holds any more.
    RevokeOrphan(Rc<Session>),
    /// Tell the caller whose answer this was that it came too late.
    Supersede,
}

impl Default for State {
    fn default() -> Self {
        Self { phase: Phase::Loading, attempts: 0, pending: None }
    }
}

impl State {
    /// What the app may know of it.
    #[must_use]
    pub fn snapshot(&self) -> ClientSnapshot {
        match &self.phase {
            Phase::Loading => ClientSnapshot::Loading,
            Phase::SignedOut { reason } => ClientSnapshot::SignedOut { reason: *reason },
            Phase::SignedIn { session, .. } => ClientSnapshot::SignedIn {
                user: session.user.clone(),
                session_expires_at: session.expires_at_ms,
                security: Security { level: SecurityLevel::Bearer },
            },
            Phase::Closed => ClientSnapshot::SignedOut { reason: None },
        }
    }

    /// The session and its ticket, where somebody is signed in.
    #[must_use]
    pub fn session(&self) -> Option<(Rc<Session>, Ticket)> {
        match &self.phase {
            Phase::SignedIn { session, ticket } => Some((Rc::clone(session), *ticket)),
            Phase::Loading | Phase::SignedOut { .. } | Phase::Closed => None,
        }
    }

    pub(crate) fn is_current(&self, ticket: Ticket) -> bool {
        self.session().is_some_and(|(_, current)| current == ticket)
    }

    pub(crate) fn is_same_session(&self, ticket: Ticket) -> bool {
        self.session().is_some_and(|(_, current)| current.session == ticket.session)
    }
}
