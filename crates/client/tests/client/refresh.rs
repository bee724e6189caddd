//! A session that keeps itself alive.

use crate::{fakes::*, fixtures::*};
use byoa_client::ports::{Response, Wake};
use byoa_protocol::client::{ClientSnapshot, LogoutReason};
use serde_json::json;

const LIFE_MS: i64 = LIFETIME * 1000;

/// An answer of that time: tokens of the usual life, and a session that can be refreshed for long.
fn renewed(at_ms: i64) -> String {
    let at = at_ms / 1000;
    let claims = json!({"iat": at, "exp": at + LIFETIME, "refreshExp": START + 30 * 86_400, "sub": USER_ID});
    let answer = bent(session(), "/expiresAt", json!(at + LIFETIME));
    bent(answer, "/minifiedJwt", json!(jwt(&json!({"alg": "RS256"}), &claims))).to_string()
}

/// Signed in with tokens that say when they were issued and until when they can be refreshed.
fn refreshable() -> Bench {
    let bench = Bench::keeping();
    bench.answer(200, &renewed(START_MS));
    bench.sign_in().expect("signs in");
    bench.transport.requests.borrow_mut().clear();
    bench.notices.borrow_mut().clear();
    bench
}

#[test]
fn the_session_is_refreshed_between_three_quarters_and_nine_tenths_of_its_life() {
    let bench = refreshable();
    let next = bench.client.inspect().next_refresh_at.expect("planned") - START_MS;
    assert!((LIFE_MS * 3 / 4..=LIFE_MS * 9 / 10).contains(&next), "{next}");
    bench.advance(next - 1);
    assert_eq!(bench.asked().len(), 0);
    bench.answer(200, &renewed(START_MS + next));
    bench.advance(1);
    assert!(bench.asked()[0].ends_with("/refresh"));
    assert_eq!(bench.all_events(), ["tokenChanged"]);
    assert_eq!(bench.client.inspect().expires_at, Some((START_MS + next) / 1000 * 1000 + LIFE_MS));
}

#[test]
fn a_session_lives_as_long_as_it_is_refreshed() {
    let bench = refreshable();
    for _ in 0..20 {
        let next = bench.client.inspect().next_refresh_at.expect("planned");
        bench.answer(200, &renewed(next));
        bench.clock.advance(next - bench.clock.now());
        bench.run_tasks();
    }
    assert_eq!(bench.asked().len(), 20);
    assert!(bench.is_signed_in() && bench.events().is_empty());
}

#[test]
fn a_hidden_page_leaves_it_to_others_but_not_for_ever() {
    let bench = refreshable();
    let seen = bench.client.inspect().next_refresh_at.expect("planned");
    bench.page.visible.set(false);
    bench.page.wake(Wake::Page);
    let hidden = bench.client.inspect().next_refresh_at.expect("planned");
    assert!(hidden > seen && hidden <= START_MS + LIFE_MS * 9 / 10);
    bench.answer(200, &renewed(hidden));
    bench.advance(hidden - START_MS + 600_000);
    assert_eq!(bench.asked().len(), 1);
}

#[test]
fn a_failed_refresh_keeps_the_session_and_is_tried_again_ever_more_slowly() {
    let bench = refreshable();
    let next = bench.client.inspect().next_refresh_at.expect("planned");
    for _ in 0..4 {
        bench.unreachable();
    }
    bench.advance(next - START_MS);
    bench.advance(12_000);
    assert_eq!(bench.asked().len(), 4);
    assert!(bench.is_signed_in() && bench.client.minified_token().is_some());
    assert_eq!(bench.events(), ["refreshFailed:network_error"; 4]);
    bench.answer(200, &renewed(next + 12_000));
    bench.page.wake(Wake::Online);
    bench.run_tasks();
    assert_eq!(bench.asked().len(), 5, "at once when the network is back");
}

#[test]
fn a_server_that_asks_to_wait_is_waited_for() {
    let bench = refreshable();
    let headers = vec![("retry-after", "30".to_owned())];
    bench.script(Ok(Response { status: 503, headers, body: r#"{"error":"busy"}"#.to_owned() })).open();
    let next = bench.client.inspect().next_refresh_at.expect("planned");
    bench.advance(next - START_MS);
    assert_eq!(bench.client.inspect().next_refresh_at, Some(bench.clock.now() + 30_000));
}

#[test]
fn a_server_that_never_answers_is_given_up_on() {
    let bench = refreshable();
    let _never = bench.gated(200, "");
    let mut refresh = Polled::start(bench.client.refresh(None));
    bench.clock.advance(9999);
    assert!(refresh.poll().is_pending());
    bench.clock.advance(1);
    let error = refresh.end().expect_err("too late");
    assert_eq!((&*error.code, error.retryable, error.name()), ("timeout", true, "TimeoutError"));
    assert!(error.request_id.is_some_and(|id| id.len() == 50));
}

#[test]
fn only_a_refusal_ends_the_session() {
    let bench = refreshable();
    for (status, body) in [(401, "<html>"), (403, REFUSAL), (500, "{}"), (404, "{}"), (200, "[]")] {
        bench.answer(status, body);
        run(bench.client.refresh(None)).expect_err("no session");
        assert!(bench.is_signed_in(), "{status}");
    }
    bench.answer(401, REFUSAL);
    run(bench.client.refresh(None)).expect_err("refused");
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::SessionRevoked) });
}

#[test]
fn a_page_that_slept_past_the_end_refreshes_before_it_asks_anything_else() {
    let bench = refreshable();
    bench.clock.step(LIFE_MS + 3_600_000);
    assert_eq!(bench.client.minified_token(), None, "what has ended is not handed out");
    assert!(bench.is_signed_in());
    bench.answer(200, &renewed(bench.clock.now()));
    bench.answer(200, &user().to_string());
    run(bench.client.refresh_user(None)).expect("reads");
    assert!(bench.asked()[0].ends_with("/refresh") && bench.asked()[1].ends_with("/users"));
    assert!(bench.client.minified_token().is_some());
}

#[test]
fn a_refusal_after_the_end_is_an_expiry() {
    let bench = refreshable();
    bench.clock.freeze(LIFE_MS + 1);
    bench.answer(401, REFUSAL);
    run(bench.client.refresh_user(None)).expect_err("over");
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::Expired) });
}

#[test]
fn past_the_last_refresh_the_session_has_expired() {
    let bench = refreshable();
    bench.clock.freeze(30 * 86_400_000);
    bench.unreachable();
    bench.page.wake(Wake::Page);
    assert!(bench.is_signed_in() && bench.client.minified_token().is_none());
    bench.run_tasks();
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::Expired) });
    assert_eq!(bench.asked().len(), 1, "the server may know better, and is asked once");
}

#[test]
fn a_clock_that_is_put_forward_costs_a_refresh_and_not_the_session() {
    let bench = refreshable();
    bench.clock.step(40 * 86_400_000);
    let headers = vec![("date", "Fri, 15 Jan 2027 08:00:00 GMT".to_owned())];
    bench.script(Ok(Response { status: 200, headers, body: renewed(START_MS) })).open();
    bench.page.wake(Wake::Page);
    bench.run_tasks();
    assert!(bench.is_signed_in());
    assert_eq!(bench.asked().len(), 1);
    assert_eq!(bench.client.inspect().skew_ms.div_euclid(1000), -40 * 86_400);
    assert!(bench.client.minified_token().is_some(), "expired by the host's clock only");
}

#[test]
fn a_clock_that_is_put_back_costs_a_refresh_and_nothing_else() {
    let bench = refreshable();
    bench.clock.step(-86_400_000);
    let headers = vec![("date", "Fri, 15 Jan 2027 08:00:00 GMT".to_owned())];
    bench.script(Ok(Response { status: 200, headers, body: renewed(START_MS) })).open();
    bench.page.wake(Wake::Page);
    bench.run_tasks();
    assert_eq!(bench.asked().len(), 1, "how long the machine slept meanwhile is not known");
    assert!(bench.is_signed_in() && bench.client.minified_token().is_some());
    assert_eq!(bench.client.inspect().skew_ms.div_euclid(1000), 86_400);
    bench.advance(60_000);
    assert_eq!(bench.asked().len(), 1);
}

#[test]
fn a_reload_after_the_clock_was_put_back_asks_the_server_what_time_it_is() {
    let bench = refreshable();
    bench.clock.step(-86_400_000);
    let reload = bench.tab();
    reload.answer(200, &renewed(START_MS));
    reload.run_tasks();
    assert_eq!(reload.asked().len(), 1);
    assert!(reload.is_signed_in());
}

#[test]
fn tokens_that_would_not_live_longer_are_not_asked_for() {
    let bench = Bench::keeping();
    let claims = json!({"iat": START, "exp": START + LIFETIME, "refreshExp": START + LIFETIME});
    let answer = bent(session(), "/minifiedJwt", json!(jwt(&json!({"alg": "RS256"}), &claims)));
    bench.answer(200, &answer.to_string());
    bench.sign_in().expect("signs in");
    bench.transport.requests.borrow_mut().clear();
    bench.advance(LIFE_MS - 1);
    assert!(bench.asked().is_empty());
    bench.answer(401, REFUSAL);
    bench.advance(1);
    assert_eq!(bench.asked().len(), 1, "whether it is over");
    let end = ["expiring", "logout:Expired"].map(str::to_owned);
    assert!(bench.events().ends_with(&end));
}

#[test]
fn an_end_that_comes_near_is_told_once() {
    let bench = refreshable();
    let next = bench.client.inspect().next_refresh_at.expect("planned");
    let never = bench.gated(200, "");
    bench.advance(next - START_MS);
    for _ in 0..100 {
        bench.unreachable();
    }
    bench.advance(LIFE_MS - (next - START_MS) - 100);
    assert_eq!(bench.events().iter().filter(|event| *event == "expiring").count(), 1);
    drop(never);
}

#[test]
fn a_refresh_that_is_due_already_is_not_repeated_at_once() {
    let bench = refreshable();
    let next = bench.client.inspect().next_refresh_at.expect("planned");
    for _ in 0..3 {
        // The same tokens again, as for a token that another tab had replaced.
        bench.answer(200, &renewed(START_MS));
    }
    bench.advance(next - START_MS + 500);
    assert_eq!(bench.asked().len(), 1);
}

#[test]
fn a_call_that_is_given_up_rejects_and_the_refresh_goes_on() {
    let bench = refreshable();
    let gate = bench.gated(200, &renewed(START_MS + 5000));
    let aborted = Box::pin(async {});
    let error = run(bench.client.refresh(Some(aborted))).expect_err("given up");
    assert_eq!((&*error.code, error.name(), error.retryable), ("aborted", "AbortError", false));
    bench.run_tasks();
    gate.open();
    bench.run_tasks();
    assert_eq!(bench.all_events(), ["tokenChanged"]);
}

#[test]
fn a_sign_in_that_is_given_up_fails() {
    let bench = Bench::new();
    let _never = bench.gated(200, "");
    let aborted = Box::pin(async {});
    let error = run(bench.client.sign_in_with_external_jwt(args(), Some(aborted))).expect_err("given up");
    assert_eq!(error.code, "aborted");
    assert_eq!(bench.events(), ["failed:aborted:-"]);
}

#[test]
fn what_only_reads_is_asked_again_and_what_writes_is_not() {
    let bench = refreshable();
    bench.unreachable();
    bench.answer(503, r#"{"error":"busy"}"#);
    bench.answer(200, &user().to_string());
    let mut read = Polled::start(bench.client.refresh_user(None));
    bench.clock.advance(1000);
    assert!(read.poll().is_pending());
    bench.clock.advance(2000);
    read.end().expect("the third time");
    bench.unreachable();
    let error = run(bench.client.update_user(object(&json!({})), None)).expect_err("once");
    assert_eq!(error.code, "network_error");
    assert_eq!(bench.asked().len(), 4);
}
