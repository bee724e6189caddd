//! Attacks by the request around the token, by its size, and by what an answer gives away. Each test names
//! the ids of the catalogue that it shows.

use super::common::{Answer, CountingStore, Key, TestApp, Token, get, post};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use byoa_server::exchange::environments::EnvironmentSettings;
use serde_json::{Value, json};
use std::sync::Arc;

/// Refused as the catalogue asks: with a 4xx that gives nothing away, and with nothing left behind.
async fn assert_refused(app: &TestApp, id: &str, answer: &Answer) {
    let text = answer.text();
    assert!(answer.status.is_client_error(), "{id}: {} {text}", answer.status);
    assert_eq!(answer.header("set-cookie"), None, "{id}");
    for inside in ["eyJ", "sqlite", "SELECT", ".rs:", "panicked", "/home", "/tmp", "stack"] {
        assert!(!text.contains(inside), "{id} tells {inside}: {text}");
    }
    assert_eq!(app.rows().await, (0, 0), "{id}");
}

async fn send(app: &TestApp, content_type: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post(app.path("externalAuth/signin"));
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    app.call(request.body(body.into()).expect("a request")).await
}

/// REQ-001, REQ-002, REQ-003, REQ-004, REQ-005, REQ-009, REQ-010, REQ-013.
#[tokio::test]
async fn a_body_that_is_not_the_json_object_is_refused() {
    let app = TestApp::start().await;
    let jwt = Token::good().build();
    let good = json!({ "jwt": jwt }).to_string();
    let json = Some("application/json");
    for value in [json!(null), json!(1), json!([jwt]), json!({ "jwt": jwt }), json!(true), json!("")] {
        assert_refused(&app, "REQ-001", &send(&app, json, json!({ "jwt": value }).to_string()).await).await;
    }
    assert_refused(&app, "REQ-001", &send(&app, json, "{}").await).await;
    for body in ["", "x", "[", &good[..good.len() - 2], &jwt] {
        assert_refused(&app, "REQ-002", &send(&app, json, body.to_owned()).await).await;
    }
    assert_refused(&app, "REQ-003", &send(&app, Some("text/plain"), good.clone()).await).await;
    assert_refused(&app, "REQ-004", &send(&app, None, good.clone()).await).await;
    let form = Some("application/x-www-form-urlencoded");
    assert_refused(&app, "REQ-005", &send(&app, form, format!("jwt={jwt}")).await).await;
    let long = json!({ "jwt": "x".repeat(8 * 1024 * 1024) }).to_string();
    assert_refused(&app, "REQ-009", &send(&app, json, long).await).await;
    for deep in ["[".repeat(100_000), "[".repeat(60_000), format!("{{\"jwt\":{}", "[".repeat(60_000))] {
        assert_refused(&app, "REQ-010", &send(&app, json, deep).await).await;
    }
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for content_type in ["application/json; charset=utf-16", "application/json"] {
        assert_refused(&app, "REQ-013", &send(&app, Some(content_type), utf16.clone()).await).await;
    }
    assert_eq!(send(&app, json, good).await.status, StatusCode::OK, "the same body, as it should be sent");
}

/// REQ-006.
#[tokio::test]
async fn a_token_in_the_query_is_not_read() {
    let app = TestApp::start().await;
    let path = app.path(&format!("externalAuth/signin?jwt={}", Token::good().build()));
    assert_refused(&app, "REQ-006", &app.call(get(&path)).await).await;
    let answer = app.call(post(&path).body(Body::from("{}")).expect("a request")).await;
    assert_refused(&app, "REQ-006", &answer).await;
}

/// REQ-014.
#[tokio::test]
async fn members_of_the_body_make_nobody_more_than_the_token_says() {
    let app = TestApp::start().await;
    let answer = app
        .sign_in_with(&json!({
            "jwt": Token::good().claim("email", "a@example.com").build(),
            "role": "admin", "scope": "user:admin", "userId": "u", "sub": "boss", "emailVerified": true,
            "user": { "id": "u" }, "environmentId": "x",
        }))
        .await
        .json();
    let user = &answer["user"];
    assert_eq!(user["scope"], "user:basic");
    assert_eq!(user["verifiedCredentials"].as_array().map(Vec::len), Some(1), "no verified address");
    assert_eq!(user["verifiedCredentials"][0]["public_identifier"], "user-1");
}

/// AUD-018, DOS-004, DOS-005, DOS-006, DOS-007, DOS-009: whoever signs for an issuer may still send bombs.
#[tokio::test]
async fn heavy_tokens_with_good_signatures_are_refused_for_their_weight() {
    let app = TestApp::start().await;
    let good = || Token::good().with_key("ec-1", "ES256", Key::Es256);
    let members = |count: usize, name: fn(usize) -> String| {
        (0..count).map(|number| format!("\"{}\":1", name(number))).collect::<Vec<_>>().join(",")
    };
    let audiences: Vec<String> = (0..100_000).map(|number| format!("a{number}")).collect();
    let cases = [
        ("AUD-018", good().claim("aud", json!(audiences))),
        ("DOS-004", good().claim("pad", "x".repeat(1024 * 1024))),
        ("DOS-005", good().claim("pad", "x".repeat(8 * 1024 * 1024))),
        ("DOS-006", good().claims_with(&members(100_000, |number| format!("n{number}")))),
        ("DOS-006", good().claims_with(&members(1_200, |number| format!("n{number}"))).claim("x", 1)),
        ("DOS-007", good().claims_with(&members(50_000, |_| "same".to_owned()))),
        ("DOS-007", good().claims_with(&members(1_000, |_| "same".to_owned()))),
        ("DOS-009", good().claims_with(&format!("\"e\":\"{}\"", "\\u0041".repeat(100_000)))),
    ];
    for (id, token) in cases {
        let answer = app.sign_in(&token.build()).await;
        // A thousand members are unusual, not dangerous.
        if answer.status == StatusCode::OK {
            assert_eq!(id, "DOS-006", "{}", answer.text());
            app.database("DELETE FROM sessions").await;
            app.database("DELETE FROM users").await;
        } else {
            assert_refused(&app, id, &answer).await;
        }
    }
    assert_eq!(app.sign_in(&good().build()).await.status, StatusCode::OK, "it is still up");
}

/// PUB-005: eight ways to fail.
#[tokio::test]
async fn errors_tell_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let jwt = Token::good().build();
    let bad = Token::good().signed_by(Key::Stranger).build();
    let answers = [
        app.sign_in(&bad).await,
        app.sign_in("a.b.c").await,
        app.sign_in(&format!("{jwt}.x")).await,
        app.sign_in(&Token::good().claim("sub", "' OR 1=1 --").claim("exp", 1).build()).await,
        app.with_bearer(Method::GET, "users", &bad).await,
        app.with_bearer(Method::POST, "refresh", &jwt).await,
        app.call(get("/api/v0/sdk/..%2f..%2fetc%2fpasswd/settings")).await,
        send(&app, Some("application/json"), format!("{{\"jwt\":\"{jwt}\",")).await,
    ];
    for answer in answers {
        assert_refused(&app, "PUB-005", &answer).await;
        for part in jwt.split('.').chain(bad.split('.')) {
            assert!(!answer.text().contains(part), "{}", answer.text());
        }
    }
}

async fn counted() -> (TestApp, Arc<CountingStore>) {
    let mut counting = None;
    let app = TestApp::over(EnvironmentSettings::default(), None, |store| {
        let store = CountingStore::around(store);
        counting = Some(store.clone());
        store
    })
    .await;
    (app, counting.expect("a store"))
}

/// TIM-001, TIM-002: time cannot tell what was not asked.
#[tokio::test]
async fn the_store_is_not_asked_about_anybody_before_the_signature_is_good() {
    let (app, store) = counted().await;
    app.session().await;
    assert!(store.asked().contains(&"sign_in"));
    let mut asked = Vec::new();
    for subject in ["user-1", "nobody"] {
        let token = Token::good().claim("sub", subject);
        for bad in [
            token.clone().signed_by(Key::Stranger),
            token.clone().signed_by(Key::Nothing),
            token.clone().header("kid", "rsa-9"),
            token.clone().claim("exp", 1),
            token.claim("aud", "other"),
        ] {
            let answer = app.sign_in(&bad.build()).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            asked.push(store.asked());
        }
    }
    assert!(asked.iter().all(|asked| asked == &["environment"]), "{asked:?}");
    for session in ["x", "a.b.c", &Token::good().build()] {
        app.with_bearer(Method::GET, "session", session).await;
        let asked = store.asked();
        assert!(asked.iter().all(|name| ["environment", "signing_keys"].contains(name)), "{asked:?}");
    }
    app.sign_in_at(uuid::Uuid::from_u128(7), &Token::good().build()).await;
    assert_eq!(store.asked(), ["environment"], "one look-up, known or unknown");
}

/// TIM-003.
#[tokio::test]
async fn a_refusal_is_the_same_for_somebody_and_for_nobody() {
    let app = TestApp::start().await;
    let known = Token::good().claim("email", "ada@example.com").claim("emailVerified", true);
    assert_eq!(app.sign_in(&known.build()).await.status, StatusCode::OK);
    let nobody = known.clone().claim("sub", "nobody").claim("email", "nobody@example.com");
    for bend in [
        |token: &Token| token.clone().signed_by(Key::Stranger),
        |token: &Token| token.clone().claim("exp", 1),
        |token: &Token| token.clone().claim("aud", "other"),
    ] {
        let (one, two) =
            (app.sign_in(&bend(&known).build()).await, app.sign_in(&bend(&nobody).build()).await);
        assert_eq!((one.status, one.text()), (two.status, two.text()));
    }
}

/// NET-002: what a full disk says comes in the middle of the transaction.
#[tokio::test]
async fn a_sign_in_that_cannot_be_written_leaves_nothing_and_gives_nothing() {
    let app = TestApp::start().await;
    app.database(
        "CREATE TRIGGER full BEFORE INSERT ON sessions BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    )
    .await;
    let answer = app.sign_in(&Token::good().build()).await;
    assert!(answer.status.is_server_error(), "{}", answer.text());
    assert!(["internal_server_error", "service_unavailable"].contains(&answer.code().as_str()));
    let body = answer.json();
    assert_eq!((&body["jwt"], &body["minifiedJwt"]), (&Value::Null, &Value::Null));
    assert!(!answer.text().contains("disk"), "that is for the log: {}", answer.text());
    assert_eq!(app.rows().await, (0, 0), "no user without a session");
    app.database("DROP TRIGGER full").await;
    assert_eq!(app.sign_in(&Token::good().build()).await.status, StatusCode::OK);
}
