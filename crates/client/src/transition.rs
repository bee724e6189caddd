//! The one transition. No I/O, no clock, no borrow: values in, values out.

use crate::{
    Session,
    state::{Effect, Event, Phase, Restored, State, Ticket},
};
use byoa_protocol::{
    client::{ClientEvent, LogoutReason},
    profile::User,
};
use std::rc::Rc;

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
            let state = State { attempts: attempt, pending: Some(attempt), ..state };
            (state, vec![Effect::Emit(ClientEvent::AuthInit)])
        }
        Event::SignInSucceeded { attempt, session } if state.pending == Some(attempt) => {
            signed_in(&state, attempt, session)
        }
        Event::SignInSucceeded { session, .. } => {
            let mut effects = vec![Effect::Supersede];
            effects.extend(orphan(state.session(), &session));
            (state, effects)
        }
        Event::SignInFailed { attempt: None, code, reason } => {
            (state, vec![Effect::Emit(ClientEvent::AuthFailure { code, reason })])
        }
        Event::SignInFailed { attempt, code, reason } if state.pending == attempt => {
            (State { pending: None, ..state }, vec![Effect::Emit(ClientEvent::AuthFailure { code, reason })])
        }
        Event::SignInFailed { .. } => (state, vec![Effect::Supersede]),
        Event::LogoutStarted { reason } => log_out(state, reason),
        Event::LogoutFinished { revoked: false } => (state, vec![revoke_failed()]),
        Event::DeadlineReached { ticket } if state.is_current(ticket) => end(&state, LogoutReason::Expired),
        Event::Refused { ticket } if state.is_current(ticket) => end(&state, LogoutReason::SessionRevoked),
        Event::LogoutFinished { revoked: true } | Event::DeadlineReached { .. } | Event::Refused { .. } => {
            (state, vec![])
        }
        Event::Renewed { ticket, session } if state.is_same_session(ticket) => renewed(state, session),
        Event::UserRead { ticket, user } if state.is_same_session(ticket) => user_read(state, user),
        Event::UserDeleted { ticket } if state.is_same_session(ticket) => {
            end(&state, LogoutReason::UserDeleted)
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
        | Event::LogoutStarted { .. }
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
            let reason = LogoutReason::Expired;
            let effects = vec![Effect::Forget, Effect::Publish, Effect::Emit(ClientEvent::Logout { reason })];
            (State { phase: Phase::SignedOut { reason: Some(reason) }, ..state }, effects)
        }
        Restored::Invalid => {
            let effects = vec![Effect::Forget, Effect::Publish, stored_session_invalid()];
            (State { phase: Phase::SignedOut { reason: None }, ..state }, effects)
        }
    }
}

fn signed_in(state: &State, attempt: u64, session: Rc<Session>) -> (State, Vec<Effect>) {
    let ticket = Ticket { session: attempt, renewal: 0 };
    let mut effects = vec![
        Effect::Persist(Rc::clone(&session)),
        Effect::Schedule { at_ms: session.expires_at_ms, ticket },
        Effect::Publish,
        Effect::Emit(ClientEvent::AuthSuccess { user: session.user.clone() }),
        Effect::Emit(ClientEvent::TokenChanged),
    ];
    if let Some((old, _)) = state.session() {
        effects.extend(orphan(Some((Rc::clone(&session), ticket)), &old));
    }
    (State { phase: Phase::SignedIn { session, ticket }, pending: None, attempts: state.attempts }, effects)
}

/// Ends a session that is not held, unless the server gave it out twice and the other one is held.
fn orphan(held: Option<(Rc<Session>, Ticket)>, session: &Rc<Session>) -> Option<Effect> {
    let is_held = held.is_some_and(|(held, _)| held.user.text("sessionId") == session.user.text("sessionId"));
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
        Effect::Emit(ClientEvent::TokenChanged),
    ];
    effects.extend(user_changed(&old.user, &session.user));
    (State { phase: Phase::SignedIn { session, ticket }, ..state }, effects)
}

fn user_read(state: State, user: User) -> (State, Vec<Effect>) {
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

fn user_changed(old: &User, new: &User) -> Option<Effect> {
    (old != new).then(|| Effect::Emit(ClientEvent::UserChanged { user: new.clone() }))
}

/// Takes effect at once; the server is told afterwards. A sign-in on its way does not count any more.
fn log_out(state: State, reason: LogoutReason) -> (State, Vec<Effect>) {
    let state = State { pending: None, ..state };
    match state.phase {
        Phase::SignedIn { .. } => end(&state, reason),
        Phase::Loading => {
            let phase = Phase::SignedOut { reason: Some(reason) };
            (State { phase, ..state }, vec![Effect::Forget, Effect::Publish])
        }
        // Again, in case that the store refused before.
        Phase::SignedOut { .. } | Phase::Closed => (state, vec![Effect::Forget]),
    }
}

fn end(state: &State, reason: LogoutReason) -> (State, Vec<Effect>) {
    let effects = vec![
        Effect::Forget,
        Effect::Unschedule,
        Effect::Publish,
        Effect::Emit(ClientEvent::Logout { reason }),
    ];
    (State { phase: Phase::SignedOut { reason: Some(reason) }, ..state.clone() }, effects)
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
