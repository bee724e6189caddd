//! The transition, over every kind of state and every kind of event.

use crate::{fakes::word, fixtures::*};
use byoa_client::{
    Config, Session,
    state::{Effect, Event, Found, Phase, State, Ticket, transition},
    time::Now,
    upkeep::{Policy, Upkeep},
};
use byoa_protocol::client::{ClientConfig, ClientEvent, ClientSnapshot, LogoutReason};
use byoa_protocol::profile::User;
use serde_json::{Value, json};
use std::rc::Rc;

fn session_named(id: &str) -> Rc<Session> {
    let config = ClientConfig {
        environment_id: ENVIRONMENT.to_owned(),
        api_base_url: API_BASE.to_owned(),
        ..ClientConfig::default()
    };
    let config = Config::new(&config).expect("valid");
    let answer: Value = bent(session(), "/user/sessionId", json!(id));
    Rc::new(Session::from_answer(&config, START_MS, 200, object(&answer)).expect("good"))
}

const NOW: Now =
    Now { low: START_MS, best: START_MS, high: START_MS, certain: true, behind: false, visible: true };

/// After the end of every session here.
const LATER: i64 = START_MS + LIFETIME * 1000;

fn states() -> Vec<(&'static str, State)> {
    let ticket = Ticket { epoch: 1, generation: 1 };
    let signed_in = |upkeep| Phase::SignedIn { session: session_named("A"), ticket, upkeep };
    let policy = Policy { auto_refresh: true, seed: 0 };
    let of = |phase, pending| State { phase, attempts: 2, pending, ended: 0, policy };
    let busy = Upkeep { refreshing: true, ..Upkeep::default() };
    let out = Phase::SignedOut { reason: Some(LogoutReason::UserIntent) };
    vec![
        ("loading", of(Phase::Loading, None)),
        ("loading+2", of(Phase::Loading, Some(2))),
        ("out", of(Phase::SignedOut { reason: None }, None)),
        ("out+2", of(Phase::SignedOut { reason: None }, Some(2))),
        ("out of 1", State { ended: 1, ..of(out, None) }),
        ("in", of(signed_in(Upkeep::default()), None)),
        ("in+2", of(signed_in(Upkeep::default()), Some(2))),
        ("in, refreshing", of(signed_in(busy), None)),
        ("closed", of(Phase::Closed, None)),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let current = Ticket { epoch: 1, generation: 1 };
    let older = Ticket { epoch: 1, generation: 0 };
    let of_another = Ticket { epoch: 9, generation: 1 };
    let failed = |attempt| Event::SignInFailed { attempt, code: "c".to_owned(), reason: None };
    let changed = || {
        let mut user = session_named("A").user.wire().clone();
        user.insert("alias".to_owned(), "new".into());
        User::read(user).expect("a user")
    };
    let seen = |name, epoch, generation| {
        Event::Seen(Found::Session { session: session_named(name), ticket: Ticket { epoch, generation } })
    };
    let ended = |epoch| Event::Seen(Found::Ended { epoch, reason: LogoutReason::UserDeleted });
    let signed_in =
        |attempt, name| Event::SignInSucceeded { attempt, epoch: 5, session: session_named(name) };
    let refresh_failed = |ticket| Event::RefreshFailed { ticket, code: "c".to_owned(), wait_ms: 0 };
    vec![
        ("seen nothing", Event::Seen(Found::Nothing)),
        ("seen itself", seen("A", 1, 1)),
        ("seen another write of the same number", seen("B", 1, 1)),
        ("seen an older write", seen("B", 1, 0)),
        ("seen a newer write", seen("A2", 1, 2)),
        ("seen a newer sign-in", seen("B", 2, 0)),
        ("seen the end", ended(1)),
        ("seen an older end", ended(0)),
        ("set aside", Event::SetAside),
        ("woken", Event::Woken { eager: false }),
        ("sign-in started", Event::SignInStarted),
        ("sign-in 2 succeeded", signed_in(2, "B")),
        ("sign-in 2, same session", signed_in(2, "A")),
        ("sign-in 1 succeeded", signed_in(1, "B")),
        ("sign-in 2 failed", failed(Some(2))),
        ("sign-in 1 failed", failed(Some(1))),
        ("sign-in unchecked failed", failed(None)),
        ("logout started", Event::LogoutStarted { reason: LogoutReason::UserIntent }),
        ("logout confirmed", Event::LogoutFinished { revoked: true }),
        ("logout unconfirmed", Event::LogoutFinished { revoked: false }),
        ("refresh started", Event::RefreshStarted { ticket: current }),
        ("refresh of another started", Event::RefreshStarted { ticket: of_another }),
        ("refresh failed", refresh_failed(current)),
        ("refresh of older tokens failed", refresh_failed(older)),
        ("refresh of another failed", refresh_failed(of_another)),
        ("refused", Event::Refused { ticket: current }),
        ("older tokens refused", Event::Refused { ticket: older }),
        ("refused of another", Event::Refused { ticket: of_another }),
        ("renewed", Event::Renewed { ticket: current, session: session_named("A2") }),
        ("older tokens renewed", Event::Renewed { ticket: older, session: session_named("A2") }),
        ("renewed of another", Event::Renewed { ticket: of_another, session: session_named("A2") }),
        ("user read", Event::UserRead { ticket: older, user: changed() }),
        ("user read, same", Event::UserRead { ticket: current, user: session_named("A").user.clone() }),
        ("user read of another", Event::UserRead { ticket: of_another, user: changed() }),
        ("user deleted", Event::UserDeleted { ticket: current }),
        ("user deleted of another", Event::UserDeleted { ticket: of_another }),
        ("storage failed", Event::StorageFailed),
        ("closed", Event::Closed),
    ]
}

fn phase_word(state: &State) -> String {
    let phase = match &state.phase {
        Phase::Loading => "loading".to_owned(),
        Phase::SignedOut { reason: None } => "out".to_owned(),
        Phase::SignedOut { reason: Some(reason) } => format!("out({reason:?})"),
        Phase::SignedIn { session, ticket, upkeep } => {
            let name = profile(&session.user).session_id;
            let busy = if upkeep.refreshing { " refreshing" } else { "" };
            let retry = if upkeep.failures > 0 { " waiting" } else { "" };
            format!("in({name} {}.{}{busy}{retry})", ticket.epoch, ticket.generation)
        }
        Phase::Closed => "closed".to_owned(),
    };
    state.pending.map_or(phase.clone(), |pending| format!("{phase}+{pending}"))
}

fn effect_word(effect: &Effect) -> String {
    match effect {
        Effect::Persist { session, ticket } => {
            format!("persist {} {}.{}", profile(&session.user).session_id, ticket.epoch, ticket.generation)
        }
        Effect::End { epoch, reason } => format!("end {epoch} {reason:?}"),
        Effect::Refresh { ticket, .. } => format!("refresh {}.{}", ticket.epoch, ticket.generation),
        Effect::Emit(event) => word(event),
        Effect::RevokeOrphan(session) => format!("revoke {}", profile(&session.user).session_id),
        Effect::Supersede => "supersede".to_owned(),
    }
}

fn table() -> String {
    let mut table = String::new();
    for (_, state) in states() {
        for (name, event) in events() {
            let (next, effects) = transition(state.clone(), event, NOW);
            let effects: Vec<_> = effects.iter().map(effect_word).collect();
            let line =
                format!("{} | {name} | {} | {}", phase_word(&state), phase_word(&next), effects.join(", "));
            table.push_str(line.trim_end());
            table.push('\n');
        }
    }
    table
}

/// The table is read by people when it changes; `BYOA_WRITE_GENERATED=1` writes it anew.
#[test]
fn every_event_in_every_state_does_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client/transition-table.txt");
    if std::env::var_os("BYOA_WRITE_GENERATED").is_some() {
        std::fs::write(path, table()).expect("writable tree");
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    for (found, expected) in table().lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(table().lines().count(), expected.lines().count());
}

fn over_all(check: impl Fn(&str, State, Event, &State, &[Effect])) {
    for (state_name, state) in states() {
        for (event_name, event) in events() {
            let (next, effects) = transition(state.clone(), event.clone(), NOW);
            check(&format!("{state_name} / {event_name}"), state.clone(), event, &next, &effects);
        }
    }
}

#[test]
fn a_session_in_memory_is_the_one_in_the_register() {
    over_all(|name, before, event, after, effects| {
        let from_register = matches!(event, Event::Seen(_));
        match (before.session(), after.session()) {
            (before, Some(after)) if before.as_ref() != Some(&after) && !from_register => {
                let (session, ticket) = after;
                assert!(effects.contains(&Effect::Persist { session, ticket }), "{name}");
            }
            (Some((_, ticket)), None) if event != Event::Closed => {
                let ends =
                    |effect: &Effect| matches!(effect, Effect::End { epoch, .. } if *epoch == ticket.epoch);
                assert!(from_register || effects.iter().any(ends), "{name}");
                assert_eq!(after.ended, ticket.epoch, "{name}");
            }
            _ => {}
        }
    });
}

#[test]
fn what_ended_does_not_come_back_and_epochs_do_not_go_back() {
    over_all(|name, before, _, after, _| {
        assert!(before.ended <= after.ended, "{name}");
        if let (Some((_, old)), Some((_, new))) = (before.session(), after.session()) {
            assert!(old <= new, "{name}");
        }
        assert!(after.session().is_none_or(|(_, ticket)| ticket.epoch > after.ended), "{name}");
    });
}

#[test]
fn who_is_signed_in_changes_only_with_a_word_to_the_listeners() {
    over_all(|name, before, event, after, effects| {
        let told = |wanted: fn(&ClientEvent) -> bool| {
            effects.iter().any(|effect| matches!(effect, Effect::Emit(event) if wanted(event)))
        };
        let restored = before.phase == Phase::Loading;
        match (before.session(), after.session()) {
            (None, Some(_)) if !restored || !matches!(event, Event::Seen(_)) => {
                assert!(told(|event| matches!(event, ClientEvent::AuthSuccess { .. })), "{name}");
            }
            (Some(_), None) if event != Event::Closed => {
                assert!(told(|event| matches!(event, ClientEvent::Logout { .. })), "{name}");
            }
            _ => {}
        }
    });
}

#[test]
fn time_alone_ends_only_what_cannot_be_refreshed_any_more() {
    let at =
        |low: i64, best: i64, certain| Now { low, best, high: best, certain, behind: false, visible: true };
    let ticket = Ticket { epoch: 1, generation: 1 };
    // Woken, it asks; and only where nothing comes of that it ends.
    let ends = |now: Now, state: &State| {
        let (state, effects) = transition(state.clone(), Event::Woken { eager: false }, now);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Refresh { .. })));
        let failed = Event::RefreshFailed { ticket, code: "c".to_owned(), wait_ms: 0 };
        transition(state, failed, now).0.session().is_none()
    };
    let state = &states()[5].1;
    assert!(ends(at(LATER, LATER, true), state));
    assert!(!ends(at(LATER - 1, LATER, true), state), "it may be earlier");
    assert!(!ends(at(LATER, LATER, false), state), "the clock was stepped, perhaps");
    let mut refreshable = state.clone();
    if let Phase::SignedIn { session, .. } = &mut refreshable.phase {
        Rc::make_mut(session).refresh_expires_at_ms = Some(LATER + 1000);
    }
    assert!(!ends(at(LATER, LATER, true), &refreshable));
    assert!(ends(at(LATER + 1000, LATER + 1000, true), &refreshable));
}

#[test]
fn a_superseded_answer_changes_nothing() {
    over_all(|name, before, _, after, effects| {
        if effects.contains(&Effect::Supersede) {
            assert_eq!(before, *after, "{name}");
            assert!(
                effects.iter().all(|effect| matches!(effect, Effect::Supersede | Effect::RevokeOrphan(_))),
                "{name}"
            );
        }
    });
}

#[test]
fn a_closed_client_stays_closed() {
    over_all(|name, before, _, after, effects| {
        if before.phase == Phase::Closed {
            assert_eq!(*after, before, "{name}");
            assert!(
                effects.iter().all(|effect| matches!(effect, Effect::Supersede | Effect::RevokeOrphan(_))),
                "{name}"
            );
        }
    });
}

#[test]
fn no_snapshot_or_event_holds_a_token() {
    over_all(|name, _, _, after, effects| {
        let snapshot = serde_json::to_string::<ClientSnapshot>(&after.snapshot()).expect("plain data");
        let events: Vec<_> = effects
            .iter()
            .filter_map(|effect| if let Effect::Emit(event) = effect { Some(event) } else { None })
            .collect();
        let events = serde_json::to_string(&events).expect("plain data");
        for secret in [MINIFIED, FAT] {
            assert!(!snapshot.contains(secret) && !events.contains(secret), "{name}");
        }
        let printed = format!("{after:?} {effects:?}");
        assert!(!printed.contains("c2VjcmV0"), "{name}");
    });
}
