//! The state and its one transition. No I/O, no clock, no borrow: values in, values out.

use crate::Session;
use byoa_protocol::client::{ClientEvent, ClientSnapshot, LogoutReason, UserProfile};
use std::rc::Rc;

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
    LogoutStarted,
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
        user: Box<UserProfile>,
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
                user: Box::new(session.user.clone()),
                session_expires_at: session.expires_at_ms,
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

    fn is_current(&self, ticket: Ticket) -> bool {
        self.session().is_some_and(|(_, current)| current == ticket)
    }

    fn is_same_session(&self, ticket: Ticket) -> bool {
        self.session().is_some_and(|(_, current)| current.session == ticket.session)
    }
}

/// The state after an event, and what has to be done. Total: every event in every state.
#[must_use]
pub fn transition(state: State, event: Event) -> (State, Vec<Effect>) {
    if state.phase == Phase::Closed {
        return (state, after_close(event));
    }
    match event {
        Event::Restored(restored) => restore(state, restored),
        Event::SignInStarted => {
            let attempt = state.attempts + 1;
            (State { attempts: attempt, pending: Some(attempt), ..state }, vec![])
        }
        Event::SignInSucceeded { attempt, session } if state.pending == Some(attempt) => {
            signed_in(state, attempt, session)
        }
        Event::SignInSucceeded { session, .. } => {
            let mut effects = vec![Effect::Supersede];
            effects.extend(orphan(state.session(), &session));
            (state, effects)
        }
        Event::SignInFailed { attempt: None, code, reason } => {
            (state, vec![Effect::Emit(ClientEvent::SignInFailed { code, reason })])
        }
        Event::SignInFailed { attempt, code, reason } if state.pending == attempt => {
            (State { pending: None, ..state }, vec![Effect::Emit(ClientEvent::SignInFailed { code, reason })])
        }
        Event::SignInFailed { .. } => (state, vec![Effect::Supersede]),
        Event::LogoutStarted => log_out(state),
        Event::LogoutFinished { revoked: true } => (state, vec![]),
        Event::LogoutFinished { revoked: false } => (state, vec![revoke_failed()]),
        Event::DeadlineReached { ticket } if state.is_current(ticket) => {
            end(state, LogoutReason::TokenExpired)
        }
        Event::DeadlineReached { .. } => (state, vec![]),
        Event::Refused { ticket } if state.is_current(ticket) => end(state, LogoutReason::SessionRevoked),
        Event::Refused { .. } => (state, vec![]),
        Event::Renewed { ticket, session } if state.is_same_session(ticket) => renewed(state, session),
        Event::UserRead { ticket, user } if state.is_same_session(ticket) => user_read(state, *user),
        Event::UserDeleted { ticket } if state.is_same_session(ticket) => {
            end(state, LogoutReason::UserDeleted)
        }
        Event::Renewed { .. } | Event::UserRead { .. } | Event::UserDeleted { .. } => {
            (state, vec![Effect::Supersede])
        }
        Event::StorageFailed => (state, vec![storage_unavailable()]),
        // The snapshot stays as it was: the session is not over, only this client is.
        Event::Closed => (State { phase: Phase::Closed, pending: None, ..state }, vec![Effect::Unschedule]),
    }
}

/// Nothing is written or told any more; whoever still waits is released.
fn after_close(event: Event) -> Vec<Effect> {
    match event {
        Event::SignInSucceeded { session, .. } => vec![Effect::RevokeOrphan(session), Effect::Supersede],
        Event::SignInStarted
        | Event::SignInFailed { .. }
        | Event::Renewed { .. }
        | Event::UserRead { .. }
        | Event::UserDeleted { .. } => vec![Effect::Supersede],
        Event::Restored(_)
        | Event::LogoutStarted
        | Event::LogoutFinished { .. }
        | Event::DeadlineReached { .. }
        | Event::Refused { .. }
        | Event::StorageFailed
        | Event::Closed => vec![],
    }
}

fn restore(state: State, restored: Restored) -> (State, Vec<Effect>) {
    if state.phase != Phase::Loading {
        return (state, vec![]);
    }
    match restored {
        Restored::Found(session) => {
            let ticket = Ticket { session: 0, renewal: 0 };
            let at_ms = session.expires_at_ms;
            let phase = Phase::SignedIn { session, ticket };
            (State { phase, ..state }, vec![Effect::Schedule { at_ms, ticket }, Effect::Publish])
        }
        Restored::Nothing => {
            (State { phase: Phase::SignedOut { reason: None }, ..state }, vec![Effect::Publish])
        }
        Restored::Expired => {
            let reason = LogoutReason::TokenExpired;
            let effects =
                vec![Effect::Forget, Effect::Publish, Effect::Emit(ClientEvent::SignedOut { reason })];
            (State { phase: Phase::SignedOut { reason: Some(reason) }, ..state }, effects)
        }
        Restored::Invalid => {
            let effects = vec![Effect::Forget, Effect::Publish, stored_session_invalid()];
            (State { phase: Phase::SignedOut { reason: None }, ..state }, effects)
        }
    }
}

fn signed_in(state: State, attempt: u64, session: Rc<Session>) -> (State, Vec<Effect>) {
    let ticket = Ticket { session: attempt, renewal: 0 };
    let mut effects = vec![
        Effect::Persist(Rc::clone(&session)),
        Effect::Schedule { at_ms: session.expires_at_ms, ticket },
        Effect::Publish,
        Effect::Emit(ClientEvent::SignedIn { user: Box::new(session.user.clone()) }),
    ];
    if let Some((old, _)) = state.session() {
        effects.extend(orphan(Some((Rc::clone(&session), ticket)), &old));
    }
    (State { phase: Phase::SignedIn { session, ticket }, pending: None, ..state }, effects)
}

/// Ends a session that is not held, unless the server gave it out twice and the other one is held.
fn orphan(held: Option<(Rc<Session>, Ticket)>, session: &Rc<Session>) -> Option<Effect> {
    let is_held = held.is_some_and(|(held, _)| held.user.session_id == session.user.session_id);
    (!is_held).then(|| Effect::RevokeOrphan(Rc::clone(session)))
}

fn renewed(state: State, session: Rc<Session>) -> (State, Vec<Effect>) {
    let Phase::SignedIn { session: old, ticket } = &state.phase else {
        return (state, vec![Effect::Supersede]);
    };
    let ticket = Ticket { renewal: ticket.renewal + 1, ..*ticket };
    let mut effects = vec![
        Effect::Persist(Rc::clone(&session)),
        Effect::Schedule { at_ms: session.expires_at_ms, ticket },
        Effect::Publish,
    ];
    effects.extend(user_changed(&old.user, &session.user));
    (State { phase: Phase::SignedIn { session, ticket }, ..state }, effects)
}

fn user_read(state: State, user: UserProfile) -> (State, Vec<Effect>) {
    let Phase::SignedIn { session: old, ticket } = &state.phase else {
        return (state, vec![Effect::Supersede]);
    };
    let Some(changed) = user_changed(&old.user, &user) else {
        return (state, vec![]);
    };
    let session = Rc::new(Session { user, ..Session::clone(old) });
    let effects = vec![Effect::Persist(Rc::clone(&session)), Effect::Publish, changed];
    let phase = Phase::SignedIn { session, ticket: *ticket };
    (State { phase, ..state }, effects)
}

fn user_changed(old: &UserProfile, new: &UserProfile) -> Option<Effect> {
    (old != new).then(|| Effect::Emit(ClientEvent::UserChanged { user: Box::new(new.clone()) }))
}

/// Takes effect at once; the server is told afterwards. A sign-in on its way does not count any more.
fn log_out(state: State) -> (State, Vec<Effect>) {
    let state = State { pending: None, ..state };
    match state.phase {
        Phase::SignedIn { .. } => end(state, LogoutReason::UserIntent),
        Phase::Loading => {
            let phase = Phase::SignedOut { reason: Some(LogoutReason::UserIntent) };
            (State { phase, ..state }, vec![Effect::Forget, Effect::Publish])
        }
        // Again, in case that the store refused before.
        Phase::SignedOut { .. } | Phase::Closed => (state, vec![Effect::Forget]),
    }
}

fn end(state: State, reason: LogoutReason) -> (State, Vec<Effect>) {
    let effects = vec![
        Effect::Forget,
        Effect::Unschedule,
        Effect::Publish,
        Effect::Emit(ClientEvent::SignedOut { reason }),
    ];
    (State { phase: Phase::SignedOut { reason: Some(reason) }, ..state }, effects)
}

fn warning(code: &str, message: &str) -> Effect {
    Effect::Emit(ClientEvent::Warning { code: code.to_owned(), message: message.to_owned() })
}

fn storage_unavailable() -> Effect {
    warning("storage_unavailable", "storage is blocked or full; the session ends with this page")
}

fn stored_session_invalid() -> Effect {
    warning("stored_session_invalid", "the stored session was not one of this environment and is removed")
}

fn revoke_failed() -> Effect {
    warning("revoke_failed", "the session is gone here, but the server did not confirm that it ended it")
}
