//! What a tab does about what it finds in the register that all tabs share. Values in, values out.
//!
//! A greater epoch beats a smaller one, the end of an epoch beats everything else in it, and of two
//! writes the greater generation counts. Nothing there is nothing new: somebody may have cleared it.

use crate::{
    Session,
    state::{Effect, Found, Phase, State, Ticket},
    time::Now,
    transition::{enter, leave, replace},
    upkeep::Upkeep,
};
use byoa_protocol::client::LogoutReason;
use std::rc::Rc;

pub(crate) fn seen(state: State, found: Found, now: Now) -> (State, Vec<Effect>) {
    match (&state.phase, found) {
        (Phase::Loading, found) => restore(state, found, now),
        (_, Found::Session { session, ticket }) => session_seen(state, session, ticket, now),
        (Phase::SignedIn { ticket, .. }, Found::Ended { epoch, reason }) if ticket.epoch <= epoch => {
            leave(state, epoch, reason)
        }
        (_, Found::Ended { epoch, .. }) => (State { ended: state.ended.max(epoch), ..state }, vec![]),
        (_, Found::Nothing) => (state, vec![]),
    }
}

fn restore(state: State, found: Found, now: Now) -> (State, Vec<Effect>) {
    match found {
        // This machine's clock may be wrong: nothing is written for others.
        Found::Session { session, .. } if state.policy.is_left(&session, now) => {
            leave(state, 0, LogoutReason::Expired)
        }
        Found::Session { session, ticket } => {
            let phase = Phase::SignedIn { session, ticket, upkeep: Upkeep::default() };
            (State { phase, ..state }, vec![])
        }
        Found::Ended { epoch, reason } => {
            (State { phase: Phase::SignedOut { reason: Some(reason) }, ended: epoch, ..state }, vec![])
        }
        Found::Nothing => (State { phase: Phase::SignedOut { reason: None }, ..state }, vec![]),
    }
}

fn session_seen(state: State, session: Rc<Session>, ticket: Ticket, now: Now) -> (State, Vec<Effect>) {
    if ticket.epoch <= state.ended {
        // A write that came after the end, from a tab that has not seen it yet.
        let reason = ended_for(&state);
        let epoch = state.ended;
        return (state, vec![Effect::End { epoch, reason }]);
    }
    let Phase::SignedIn { session: own, ticket: current, upkeep } = &state.phase else {
        return if state.policy.is_left(&session, now) {
            (state, vec![])
        } else {
            enter(state, session, ticket)
        };
    };
    let (own, current, upkeep) = (Rc::clone(own), *current, *upkeep);
    if ticket.epoch > current.epoch {
        return enter(state, session, ticket);
    }
    if ticket.epoch < current.epoch {
        return (state, vec![Effect::Persist { session: own, ticket: current }]);
    }
    // Of two writes with the same number, the later is there and counts for everybody.
    if ticket.generation < current.generation || (ticket == current && session == own) {
        return (state, vec![]);
    }
    let is_renewed = session.minified_jwt != own.minified_jwt || session.jwt != own.jwt;
    let upkeep =
        if is_renewed { state.policy.renewed(&session, ticket.generation, upkeep, now) } else { upkeep };
    replace(state, &own, session, ticket, upkeep)
}

fn ended_for(state: &State) -> LogoutReason {
    match state.phase {
        Phase::SignedOut { reason: Some(reason) } => reason,
        _ => LogoutReason::UserIntent,
    }
}
