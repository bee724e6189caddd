//! The one transition. No I/O, no clock, no borrow: values in, values out.

use crate::{
    Session,
    register::seen,
    state::{Effect, Event, Phase, State, Ticket},
    time::Now,
    upkeep::{Upkeep, tell_at},
};
use byoa_protocol::{
    client::{ClientEvent, LogoutReason},
    profile::User,
};
use std::rc::Rc;

/// The state after an event, and what has to be done. Total: every event in every state, at any time.
#[must_use]
pub fn transition(state: State, event: Event, now: Now) -> (State, Vec<Effect>) {
    if state.phase == Phase::Closed {
        return (state, after_close(event));
    }
    match event {
        Event::Seen(found) => seen(state, found, now),
        Event::SetAside => (state, vec![stored_session_invalid()]),
        Event::Woken { eager } => woken(state, eager, now),
        Event::SignInStarted => {
            let attempt = state.attempts + 1;
            let state = State { attempts: attempt, pending: Some(attempt), ..state };
            (state, vec![Effect::Emit(ClientEvent::AuthInit)])
        }
        Event::SignInSucceeded { attempt, epoch, session } if state.pending == Some(attempt) => {
            let old = state.session();
            let ticket = Ticket { epoch, generation: 0 };
            let mut effects = vec![Effect::Persist { session: Rc::clone(&session), ticket }];
            let (state, entered) = enter(State { pending: None, ..state }, Rc::clone(&session), ticket);
            effects.extend(entered);
            effects.extend(old.and_then(|(old, _)| orphan(Some(&session), &old)));
            (state, effects)
        }
        Event::SignInSucceeded { session, .. } => {
            let held = state.session().map(|(held, _)| held);
            let mut effects = vec![Effect::Supersede];
            effects.extend(orphan(held.as_ref(), &session));
            (state, effects)
        }
        Event::SignInFailed { attempt: None, code, reason } => (state, vec![auth_failure(code, reason)]),
        Event::SignInFailed { attempt, code, reason } if state.pending == attempt => {
            (State { pending: None, ..state }, vec![auth_failure(code, reason)])
        }
        Event::SignInFailed { .. } => (state, vec![Effect::Supersede]),
        Event::LogoutStarted { reason } => log_out(state, reason),
        Event::LogoutFinished { revoked: false } => (state, vec![revoke_failed()]),
        Event::LogoutFinished { revoked: true } => (state, vec![]),
        Event::RefreshStarted { ticket } | Event::RefreshFailed { ticket, .. }
            if !state.is_same_session(ticket) =>
        {
            (state, vec![])
        }
        Event::RefreshStarted { .. } => (with_upkeep(state, |upkeep| upkeep.refreshing = true), vec![]),
        Event::RefreshFailed { ticket, code, wait_ms } if state.is_current(ticket) => {
            refresh_failed(state, code, wait_ms, now)
        }
        Event::RefreshFailed { .. } => (with_upkeep(state, |upkeep| upkeep.refreshing = false), vec![]),
        Event::Refused { ticket } if !state.is_current(ticket) => (state, vec![]),
        Event::Refused { .. } => {
            let over = state.session().is_some_and(|(session, _)| session.is_over(now.best));
            end(state, if over { LogoutReason::Expired } else { LogoutReason::SessionRevoked })
        }
        Event::Renewed { ticket, .. } | Event::UserRead { ticket, .. } | Event::UserDeleted { ticket }
            if !state.is_same_session(ticket) =>
        {
            (state, vec![Effect::Supersede])
        }
        Event::Renewed { ticket, session } => renewed(state, ticket, session, now),
        Event::UserRead { user, .. } => user_read(state, user),
        Event::UserDeleted { .. } => end(state, LogoutReason::UserDeleted),
        Event::StorageFailed => (state, vec![storage_unavailable()]),
        // The snapshot stays as it was: the session is not over, only this client is.
        Event::Closed => (State { phase: Phase::Closed, pending: None, ..state }, vec![]),
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
        Event::Seen(_)
        | Event::SetAside
        | Event::Woken { .. }
        | Event::LogoutStarted { .. }
        | Event::LogoutFinished { .. }
        | Event::RefreshStarted { .. }
        | Event::RefreshFailed { .. }
        | Event::Refused { .. }
        | Event::StorageFailed
        | Event::Closed => vec![],
    }
}

/// Does what is due by now.
fn woken(mut state: State, eager: bool, now: Now) -> (State, Vec<Effect>) {
    let policy = state.policy;
    let Phase::SignedIn { session, ticket, upkeep } = &mut state.phase else {
        return (state, vec![]);
    };
    if policy.is_left(session, now) {
        let is_over = policy.is_over(session, now);
        // What only this machine's clock says is not written for others.
        return if is_over {
            end(state, LogoutReason::Expired)
        } else {
            leave(state, 0, LogoutReason::Expired)
        };
    }
    let mut effects = vec![];
    if eager && upkeep.failures > 0 {
        upkeep.retry_at_ms = now.best;
    }
    let refresh_at = policy.refresh_at(session, ticket.generation, *upkeep, now);
    if policy.auto_refresh && !upkeep.refreshing && refresh_at <= now.best {
        upkeep.refreshing = true;
        effects.push(Effect::Refresh { session: Rc::clone(session), ticket: *ticket });
    }
    if !upkeep.told && tell_at(session) <= now.best {
        upkeep.told = true;
        let expires_at = session.expires_at_ms;
        effects.push(Effect::Emit(ClientEvent::SessionExpiring { expires_at }));
    }
    (state, effects)
}

/// The session is this one from now on, and the listeners hear of it.
pub(crate) fn enter(mut state: State, session: Rc<Session>, ticket: Ticket) -> (State, Vec<Effect>) {
    let effects = vec![
        Effect::Emit(ClientEvent::AuthSuccess { user: session.user.clone() }),
        Effect::Emit(ClientEvent::TokenChanged),
    ];
    state.phase = Phase::SignedIn { session, ticket, upkeep: Upkeep::default() };
    (state, effects)
}

/// The session is the same, and has other tokens or another profile.
pub(crate) fn replace(
    mut state: State,
    old: &Session,
    session: Rc<Session>,
    ticket: Ticket,
    upkeep: Upkeep,
) -> (State, Vec<Effect>) {
    let mut effects = vec![];
    if (&old.minified_jwt, &old.jwt) != (&session.minified_jwt, &session.jwt) {
        effects.push(Effect::Emit(ClientEvent::TokenChanged));
    }
    effects.extend(user_changed(&old.user, &session.user));
    state.phase = Phase::SignedIn { session, ticket, upkeep };
    (state, effects)
}

/// Ends a session that is not held, unless the server gave it out twice and the other one is held.
fn orphan(held: Option<&Rc<Session>>, session: &Rc<Session>) -> Option<Effect> {
    let is_held = held.is_some_and(|held| held.user.text("sessionId") == session.user.text("sessionId"));
    (!is_held).then(|| Effect::RevokeOrphan(Rc::clone(session)))
}

fn refresh_failed(state: State, code: String, wait_ms: i64, now: Now) -> (State, Vec<Effect>) {
    let policy = state.policy;
    // The server was asked, and nothing came that says otherwise.
    if state.session().is_some_and(|(session, _)| policy.is_over(&session, now)) {
        return end(state, LogoutReason::Expired);
    }
    let mut retry_at = 0;
    let state = with_upkeep(state, |upkeep| {
        upkeep.refreshing = false;
        upkeep.failures += 1;
        upkeep.retry_at_ms = policy.retry_at(upkeep.failures, wait_ms, now);
        retry_at = upkeep.retry_at_ms;
    });
    (state, vec![Effect::Emit(ClientEvent::SessionRefreshFailed { code, retry_at })])
}

fn with_upkeep(mut state: State, change: impl FnOnce(&mut Upkeep)) -> State {
    if let Phase::SignedIn { upkeep, .. } = &mut state.phase {
        change(upkeep);
    }
    state
}

fn renewed(state: State, of: Ticket, session: Rc<Session>, now: Now) -> (State, Vec<Effect>) {
    let Phase::SignedIn { session: old, ticket: current, upkeep } = &state.phase else {
        return (state, vec![Effect::Supersede]);
    };
    let (old, current, upkeep) = (Rc::clone(old), *current, *upkeep);
    // Another tab was faster: tokens that end no later may be those that were replaced.
    let is_late = of.generation < current.generation && session.expires_at_ms <= old.expires_at_ms;
    let session = if is_late {
        Rc::new(Session { user: session.user.clone(), ..Session::clone(&old) })
    } else {
        session
    };
    let ticket = Ticket { generation: current.generation + 1, ..current };
    let persist = Effect::Persist { session: Rc::clone(&session), ticket };
    let upkeep =
        if is_late { upkeep } else { state.policy.renewed(&session, ticket.generation, upkeep, now) };
    let (state, mut effects) = replace(state, &old, session, ticket, upkeep);
    effects.insert(0, persist);
    (state, effects)
}

fn user_read(state: State, user: User) -> (State, Vec<Effect>) {
    let Phase::SignedIn { session: old, ticket, upkeep } = &state.phase else {
        return (state, vec![Effect::Supersede]);
    };
    if old.user == user {
        return (state, vec![]);
    }
    let (old, upkeep) = (Rc::clone(old), *upkeep);
    let ticket = Ticket { generation: ticket.generation + 1, ..*ticket };
    let session = Rc::new(Session { user, ..Session::clone(&old) });
    let persist = Effect::Persist { session: Rc::clone(&session), ticket };
    let (state, mut effects) = replace(state, &old, session, ticket, upkeep);
    effects.insert(0, persist);
    (state, effects)
}

fn user_changed(old: &User, new: &User) -> Option<Effect> {
    (old != new).then(|| Effect::Emit(ClientEvent::UserChanged { user: new.clone() }))
}

/// Takes effect at once; the server is told afterwards. A sign-in on its way does not count any more.
fn log_out(state: State, reason: LogoutReason) -> (State, Vec<Effect>) {
    let state = State { pending: None, ..state };
    match state.phase {
        Phase::SignedIn { .. } => end(state, reason),
        Phase::Loading => {
            let phase = Phase::SignedOut { reason: Some(reason) };
            (State { phase, ..state }, vec![Effect::End { epoch: 0, reason }])
        }
        // Again, in case that the store refused before.
        Phase::SignedOut { .. } | Phase::Closed => {
            let epoch = state.ended;
            (state, vec![Effect::End { epoch, reason }])
        }
    }
}

fn end(state: State, reason: LogoutReason) -> (State, Vec<Effect>) {
    let epoch = state.session().map_or(0, |(_, ticket)| ticket.epoch);
    let (state, mut effects) = leave(state, epoch, reason);
    effects.insert(0, Effect::End { epoch, reason });
    (state, effects)
}

/// Nobody is signed in any more, and the listeners hear of it.
pub(crate) fn leave(mut state: State, epoch: i64, reason: LogoutReason) -> (State, Vec<Effect>) {
    state.phase = Phase::SignedOut { reason: Some(reason) };
    state.ended = state.ended.max(epoch);
    (state, vec![Effect::Emit(ClientEvent::Logout { reason })])
}

fn auth_failure(code: String, reason: Option<String>) -> Effect {
    Effect::Emit(ClientEvent::AuthFailure { code, reason })
}

fn warning(code: &str, message: &str) -> Effect {
    Effect::Emit(ClientEvent::Warning { code: code.to_owned(), message: message.to_owned() })
}

fn storage_unavailable() -> Effect {
    warning("storage_unavailable", "storage is blocked or full; the session ends with this page")
}

fn stored_session_invalid() -> Effect {
    warning("stored_session_invalid", "the stored session was not one of this environment and is set aside")
}

fn revoke_failed() -> Effect {
    warning("revoke_failed", "the session is gone here, but the server did not confirm that it ended it")
}
