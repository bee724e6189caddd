//! Ends of a session: by the app, by the clock, by the server.

use crate::{fakes::*, fixtures::*};
use byoa_protocol::client::{ClientSnapshot, LogoutReason, LogoutResult};

#[test]
fn the_page_is_signed_out_before_the_server_answers() {
    let bench = Bench::signed_in();
    let gate = bench.gated(204, "");
    let logout = Polled::start(bench.client.logout());
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::UserIntent) });
    assert_eq!((bench.stored(), bench.client.token()), (None, None));
    gate.open();
    assert_eq!(logout.end(), LogoutResult { revoked: true });
    assert_eq!(bench.events(), ["logout:UserIntent"]);
}

#[test]
fn signing_out_succeeds_without_the_server_and_says_so() {
    for status in [None, Some(500), Some(503), Some(403)] {
        let bench = Bench::signed_in();
        match status {
            None => bench.unreachable(),
            Some(status) => bench.answer(status, r#"{"error":"x"}"#),
        }
        assert_eq!(run(bench.client.logout()), LogoutResult { revoked: false });
        assert_eq!(bench.stored(), None);
        assert_eq!(bench.events(), ["logout:UserIntent", "warning:revoke_failed"]);
    }
}

#[test]
fn a_session_that_the_server_does_not_know_counts_as_revoked() {
    let bench = Bench::signed_in();
    bench.answer(401, REFUSAL);
    assert_eq!(run(bench.client.logout()), LogoutResult { revoked: true });
}

#[test]
fn without_a_session_there_is_nothing_to_revoke() {
    let bench = Bench::new();
    assert_eq!(run(bench.client.logout()), LogoutResult { revoked: false });
    assert!(bench.asked().is_empty() && bench.events().is_empty());
}

#[test]
fn a_stored_session_is_revoked_even_when_nobody_started_the_client() {
    let bench = Bench::on(Bench::signed_in().store);
    bench.answer(204, "");
    assert_eq!(run(bench.client.logout()), LogoutResult { revoked: true });
    assert_eq!(bench.stored(), None);
}

#[test]
fn the_session_ends_when_its_time_is_over() {
    let bench = Bench::signed_in();
    bench.clock.advance(LIFETIME * 1000 - 1);
    assert!(bench.is_signed_in());
    bench.clock.advance(1);
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::Expired) });
    assert_eq!(bench.events(), ["expiring", "logout:Expired"]);
    assert_eq!(bench.stored(), None);
}

#[test]
fn a_late_wake_up_does_not_give_out_an_old_token() {
    let bench = Bench::signed_in();
    bench.clock.freeze(LIFETIME * 1000);
    assert_eq!(bench.client.minified_token(), None);
    assert_eq!(bench.events(), ["logout:Expired"]);
    bench.clock.advance(0);
    assert_eq!(bench.events(), ["logout:Expired"]);
}

#[test]
fn a_wake_up_that_is_set_for_replaced_tokens_is_cancelled() {
    let bench = Bench::signed_in();
    let later = START + 2 * LIFETIME;
    bench.answer(200, &bent(session(), "/expiresAt", later.into()).to_string());
    run(bench.client.refresh(None)).expect("refreshes");
    assert_eq!(bench.clock.set(), 1);
    bench.clock.advance(LIFETIME * 1000);
    assert!(bench.is_signed_in());
}

#[test]
fn a_refused_session_is_over() {
    for body in [r#"{"error":"No jwt provided!"}"#, REFUSAL] {
        let bench = Bench::signed_in();
        bench.answer(401, body);
        bench.answer(401, body);
        let error = run(bench.client.refresh_user(None)).expect_err("refused");
        assert_eq!((&*error.code, error.status), ("unauthorized", Some(401)));
        assert_eq!(
            bench.snapshot(),
            ClientSnapshot::SignedOut { reason: Some(LogoutReason::SessionRevoked) }
        );
        assert_eq!(bench.events(), ["logout:SessionRevoked"]);
        assert_eq!(bench.stored(), None);
    }
}

#[test]
fn a_refused_sign_in_does_not_end_the_session() {
    let bench = Bench::signed_in();
    bench.answer(401, REFUSAL);
    bench.sign_in().expect_err("refused");
    assert!(bench.is_signed_in());
}
