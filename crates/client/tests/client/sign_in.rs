//! Signing in: what is checked before, and what an answer has to be.

use crate::{fakes::*, fixtures::*};
use byoa_protocol::client::{ClientSnapshot, SignInWithExternalJwtArgs};
use serde_json::{Value, json};

#[test]
fn a_good_answer_signs_in_stores_and_schedules() {
    let bench = Bench::new();
    bench.answer(200, &session().to_string());
    let user = bench.sign_in().expect("signs in");
    assert_eq!(user.user_id.as_deref(), Some(USER_ID));
    assert_eq!(user.external_user_id.as_deref(), Some(SUBJECT));
    let ClientSnapshot::SignedIn { user: shown, session_expires_at, .. } = bench.snapshot() else {
        panic!("signed in")
    };
    assert_eq!((profile(&shown), session_expires_at), (user, START_MS + LIFETIME * 1000));
    assert_eq!(bench.clock.set(), 1);
    assert_eq!(bench.all_events(), ["authInit", "authSuccess", "tokenChanged"]);
    assert_eq!(bench.client.minified_token().expect("there").expose(), MINIFIED);
    assert_eq!(bench.client.token().expect("there").expose(), FAT);
    let record: Value = serde_json::from_str(&bench.stored().expect("stored")).expect("JSON");
    assert_eq!((&record["version"], &record["epoch"]), (&json!(2), &json!(START_MS)));
    assert_eq!(record["session"]["expiresAt"], START + LIFETIME);
}

#[test]
fn tokens_may_be_absent_or_one_of_two() {
    for absent in ["/minifiedJwt", "/jwt"] {
        let bench = Bench::new();
        bench.answer(200, &bent(session(), absent, Value::Null).to_string());
        bench.sign_in().expect(absent);
        assert_eq!(bench.client.minified_token().is_none(), absent == "/minifiedJwt");
        assert_eq!(bench.client.token().is_none(), absent == "/jwt");
    }
}

#[test]
fn nothing_is_sent_for_arguments_that_cannot_succeed() {
    let claims = claims();
    let with =
        |external_jwt: String| SignInWithExternalJwtArgs { external_jwt: Some(external_jwt), ..args() };
    let claim = |name: &str, value: Value| with(external_jwt(&bent(claims.clone(), name, value)));
    let good = args().external_jwt.expect("a JWT");
    let twice = {
        let text = claims.to_string().replacen('{', r#"{"sub":"user-42","#, 1);
        let [header, _, signature] = good.split('.').collect::<Vec<_>>().try_into().expect("three parts");
        format!("{header}.{}.{signature}", data_encoding::BASE64URL_NOPAD.encode(text.as_bytes()))
    };
    let cases = [
        ("empty jwt", with(String::new()), "invalid_argument", None),
        ("blank jwt", with(" \n".to_owned()), "invalid_argument", None),
        (
            "empty id",
            SignInWithExternalJwtArgs { external_user_id: Some(String::new()), ..args() },
            "invalid_argument",
            None,
        ),
        (
            "blank id",
            SignInWithExternalJwtArgs { external_user_id: Some(" ".to_owned()), ..args() },
            "invalid_argument",
            None,
        ),
        ("one part", with("abc".to_owned()), "invalid_external_auth", Some("jwt_malformed")),
        ("two parts", with("a.b".to_owned()), "invalid_external_auth", Some("jwt_malformed")),
        ("five parts", with("a.b.c.d.e".to_owned()), "invalid_external_auth", Some("jwt_malformed")),
        ("padding", with(format!("{good}=")), "invalid_external_auth", Some("jwt_malformed")),
        ("bearer", with(format!("Bearer {good}")), "invalid_external_auth", Some("jwt_malformed")),
        ("line end", with(format!("{good}\n")), "invalid_external_auth", Some("jwt_malformed")),
        ("quote", with(format!("{good}\"")), "invalid_external_auth", Some("jwt_malformed")),
        (
            "17 KiB",
            with(format!("{good}{}", "A".repeat(17 * 1024))),
            "invalid_external_auth",
            Some("jwt_too_large"),
        ),
        (
            "header no object",
            with(jwt(&json!([1]), &claims)),
            "invalid_external_auth",
            Some("jwt_header_invalid"),
        ),
        (
            "claims no object",
            with(external_jwt(&json!("x"))),
            "invalid_external_auth",
            Some("jwt_payload_invalid"),
        ),
        ("sub twice", with(twice), "invalid_external_auth", Some("jwt_duplicate_member")),
        ("no sub", claim("/sub", Value::Null), "invalid_external_auth", Some("jwt_sub_missing")),
        ("sub a number", claim("/sub", json!(42)), "invalid_external_auth", Some("jwt_sub_invalid")),
        ("sub blank", claim("/sub", json!("  ")), "invalid_external_auth", Some("jwt_sub_invalid")),
        (
            "another sub",
            claim("/sub", json!("user-43")),
            "invalid_external_auth",
            Some("external_user_mismatch"),
        ),
        (
            "sub in capitals",
            claim("/sub", json!("USER-42")),
            "invalid_external_auth",
            Some("external_user_mismatch"),
        ),
        ("no exp", claim("/exp", Value::Null), "invalid_external_auth", Some("jwt_exp_missing")),
        (
            "exp a string",
            claim("/exp", json!("1800000300")),
            "invalid_external_auth",
            Some("jwt_exp_invalid"),
        ),
        ("expired", claim("/exp", json!(START - 60)), "invalid_external_auth", Some("jwt_expired")),
    ];
    for (name, args, code, reason) in cases {
        let bench = Bench::new();
        let error = run(bench.client.sign_in_with_external_jwt(args, None)).expect_err(name);
        assert_eq!((&*error.code, error.reason.as_deref()), (code, reason), "{name}");
        assert_eq!((error.status, error.retryable), (None, false), "{name}");
        assert!(bench.asked().is_empty(), "{name}");
        assert_eq!(bench.events(), [format!("failed:{code}:{}", reason.unwrap_or("-"))], "{name}");
        assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: None }, "{name}");
    }
}

#[test]
fn an_expiry_within_the_leeway_is_left_to_the_server() {
    let bench = Bench::new();
    bench.answer(200, &session().to_string());
    let external_jwt = Some(external_jwt(&bent(claims(), "/exp", json!(START - 59))));
    run(bench.client.sign_in_with_external_jwt(SignInWithExternalJwtArgs { external_jwt, ..args() }, None))
        .expect("sent");
}

#[test]
fn an_answer_that_is_not_whole_makes_no_session() {
    let cases = [
        ("not JSON", "<html>".to_owned()),
        ("empty", String::new()),
        ("an array", "[]".to_owned()),
        ("no user", bent(session(), "/user", Value::Null).to_string()),
        ("user a string", bent(session(), "/user", json!("ada")).to_string()),
        ("no user id", bent(session(), "/user/id", Value::Null).to_string()),
        ("user id a number", bent(session(), "/user/id", json!(7)).to_string()),
        ("user id blank", bent(session(), "/user/id", json!(" ")).to_string()),
        ("credentials an object", bent(session(), "/user/verifiedCredentials", json!({})).to_string()),
        ("e-mail a number", bent(session(), "/user/email", json!(1)).to_string()),
        ("another environment", bent(session(), "/user/projectEnvironmentId", json!(USER_ID)).to_string()),
        ("no expiry", bent(session(), "/expiresAt", Value::Null).to_string()),
        ("expiry a string", bent(session(), "/expiresAt", json!("soon")).to_string()),
        ("expiry negative", bent(session(), "/expiresAt", json!(-1)).to_string()),
        ("expiry in milliseconds", bent(session(), "/expiresAt", json!(START_MS)).to_string()),
        ("expiry at the end of time", bent(session(), "/expiresAt", json!(i64::MAX)).to_string()),
        ("expiry past", bent(session(), "/expiresAt", json!(START)).to_string()),
        ("token a number", bent(session(), "/minifiedJwt", json!(1)).to_string()),
        ("token empty", bent(session(), "/minifiedJwt", json!("")).to_string()),
        ("token with a line end", bent(session(), "/minifiedJwt", json!("a\r\nx-evil: 1")).to_string()),
        ("token with a letter no header takes", bent(session(), "/jwt", json!("ä.b.c")).to_string()),
        ("token of 65 KiB", bent(session(), "/jwt", json!("a".repeat(65 * 1024))).to_string()),
    ];
    for (name, body) in cases {
        let bench = Bench::new();
        bench.answer(200, &body);
        let error = bench.sign_in().expect_err(name);
        assert_eq!((&*error.code, error.status), ("invalid_response", Some(200)), "{name}");
        assert_eq!(bench.snapshot(), ClientSnapshot::SignedOut { reason: None }, "{name}");
        assert_eq!((bench.stored(), bench.clock.set()), (None, 0), "{name}");
        assert_eq!(bench.events(), ["failed:invalid_response:-"], "{name}");
    }
}

#[test]
fn a_session_of_another_external_user_is_refused() {
    let credential = "/user/verifiedCredentials/0/public_identifier";
    let bench = Bench::new();
    bench.answer(200, &bent(session(), credential, json!("somebody-else")).to_string());
    let error = bench.sign_in().expect_err("another user");
    assert_eq!(error.reason.as_deref(), Some("external_user_mismatch"));
    assert!(!bench.is_signed_in() && bench.stored().is_none());

    for silent in
        [bent(session(), credential, Value::Null), bent(session(), "/user/verifiedCredentials", json!([]))]
    {
        let bench = Bench::new();
        bench.answer(200, &silent.to_string());
        bench.sign_in().expect("a server that does not say is believed");
    }
}

#[test]
fn what_a_javascript_object_cannot_hold_is_taken_out_of_metadata() {
    let metadata = r#"{"__proto__":{"admin":true},"deep":[{"__proto__":1,"big":9007199254740993,"ok":1}]}"#;
    let answer = bent(session(), "/user/metadata", serde_json::from_str(metadata).expect("JSON"));
    let bench = Bench::new();
    bench.answer(200, &answer.to_string());
    let metadata = bench.sign_in().expect("signs in").metadata.expect("there");
    assert_eq!(Value::from(metadata), json!({"deep": [{"big": 9_007_199_254_740_993_u64, "ok": 1}]}));
    let again = Bench::on(std::rc::Rc::clone(&bench.store));
    again.client.start();
    assert_eq!(again.snapshot(), bench.snapshot());
}

#[test]
fn a_failing_sign_in_keeps_the_session() {
    let bench = Bench::signed_in();
    let before = (bench.snapshot(), bench.stored());
    bench.answer(422, r#"{"error":"no","code":"invalid_external_auth","payload":{"additionalMessages":["jwt_aud_mismatch"]}}"#);
    let error = bench.sign_in().expect_err("refused");
    assert_eq!(error.reason.as_deref(), Some("jwt_aud_mismatch"));
    assert_eq!((bench.snapshot(), bench.stored()), before);
    assert_eq!(bench.events(), ["failed:invalid_external_auth:jwt_aud_mismatch"]);
}

#[test]
fn a_sign_in_as_somebody_else_replaces_the_session_and_ends_the_old_one() {
    let bench = Bench::signed_in();
    let claims = bent(claims(), "/sub", json!("user-7"));
    let answer = bent(session(), "/user/verifiedCredentials/0/public_identifier", json!("user-7"));
    let answer = bent(bent(answer, "/user/id", json!("other")), "/user/sessionId", json!("session-2"));
    bench.answer(200, &bent(answer, "/minifiedJwt", json!("new.new.new")).to_string());
    let args = SignInWithExternalJwtArgs {
        external_jwt: Some(external_jwt(&claims)),
        external_user_id: Some("user-7".to_owned()),
    };
    let user = run(bench.client.sign_in_with_external_jwt(args, None)).expect("signs in");
    assert_eq!(profile(&user).user_id.as_deref(), Some("other"));
    assert!(bench.stored().expect("stored").contains("new.new.new"));
    assert_eq!(bench.clock.set(), 1);
    bench.answer(204, "");
    bench.run_tasks();
    let requests = bench.transport.requests.borrow();
    let header =
        |name: &str| requests[1].headers.iter().find(|known| known.0 == name).map(|known| known.1.expose());
    assert!(requests[1].url.ends_with("/revoke"));
    assert_eq!(header("authorization"), Some(format!("Bearer {MINIFIED}").as_str()));
}
