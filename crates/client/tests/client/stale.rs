//! Answers that come after something newer.

use crate::{fakes::*, fixtures::*};
use byoa_client::Notice;
use byoa_protocol::client::{ClientEvent, ClientSnapshot, LogoutReason};
use serde_json::json;
use std::{cell::RefCell, rc::Rc};

fn as_session(id: &str) -> String {
    bent(bent(session(), "/user/sessionId", json!(id)), "/minifiedJwt", json!(format!("{id}.x.y")))
        .to_string()
}

#[test]
fn of_two_sign_ins_the_newer_wins_whatever_is_answered_first() {
    for older_first in [true, false] {
        let bench = Bench::new();
        let gates = [bench.gated(200, &as_session("one")), bench.gated(200, &as_session("two"))];
        let one = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
        let two = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
        gates.iter().for_each(Gate::open);
        let (one, two) = if older_first {
            let one = one.end();
            (one, two.end())
        } else {
            let two = two.end();
            (one.end(), two)
        };
        assert_eq!(one.expect_err("older").code, "superseded");
        assert_eq!(two.expect("newer").text("sessionId"), Some("two"));
        assert!(bench.stored().expect("stored").contains("two.x.y"));
        assert_eq!(bench.events(), ["authSuccess"]);
        bench.answer(204, "");
        bench.run_tasks();
        assert!(bench.asked()[2].ends_with("/revoke"), "nobody holds the older session");
    }
}

#[test]
fn arguments_that_fail_their_checks_do_not_replace_a_sign_in() {
    let bench = Bench::new();
    let gate = bench.gated(200, &session().to_string());
    let good = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
    bench.clock.freeze(1_000_000);
    bench.sign_in().expect_err("expired by now");
    gate.open();
    good.end().expect("not replaced");
}

#[test]
fn signing_out_in_between_wins() {
    let bench = Bench::new();
    let gate = bench.gated(200, &session().to_string());
    let sign_in = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
    run(bench.client.logout());
    gate.open();
    assert_eq!(sign_in.end().expect_err("late").code, "superseded");
    assert!(!bench.is_signed_in() && bench.stored().is_none());
    bench.answer(204, "");
    bench.run_tasks();
    assert!(bench.asked()[1].ends_with("/revoke"));
}

#[test]
fn a_late_failure_is_told_to_its_caller_only() {
    let bench = Bench::new();
    let gate = bench.gated(422, r#"{"error":"x","code":"invalid_external_auth"}"#);
    let sign_in = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
    run(bench.client.logout());
    gate.open();
    assert_eq!(sign_in.end().expect_err("late").code, "superseded");
    assert_eq!(bench.events(), Vec::<String>::new());
}

#[test]
fn an_answer_for_the_last_session_does_not_touch_this_one() {
    let bench = Bench::signed_in();
    let gate = bench.gated(200, &bent(user(), "/email", json!("old@example.com")).to_string());
    let old = Polled::start(bench.client.refresh_user(None));
    bench.answer(204, "");
    run(bench.client.logout());
    bench.answer(200, &as_session("two"));
    bench.sign_in().expect("signs in");
    gate.open();
    assert_eq!(old.end().expect_err("late").code, "superseded");
    let ClientSnapshot::SignedIn { user, .. } = bench.snapshot() else { panic!("signed in") };
    assert_eq!(user.text("email"), Some("ada@example.com"));
}

#[test]
fn a_refusal_of_the_last_session_does_not_end_this_one() {
    let bench = Bench::signed_in();
    let gate = bench.gated(401, REFUSAL);
    let old = Polled::start(bench.client.refresh_user(None));
    bench.answer(200, &as_session("two"));
    bench.sign_in().expect("signs in");
    gate.open();
    old.end().expect_err("refused");
    assert!(bench.is_signed_in());
}

#[test]
fn a_refresh_of_the_last_session_is_not_shared_with_this_one() {
    let bench = Bench::signed_in();
    let gate = bench.gated(200, &session().to_string());
    let old = Polled::start(bench.client.refresh(None));
    bench.answer(200, &as_session("two"));
    bench.sign_in().expect("signs in");
    bench.answer(200, &as_session("two"));
    run(bench.client.refresh(None)).expect("its own request");
    gate.open();
    assert_eq!(old.end().expect_err("late").code, "superseded");
    assert!(bench.stored().expect("stored").contains("two.x.y"));
}

#[test]
fn a_closed_client_writes_nothing_tells_nothing_and_releases_whoever_waits() {
    let bench = Bench::new();
    bench.client.start();
    let gate = bench.gated(200, &session().to_string());
    let sign_in = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
    bench.notices.borrow_mut().clear();
    bench.client.close();
    gate.open();
    assert_eq!(sign_in.end().expect_err("closed").code, "superseded");
    assert_eq!((bench.stored(), bench.store.writes.get()), (None, 0));
    assert_eq!(bench.notices.borrow().len(), 0);
    assert_eq!(bench.sign_in().expect_err("closed").code, "superseded");
    assert_eq!(run(bench.client.refresh_user(None)).expect_err("closed").code, "superseded");
}

#[test]
fn a_call_is_about_the_session_at_the_time_of_the_call() {
    let bench = Bench::signed_in();
    let update = bench.client.update_user(object(&json!({})), None);
    bench.answer(204, "");
    run(bench.client.logout());
    bench.answer(200, &as_session("two"));
    bench.sign_in().expect("signs in");
    bench.answer(200, &as_session("one"));
    assert_eq!(run(update).expect_err("of the session before").code, "superseded");
    assert!(bench.stored().expect("stored").contains("two.x.y"));
}

#[test]
fn closing_keeps_the_stored_session_for_the_next_client() {
    let bench = Bench::signed_in();
    bench.client.close();
    assert_eq!(bench.clock.set(), 0);
    assert_eq!(bench.client.token(), None);
    let next = Bench::on(Rc::clone(&bench.store));
    next.client.start();
    assert!(next.is_signed_in());
}

#[test]
fn an_observer_may_call_back_and_is_never_called_within_itself() {
    let depth = Rc::new(RefCell::new((0_u32, 0_u32)));
    let notices: Rc<RefCell<Vec<Notice>>> = Rc::default();
    let (watched, noted) = (Rc::clone(&depth), Rc::clone(&notices));
    let bench = Bench::observed(Rc::default(), notices, move |notice, client| {
        let mut depth = watched.borrow_mut();
        *depth = (depth.0 + 1, depth.1.max(depth.0 + 1));
        drop(depth);
        noted.borrow_mut().push(notice.clone());
        let _ = client.snapshot();
        if matches!(notice, Notice::Event(ClientEvent::AuthSuccess { .. })) {
            drop(client.logout());
        }
        watched.borrow_mut().0 -= 1;
    });
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signed in, if only for a moment");
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::UserIntent) });
    assert_eq!(bench.events(), ["authSuccess", "logout:UserIntent"]);
    assert_eq!(*depth.borrow(), (0, 1));
}
