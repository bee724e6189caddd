//! Elevated tokens by themselves: kept, given, used up, gone.

use crate::fixtures::{START, jwt};
use byoa_client::{Secret, step_up::ElevatedTokens};
use serde_json::{Value, json};

const OWNER: &str = "user-1/session-1";

fn token(claims: &Value) -> Secret {
    Secret::new(jwt(&json!({"alg": "ES256", "typ": "elevated+jwt"}), claims))
}

fn good(scope: &str) -> Value {
    json!({"sub": "u", "scope": scope, "exp": START + 300, "jti": scope})
}

fn single(scope: &str) -> Value {
    json!({"sub": "u", "scope": scope, "exp": START + 300, "singleUse": true})
}

fn holding(claims: &[Value]) -> ElevatedTokens {
    let mut tokens = ElevatedTokens::default();
    for claims in claims {
        assert!(tokens.keep(OWNER, token(claims), START));
    }
    tokens
}

#[test]
fn a_token_is_for_its_scopes_and_until_its_end() {
    for (scope, after, is_there) in [
        ("user:update", 0, true),
        ("user:delete", 0, true),
        ("user:update", 299, true),
        ("user:update", 300, false),
        ("user:up", 0, false),
        ("wallet:sign", 0, false),
        ("", 0, false),
    ] {
        let mut tokens = holding(&[good("user:update user:delete")]);
        assert_eq!(tokens.get(OWNER, scope, true, START + after).is_some(), is_there, "{scope} {after}");
    }
}

#[test]
fn a_token_for_one_use_is_given_out_once() {
    for (claims, consume, times) in [
        (single("user:delete"), true, 1),
        (single("user:delete"), false, 3),
        (good("user:delete"), true, 3),
        (json!({"scope": "user:delete", "exp": START + 300, "singleUse": false}), true, 3),
    ] {
        let mut tokens = holding(std::slice::from_ref(&claims));
        let given = (0..3).filter(|_| tokens.get(OWNER, "user:delete", consume, START).is_some()).count();
        assert_eq!(given, times, "{claims} {consume}");
    }
}

#[test]
fn the_newest_token_for_the_same_scopes_replaces_the_one_before() {
    let mut newer = good("user:delete user:update");
    newer["jti"] = json!("newer");
    let mut tokens = holding(&[good("user:update user:delete user:update"), newer.clone()]);
    assert_eq!(tokens.get(OWNER, "user:update", true, START), Some(token(&newer)));
    let mut tokens = holding(&[single("user:update"), good("user:delete")]);
    assert!(tokens.get(OWNER, "user:update", true, START).is_some());
    assert!(tokens.get(OWNER, "user:delete", true, START).is_some());
}

#[test]
fn a_text_that_is_good_for_nothing_is_not_kept() {
    for (claims, why) in [
        (json!({"exp": START + 300}), "no scope"),
        (json!({"scope": " ", "exp": START + 300}), "an empty scope"),
        (json!({"scope": ["user:update"], "exp": START + 300}), "a list"),
        (json!({"scope": "user:update"}), "no end"),
        (json!({"scope": "user:update", "exp": START}), "over"),
    ] {
        assert!(!ElevatedTokens::default().keep(OWNER, token(&claims), START), "{why}");
    }
    assert!(!ElevatedTokens::default().keep(OWNER, Secret::from("a.b"), START), "no token");
}

#[test]
fn another_session_and_a_sign_out_have_none_of_them() {
    let mut tokens = holding(&[good("user:update")]);
    assert_eq!(tokens.get("user-2/session-2", "user:update", true, START), None);
    assert_eq!(tokens.get(OWNER, "user:update", true, START), None, "nor does it come back");
    let mut tokens = holding(&[good("user:update")]);
    tokens.clear();
    assert_eq!(tokens.get(OWNER, "user:update", true, START), None);
}

#[test]
fn no_token_is_in_what_a_log_would_show() {
    let tokens = holding(&[good("user:update")]);
    assert!(!format!("{tokens:?}").contains("eyJ"));
}
