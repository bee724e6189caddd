//! Tabs of one browser, which share a store and nothing else.

use crate::{fakes::*, fixtures::*};
use byoa_client::ports::Wake;
use byoa_protocol::client::{ClientSnapshot, LogoutReason};
use serde_json::json;

fn other_tokens() -> String {
    bent(session(), "/minifiedJwt", json!("new.new.new")).to_string()
}

#[test]
fn a_sign_in_of_one_tab_shows_in_another() {
    let one = Bench::keeping();
    let two = one.tab();
    two.page.wake(Wake::Changed);
    assert_eq!(two.snapshot(), one.snapshot());
    one.answer(200, &bent(session(), "/user/id", json!("other")).to_string());
    one.answer(204, "");
    one.sign_in().expect("signs in");
    two.page.wake(Wake::Changed);
    assert_eq!(two.snapshot(), one.snapshot());
    assert_eq!(two.all_events(), ["authSuccess", "tokenChanged"]);
}

#[test]
fn a_refresh_of_one_tab_is_everybodys() {
    let one = Bench::keeping();
    let two = one.tab();
    one.answer(200, &other_tokens());
    run(one.client.refresh(None)).expect("refreshes");
    two.page.wake(Wake::Changed);
    assert_eq!(two.client.minified_token().expect("there").expose(), "new.new.new");
    assert_eq!(two.all_events(), ["tokenChanged"]);
    assert!(two.asked().is_empty());
}

#[test]
fn a_changed_user_shows_in_another_tab() {
    let one = Bench::keeping();
    let two = one.tab();
    one.answer(200, &bent(user(), "/firstName", json!("Ada")).to_string());
    run(one.client.refresh_user(None)).expect("reads");
    two.page.wake(Wake::Changed);
    assert_eq!(two.all_events(), ["userChanged"]);
    assert_eq!(two.snapshot(), one.snapshot());
}

#[test]
fn a_sign_out_of_one_tab_is_everybodys_with_its_reason() {
    let one = Bench::keeping();
    let two = one.tab();
    one.answer(204, "");
    run(one.client.logout_because(LogoutReason::ProviderSignedOut));
    two.page.wake(Wake::Changed);
    let reason = Some(LogoutReason::ProviderSignedOut);
    assert_eq!(two.snapshot(), ClientSnapshot::SignedOut { reason });
    assert!(two.asked().is_empty(), "the tab that signs out tells the server");
}

#[test]
fn a_frozen_tab_catches_up_before_it_asks_anything() {
    let one = Bench::keeping();
    let two = one.tab();
    one.answer(200, &other_tokens());
    run(one.client.refresh(None)).expect("refreshes");
    two.answer(200, &user().to_string());
    run(two.client.refresh_user(None)).expect("reads, although it was told of nothing");
    assert_eq!(two.bearer(0), "Bearer new.new.new");
}

#[test]
fn a_late_write_does_not_undo_a_sign_out() {
    let one = Bench::keeping();
    let two = one.tab();
    let before = one.stored().expect("stored");
    one.answer(204, "");
    run(one.client.logout());
    // As if the other tab had read before the sign-out and wrote after it.
    one.store.values.borrow_mut().insert(STORE_KEY.to_owned(), before.clone());
    assert_eq!(one.tab().snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::UserIntent) });
    one.store.values.borrow_mut().insert(STORE_KEY.to_owned(), before);
    for tab in [&one, &two] {
        tab.page.wake(Wake::Changed);
        assert!(!tab.is_signed_in());
    }
    let reload = one.tab();
    assert_eq!(reload.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::UserIntent) });
    assert!(one.stored().is_none(), "and whoever sees it takes it away");
}

#[test]
fn an_answer_after_the_sign_out_of_another_tab_does_not_count() {
    let one = Bench::keeping();
    let two = one.tab();
    let gate = two.gated(200, &other_tokens());
    let refresh = Polled::start(two.client.refresh(None));
    one.answer(204, "");
    run(one.client.logout());
    gate.open();
    assert_eq!(refresh.end().expect_err("too late").code, "superseded");
    assert!(!two.is_signed_in() && two.stored().is_none());
}

#[test]
fn a_sign_in_after_a_sign_out_begins_anew() {
    let one = Bench::keeping();
    let two = one.tab();
    one.answer(204, "");
    run(one.client.logout());
    one.answer(200, &session().to_string());
    one.sign_in().expect("signs in");
    two.page.wake(Wake::Changed);
    assert!(two.is_signed_in() && one.tab().is_signed_in());
}

#[test]
fn whoever_waits_for_the_lock_takes_what_the_holder_got() {
    let one = Bench::keeping();
    let two = one.tab();
    two.page.unlocked.set(false);
    let waiting = Polled::start(two.client.refresh(None));
    one.answer(200, &other_tokens());
    run(one.client.refresh(None)).expect("refreshes");
    two.page.unlocked.set(true);
    waiting.end().expect("the other's");
    assert!(two.asked().is_empty());
    assert_eq!(two.client.minified_token().expect("there").expose(), "new.new.new");
}

#[test]
fn a_lock_that_is_never_given_back_costs_one_more_request() {
    let bench = Bench::keeping();
    bench.page.unlocked.set(false);
    bench.answer(200, &other_tokens());
    let mut refresh = Polled::start(bench.client.refresh(None));
    bench.clock.advance(2999);
    assert!(refresh.poll().is_pending());
    bench.clock.advance(1);
    refresh.end().expect("without the lock");
    assert_eq!(bench.asked().len(), 1);
}

#[test]
fn a_refusal_of_tokens_that_another_tab_replaced_meanwhile_ends_nothing() {
    let one = Bench::keeping();
    let two = one.tab();
    let gate = two.gated(401, REFUSAL);
    let refresh = Polled::start(two.client.refresh(None));
    one.answer(200, &other_tokens());
    run(one.client.refresh(None)).expect("refreshes");
    gate.open();
    refresh.end().expect_err("refused");
    assert!(two.is_signed_in());
    assert_eq!(two.client.minified_token().expect("there").expose(), "new.new.new");
}

#[test]
fn a_store_that_was_cleared_ends_nothing_and_is_filled_again() {
    let bench = Bench::keeping();
    bench.store.values.borrow_mut().clear();
    bench.page.wake(Wake::Changed);
    assert!(bench.is_signed_in());
    bench.answer(200, &other_tokens());
    run(bench.client.refresh(None)).expect("refreshes");
    assert!(bench.stored().expect("stored").contains("new.new.new"));
}

#[test]
fn a_record_of_the_version_before_is_taken_over() {
    let bench = Bench::keeping();
    let old = json!({"version": 1, "session": session()}).to_string();
    bench.store.values.borrow_mut().clear();
    bench.store.values.borrow_mut().insert(STORE_KEY.to_owned(), old);
    let reload = bench.tab();
    assert!(reload.is_signed_in() && reload.events().is_empty());
}

#[test]
fn a_closed_tab_hears_of_nothing() {
    let one = Bench::keeping();
    let two = one.tab();
    two.client.close();
    one.answer(204, "");
    run(one.client.logout());
    two.page.wake(Wake::Changed);
    assert!(two.events().is_empty());
}
