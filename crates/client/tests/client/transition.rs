//! The transition, over every kind of state and every kind of event.

use crate::{fakes::word, fixtures::*};
use byoa_client::{
    Config, Session,
    state::{Effect, Event, Phase, Restored, State, Ticket, transition},
};
use byoa_protocol::client::{ClientConfig, ClientSnapshot, LogoutReason};
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
    let answer = serde_json::from_value(answer).expect("an answer");
    Rc::new(Session::from_answer(&config, START_MS, 200, answer).expect("good"))
}

fn states() -> Vec<(&'static str, State)> {
    let signed_in =
        || Phase::SignedIn { session: session_named("A"), ticket: Ticket { session: 1, renewal: 1 } };
    let of = |phase, pending| State { phase, attempts: 2, pending };
    vec![
        ("loading", of(Phase::Loading, None)),
        ("loading+2", of(Phase::Loading, Some(2))),
        ("out", of(Phase::SignedOut { reason: None }, None)),
        ("out+2", of(Phase::SignedOut { reason: None }, Some(2))),
        ("in", of(signed_in(), None)),
        ("in+2", of(signed_in(), Some(2))),
        ("closed", of(Phase::Closed, None)),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let current = Ticket { session: 1, renewal: 1 };
    let before_renewal = Ticket { session: 1, renewal: 0 };
    let of_another = Ticket { session: 9, renewal: 1 };
    let failed = |attempt| Event::SignInFailed { attempt, code: "c".to_owned(), reason: None };
    let changed = || {
        let mut user = session_named("A").user.wire().clone();
        user.insert("alias".to_owned(), json!("new"));
        User::read(user).expect("a user")
    };
    vec![
        ("restored found", Event::Restored(Restored::Found(session_named("S")))),
        ("restored nothing", Event::Restored(Restored::Nothing)),
        ("restored expired", Event::Restored(Restored::Expired)),
        ("restored invalid", Event::Restored(Restored::Invalid)),
        ("sign-in started", Event::SignInStarted),
        ("sign-in 2 succeeded", Event::SignInSucceeded { attempt: 2, session: session_named("B") }),
        ("sign-in 2, same session", Event::SignInSucceeded { attempt: 2, session: session_named("A") }),
        ("sign-in 1 succeeded", Event::SignInSucceeded { attempt: 1, session: session_named("B") }),
        ("sign-in 2 failed", failed(Some(2))),
        ("sign-in 1 failed", failed(Some(1))),
        ("sign-in unchecked failed", failed(None)),
        ("logout started", Event::LogoutStarted { reason: LogoutReason::UserIntent }),
        ("logout confirmed", Event::LogoutFinished { revoked: true }),
        ("logout unconfirmed", Event::LogoutFinished { revoked: false }),
        ("deadline", Event::DeadlineReached { ticket: current }),
        ("deadline before renewal", Event::DeadlineReached { ticket: before_renewal }),
        ("refused", Event::Refused { ticket: current }),
        ("refused before renewal", Event::Refused { ticket: before_renewal }),
        ("refused of another", Event::Refused { ticket: of_another }),
        ("renewed", Event::Renewed { ticket: before_renewal, session: session_named("A2") }),
        ("renewed of another", Event::Renewed { ticket: of_another, session: session_named("A2") }),
        ("user read", Event::UserRead { ticket: before_renewal, user: changed() }),
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
        Phase::SignedIn { session, ticket } => {
            format!("in({} {}.{})", profile(&session.user).session_id, ticket.session, ticket.renewal)
        }
        Phase::Closed => "closed".to_owned(),
    };
    state.pending.map_or(phase.clone(), |pending| format!("{phase}+{pending}"))
}

fn effect_word(effect: &Effect) -> String {
    match effect {
        Effect::Persist(session) => format!("persist {}", profile(&session.user).session_id),
        Effect::Forget => "forget".to_owned(),
        Effect::Schedule { ticket, .. } => format!("schedule {}.{}", ticket.session, ticket.renewal),
        Effect::Unschedule => "unschedule".to_owned(),
        Effect::Publish => "publish".to_owned(),
        Effect::Emit(event) => word(event),
        Effect::RevokeOrphan(session) => format!("revoke {}", profile(&session.user).session_id),
        Effect::Supersede => "supersede".to_owned(),
    }
}

fn table() -> String {
    let mut table = String::new();
    for (_, state) in states() {
        for (name, event) in events() {
            let (next, effects) = transition(state.clone(), event);
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
            let (next, effects) = transition(state.clone(), event.clone());
            check(&format!("{state_name} / {event_name}"), state.clone(), event, &next, &effects);
        }
    }
}

#[test]
fn whatever_changes_for_the_app_is_published() {
    over_all(|name, before, _, after, effects| {
        let changed = before.snapshot() != after.snapshot() && after.phase != Phase::Closed;
        assert!(!changed || effects.contains(&Effect::Publish), "{name}");
    });
}

#[test]
fn a_session_in_memory_is_the_one_in_the_store_and_on_the_timer() {
    over_all(|name, before, event, after, effects| {
        let (before, after) = (before.session(), after.session());
        match (before, after) {
            (_, Some(after)) if !matches!(event, Event::Restored(_)) => {
                let persisted =
                    effects.iter().any(|effect| matches!(effect, Effect::Persist(kept) if *kept == after.0));
                let kept =
                    effects.iter().all(|effect| !matches!(effect, Effect::Persist(_) | Effect::Forget));
                assert!(persisted || kept, "{name}");
            }
            (Some(_), None) if event != Event::Closed => {
                assert!(effects.contains(&Effect::Forget) && effects.contains(&Effect::Unschedule), "{name}");
            }
            _ => {}
        }
    });
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
