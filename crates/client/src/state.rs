//! The state, what can happen to it, and what has to be done then. [`transition`] is the only code that
//! makes one of these from another.

use crate::{
    Session,
    time::Now,
    upkeep::{Policy, Upkeep},
};
use byoa_protocol::{
    client::{ClientEvent, ClientSnapshot, LogoutReason, Security},
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
    /// The newest epoch that ended, as far as this tab knows; 0 for none.
    pub ended: i64,
    /// How sessions are kept alive.
    pub policy: Policy,
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
        /// Where it stands in the register.
        ticket: Ticket,
        /// How it is kept alive.
        upkeep: Upkeep,
    },
    /// The client was closed; nothing happens any more.
    Closed,
}

/// A place in the register that all tabs share, and so the name of the session that a request was made
/// with, so that its answer is not taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    /// The sign-in: each has a greater one than those before. An epoch that ended never comes back.
    pub epoch: i64,
    /// Counts what was written in the epoch.
    pub generation: u32,
}

/// What the register has.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A session.
    Session {
        /// The session.
        session: Rc<Session>,
        /// Where it stands.
        ticket: Ticket,
    },
    /// The newest epoch has ended.
    Ended {
        /// Which.
        epoch: i64,
        /// Why.
        reason: LogoutReason,
    },
    /// Nothing, or nothing that could be read: somebody may have cleared it.
    Nothing,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The register was read: at the start, when another tab changed it, and before each request.
    Seen(Found),
    /// The store has something that is no session of this environment; it was set aside.
    SetAside,
    /// Time has passed, or the page woke up.
    Woken {
        /// Whether a refresh that failed before may succeed now: the network is back, or somebody looks.
        eager: bool,
    },
    /// A sign-in passed its checks and is being sent; it becomes the newest attempt.
    SignInStarted,
    /// A sign-in was answered with a session.
    SignInSucceeded {
        /// Which.
        attempt: u64,
        /// Its epoch: greater than any in the register.
        epoch: i64,
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
    /// A refresh is under way.
    RefreshStarted {
        /// Whose.
        ticket: Ticket,
    },
    /// A refresh failed, and the session may be as good as before.
    RefreshFailed {
        /// Whose.
        ticket: Ticket,
        /// The error's code.
        code: String,
        /// How long the server asks to wait, in milliseconds.
        wait_ms: i64,
    },
    /// The server refused to refresh the session: it is over there.
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

/// What has to be done, in this order. The snapshot and the one wake-up follow from the state itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write the session to the register.
    Persist {
        /// The session.
        session: Rc<Session>,
        /// Where it stands.
        ticket: Ticket,
    },
    /// Write to the register that the epoch and all before it have ended, and remove what is stored.
    End {
        /// Which; 0 for whatever is there.
        epoch: i64,
        /// Why.
        reason: LogoutReason,
    },
    /// Begin a refresh.
    Refresh {
        /// Of the session.
        session: Rc<Session>,
        /// Whose.
        ticket: Ticket,
    },
    /// Tell the listeners.
    Emit(ClientEvent),
    /// End a session on the server that nobody holds any more.
    RevokeOrphan(Rc<Session>),
    /// Tell the caller whose answer this was that it came too late.
    Supersede,
}

impl State {
    /// Before anything happened.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self { phase: Phase::Loading, attempts: 0, pending: None, ended: 0, policy }
    }

    /// What the app may know of it.
    #[must_use]
    pub fn snapshot(&self) -> ClientSnapshot {
        match &self.phase {
            Phase::Loading => ClientSnapshot::Loading,
            Phase::SignedOut { reason } => ClientSnapshot::SignedOut { reason: *reason },
            Phase::SignedIn { session, .. } => ClientSnapshot::SignedIn {
                user: session.user.clone(),
                session_expires_at: session.expires_at_ms,
                security: Security { level: session.level },
            },
            Phase::Closed => ClientSnapshot::SignedOut { reason: None },
        }
    }

    /// The session and its ticket, where somebody is signed in.
    #[must_use]
    pub fn session(&self) -> Option<(Rc<Session>, Ticket)> {
        match &self.phase {
            Phase::SignedIn { session, ticket, .. } => Some((Rc::clone(session), *ticket)),
            Phase::Loading | Phase::SignedOut { .. } | Phase::Closed => None,
        }
    }

    /// When something has to be done next, if nothing happens before.
    #[must_use]
    pub fn wake_at(&self, now: Now) -> Option<i64> {
        match &self.phase {
            Phase::SignedIn { session, ticket, upkeep } => {
                Some(self.policy.wake_at(session, ticket.generation, *upkeep, now))
            }
            Phase::Loading | Phase::SignedOut { .. } | Phase::Closed => None,
        }
    }

    pub(crate) fn is_current(&self, ticket: Ticket) -> bool {
        self.session().is_some_and(|(_, current)| current == ticket)
    }

    pub(crate) fn is_same_session(&self, ticket: Ticket) -> bool {
        self.session().is_some_and(|(_, current)| current.epoch == ticket.epoch)
    }
}
