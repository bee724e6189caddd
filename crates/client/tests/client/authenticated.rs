//! What a signed-in user can do.

use crate::{fakes::*, fixtures::*};
use byoa_protocol::client::{ClientSnapshot, LogoutReason};
use serde_json::json;

#[test]
fn nothing_is_sent_without_a_session() {
    let bench = Bench::new();
    let errors = [
        run(bench.client.refresh(None)).map(drop),
        run(bench.client.refresh_user(None)).map(drop),
        run(bench.client.update_user(object(&json!({})), None)).map(drop),
        run(bench.client.delete_user(None)),
    ];
    for error in errors {
        assert_eq!(error.expect_err("nobody").code, "not_signed_in");
    }
    assert!(bench.asked().is_empty());
}

#[test]
fn a_changed_user_is_stored_and_told() {
    let bench = Bench::signed_in();
    let generation = bench.client.snapshot().generation;
    bench.answer(200, &bent(user(), "/firstName", json!("Ada")).to_string());
    assert_eq!(run(bench.client.refresh_user(None)).expect("reads").text("firstName"), Some("Ada"));
    assert_eq!(bench.events(), ["userChanged"]);
    assert_eq!(bench.client.snapshot().generation, generation + 1);
    assert!(bench.stored().expect("stored").contains("Ada"));
}

#[test]
fn an_unchanged_user_changes_nothing() {
    let bench = Bench::signed_in();
    let (before, writes) = (bench.client.snapshot(), bench.store.writes.get());
    bench.answer(200, &user().to_string());
    run(bench.client.refresh_user(None)).expect("reads");
    let after = bench.client.snapshot();
    assert!(before.generation == after.generation && std::rc::Rc::ptr_eq(&before.value, &after.value));
    assert_eq!((bench.events().len(), bench.store.writes.get()), (0, writes));
}

#[test]
fn an_update_brings_new_tokens() {
    let bench = Bench::signed_in();
    let answer = bent(bent(session(), "/minifiedJwt", json!("new.new.new")), "/user/alias", json!("ada"));
    bench.answer(200, &bent(answer, "/nextView", json!("a-view-of-the-future")).to_string());
    run(bench.client.update_user(object(&json!({})), None)).expect("changes");
    assert_eq!(bench.client.minified_token().expect("there").expose(), "new.new.new");
    assert_eq!(bench.all_events(), ["tokenChanged", "userChanged"]);
}

#[test]
fn an_answer_about_another_user_is_refused() {
    let bench = Bench::signed_in();
    let before = bench.snapshot();
    bench.answer(200, &bent(user(), "/id", json!("other")).to_string());
    assert_eq!(run(bench.client.refresh_user(None)).expect_err("another").code, "invalid_response");
    bench.answer(200, &bent(session(), "/user/id", json!("other")).to_string());
    assert_eq!(run(bench.client.refresh(None)).expect_err("another").code, "invalid_response");
    assert_eq!(bench.snapshot(), before);
}

#[test]
fn refreshes_at_the_same_time_share_one_request() {
    let bench = Bench::signed_in();
    let gate = bench.gated(200, &bent(session(), "/minifiedJwt", json!("new.new.new")).to_string());
    let (first, second) =
        (Polled::start(bench.client.refresh(None)), Polled::start(bench.client.refresh(None)));
    gate.open();
    assert_eq!(first.end(), second.end());
    assert_eq!(bench.asked().len(), 1);
    bench.answer(200, &session().to_string());
    run(bench.client.refresh(None)).expect("a later one asks again");
    assert_eq!(bench.asked().len(), 2);
}

#[test]
fn a_failed_refresh_may_be_tried_again() {
    let bench = Bench::signed_in();
    bench.unreachable();
    assert_eq!(run(bench.client.refresh(None)).expect_err("unreachable").code, "network_error");
    assert!(bench.is_signed_in());
    bench.answer(200, &session().to_string());
    run(bench.client.refresh(None)).expect("refreshes");
}

#[test]
fn a_refusal_of_replaced_tokens_costs_another_request_with_the_new_ones() {
    let bench = Bench::signed_in();
    let gate = bench.gated(401, REFUSAL);
    let old = Polled::start(bench.client.refresh_user(None));
    bench.answer(200, &bent(session(), "/minifiedJwt", json!("new.new.new")).to_string());
    run(bench.client.refresh(None)).expect("refreshes");
    bench.answer(200, &bent(user(), "/firstName", json!("Ada")).to_string());
    gate.open();
    assert_eq!(old.end().expect("asked again").text("firstName"), Some("Ada"));
    assert_eq!(bench.bearer(2), "Bearer new.new.new");
    assert!(bench.is_signed_in());
}

#[test]
fn a_refusal_of_the_present_tokens_is_cleared_up_by_a_refresh() {
    let bench = Bench::signed_in();
    bench.answer(401, REFUSAL);
    bench.answer(200, &bent(session(), "/minifiedJwt", json!("new.new.new")).to_string());
    bench.answer(200, &session().to_string());
    run(bench.client.update_user(object(&json!({})), None)).expect("refused, refreshed and asked again");
    assert_eq!(bench.asked().len(), 3);
    assert_eq!(bench.bearer(2), "Bearer new.new.new");
}

#[test]
fn a_page_of_a_proxy_is_no_refusal() {
    for body in ["", "<html>Sign in to the hotel</html>", r#"{"error":"x","code":"use_dpop_nonce"}"#] {
        let bench = Bench::signed_in();
        bench.answer(401, body);
        run(bench.client.refresh(None)).expect_err("no answer of ours");
        assert!(bench.is_signed_in());
        assert_eq!(bench.events().len(), 1, "sessionRefreshFailed");
    }
}

#[test]
fn a_refused_refresh_signs_out() {
    let bench = Bench::signed_in();
    bench.answer(401, REFUSAL);
    run(bench.client.refresh(None)).expect_err("refused");
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::SessionRevoked) });
}
