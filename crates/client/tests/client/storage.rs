//! What a reload finds.

use crate::{fakes::*, fixtures::*};
use byoa_protocol::client::{ClientSnapshot, LogoutReason};
use serde_json::{Value, json};
use std::rc::Rc;

fn stored_record() -> Value {
    serde_json::from_str(&Bench::signed_in().stored().expect("stored")).expect("JSON")
}

fn reloaded(record: &str) -> Bench {
    let bench = Bench::new();
    bench.store.values.borrow_mut().insert(STORE_KEY.to_owned(), record.to_owned());
    bench.client.start();
    bench
}

#[test]
fn a_reload_restores_the_session_without_asking_anybody() {
    let before = Bench::signed_in();
    let after = Bench::on(Rc::clone(&before.store));
    assert_eq!(after.snapshot(), ClientSnapshot::Loading);
    after.client.start();
    assert_eq!(after.snapshot(), before.snapshot());
    assert_eq!(after.client.minified_token(), before.client.minified_token());
    assert_eq!(after.client.token(), before.client.token());
    assert_eq!(after.clock.set(), 1);
    assert!(after.asked().is_empty() && after.events().is_empty());
    let generation = after.client.snapshot().generation;
    after.client.start();
    assert_eq!(after.client.snapshot().generation, generation);
}

#[test]
fn without_a_stored_session_nobody_is_signed_in() {
    let bench = Bench::new();
    bench.client.start();
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: None });
    assert!(bench.events().is_empty());
}

#[test]
fn an_expired_session_is_left_with_an_event() {
    let bench = reloaded(&bent(stored_record(), "/session/expiresAt", json!(START)).to_string());
    assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::Expired) });
    assert_eq!(bench.events(), ["logout:Expired"]);
    bench.page.wake(byoa_client::ports::Wake::Changed);
    assert_eq!(bench.events(), ["logout:Expired"]);
}

#[test]
fn a_reload_knows_why_the_session_before_it_ended() {
    let before = Bench::signed_in();
    before.answer(204, "");
    run(before.client.logout());
    let reload = Bench::on(Rc::clone(&before.store));
    reload.client.start();
    assert_eq!(reload.snapshot(), ClientSnapshot::SignedOut { reason: Some(LogoutReason::UserIntent) });
    assert!(reload.events().is_empty());
}

#[test]
fn whatever_is_not_exactly_a_session_of_ours_is_set_aside() {
    let good = stored_record();
    assert!(reloaded(&good.to_string()).is_signed_in());
    let bend = |pointer: &str, to: Value| bent(good.clone(), pointer, to).to_string();
    let with_text = |from: &str, to: &str| good.to_string().replacen(from, to, 1);
    let cases = [
        ("empty", String::new()),
        ("not JSON", "{".to_owned()),
        ("a string", "\"session\"".to_owned()),
        ("null", "null".to_owned()),
        ("an array", "[]".to_owned()),
        ("an empty object", "{}".to_owned()),
        ("trailing text", format!("{good} x")),
        ("no version", bend("/version", Value::Null)),
        ("version 0", bend("/version", json!(0))),
        ("a later version", bend("/version", json!(3))),
        ("version a string", bend("/version", json!("2"))),
        ("the first version with a place in the register", bend("/version", json!(1))),
        ("no epoch", bend("/epoch", Value::Null)),
        ("epoch zero", bend("/epoch", json!(0))),
        ("epoch a string", bend("/epoch", json!("1"))),
        ("epoch beyond what JSON can count", bend("/epoch", json!(i64::MAX))),
        ("generation negative", bend("/generation", json!(-1))),
        ("generation without a successor", bend("/generation", json!(u32::MAX))),
        ("seen before 1970", bend("/seen", json!(-1))),
        ("seen at the end of time", bend("/seen", json!(i64::MAX))),
        ("skew at the beginning of time", bend("/skew", json!(i64::MIN))),
        ("skew at the end of time", bend("/skew", json!(i64::MAX))),
        ("spread negative", bend("/spread", json!(-1))),
        ("spread of more than a day", bend("/spread", json!(86_400_001))),
        ("an unknown member", bend("/isAdmin", json!(true))),
        ("no user", bend("/session/user", Value::Null)),
        ("user a string", bend("/session/user", json!("ada"))),
        ("no user id", bend("/session/user/id", Value::Null)),
        ("user id blank", bend("/session/user/id", json!(" "))),
        ("user id a number", bend("/session/user/id", json!(1))),
        ("no session", bend("/session", Value::Null)),
        ("session a string", bend("/session", json!("s"))),
        ("session null in text", r#"{"version":1,"session":null}"#.to_owned()),
        ("no environment", bend("/session/user/projectEnvironmentId", Value::Null)),
        ("another environment's user", bend("/session/user/projectEnvironmentId", json!(USER_ID))),
        ("credentials a string", bend("/session/user/verifiedCredentials", json!("x"))),
        ("no expiry", bend("/session/expiresAt", Value::Null)),
        ("expiry a string", bend("/session/expiresAt", json!("1"))),
        ("expiry a fraction", bend("/session/expiresAt", json!(1.5))),
        ("expiry zero", bend("/session/expiresAt", json!(0))),
        ("expiry negative", bend("/session/expiresAt", json!(-5))),
        ("expiry in milliseconds", bend("/session/expiresAt", json!(START_MS))),
        ("expiry at the end of time", bend("/session/expiresAt", json!(i64::MAX))),
        ("expiry beyond", bend("/session/expiresAt", json!(u64::MAX))),
        ("token a number", bend("/session/minifiedJwt", json!(1))),
        ("token empty", bend("/session/minifiedJwt", json!(""))),
        ("token with a line end", bend("/session/minifiedJwt", json!("a\nb"))),
        ("fat token with a space", bend("/session/jwt", json!("a b"))),
        ("prototype at the top", with_text("{", r#"{"__proto__":{"isAdmin":true},"#)),
        ("prototype in the user", with_text(r#""user":{"#, r#""user":{"__proto__":{"x":1},"#)),
        ("prototype in metadata", with_text(r#""user":{"#, r#""user":{"metadata":{"a":[{"__proto__":1}]},"#)),
        ("far too deep", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("300 KiB", bend("/session/user/alias", json!("a".repeat(300 * 1024)))),
    ];
    for (name, record) in cases {
        let bench = reloaded(&record);
        assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: None }, "{name}");
        assert_eq!(bench.events(), ["warning:stored_session_invalid"], "{name}");
        assert_eq!(bench.stored(), None, "{name}");
        let aside = bench.store.values.borrow().get(ASIDE_KEY).cloned();
        assert_eq!(aside, (name != "300 KiB").then_some(record), "{name}");
        assert_eq!(bench.clock.set(), 0, "{name}");
        assert!(bench.asked().is_empty(), "{name}");
    }
}

#[test]
fn an_end_that_nothing_can_follow_locks_nobody_out() {
    for epoch in [i64::MAX, i64::MAX - 1, 1 << 53, 253_402_300_799_999, 0, -1] {
        let store: Rc<MemoryStore> = Rc::default();
        let end = json!({"version": 2, "epoch": epoch, "reason": "user-intent"}).to_string();
        store.values.borrow_mut().insert(ENDED_KEY.to_owned(), end);
        let bench = Bench::on(Rc::clone(&store));
        bench.answer(200, &session().to_string());
        bench.sign_in().expect("signs in");
        assert!(bench.is_signed_in(), "{epoch}");
        let reload = Bench::on(store);
        reload.client.start();
        assert!(reload.is_signed_in(), "{epoch}");
        assert!(reload.events().is_empty(), "{epoch}");
    }
}

#[test]
fn other_keys_and_environments_are_left_alone() {
    let bench = Bench::new();
    let other = STORE_KEY.replace('1', "2");
    bench
        .store
        .values
        .borrow_mut()
        .extend([(other.clone(), "theirs".to_owned()), ("x".to_owned(), "y".to_owned())]);
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    assert_eq!(
        bench.store.values.borrow().keys().map(String::as_str).collect::<Vec<_>>(),
        [STORE_KEY, &other, "x"]
    );
    bench.answer(204, "");
    run(bench.client.logout());
    assert_eq!(
        bench.store.values.borrow().keys().map(String::as_str).collect::<Vec<_>>(),
        [ENDED_KEY, &other, "x"]
    );
}

#[test]
fn the_external_jwt_is_never_stored() {
    let bench = Bench::signed_in();
    assert!(
        bench
            .store
            .values
            .borrow()
            .values()
            .all(|value| !value.contains(&args().external_jwt.expect("a JWT")))
    );
}

#[test]
fn a_blocked_store_costs_the_reload_and_nothing_else() {
    let store: Rc<MemoryStore> = Rc::default();
    store.blocked.set(true);
    let bench = Bench::on(store);
    bench.client.start();
    assert_eq!(bench.events(), ["warning:storage_unavailable"]);
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    assert!(bench.is_signed_in());
    bench.answer(204, "");
    run(bench.client.logout());
    assert_eq!(bench.events(), ["warning:storage_unavailable", "authSuccess", "logout:UserIntent"]);
}

#[test]
fn a_full_store_does_not_bring_the_user_before_back() {
    let bench = Bench::signed_in();
    bench.store.full.set(true);
    bench.answer(200, &bent(session(), "/user/id", json!("other")).to_string());
    bench.sign_in().expect("signs in");
    assert_eq!(bench.events(), ["warning:storage_unavailable", "authSuccess"]);
    let reload = Bench::on(Rc::clone(&bench.store));
    reload.client.start();
    assert_eq!(reload.snapshot(), ClientSnapshot::SignedOut { reason: None });
}
