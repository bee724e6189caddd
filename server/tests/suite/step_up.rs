//! Elevated tokens, from outside: area `step-up` of the attacks, by id.

use super::common::{Answer, NOW, TestApp, Token, get};
use axum::body::Body;
use axum::http::{Method, Request, header};
use byoa_server::exchange::environments::EnvironmentSettings;
use serde_json::{Value, json};
use std::time::Duration;

async fn app() -> TestApp {
    let step_up = Some(vec!["user:update".to_owned(), "user:delete".to_owned()]);
    TestApp::with(EnvironmentSettings { step_up, ..Default::default() }).await
}

/// A session that lives for two hours.
async fn session(app: &TestApp) -> String {
    let answer = app.sign_in(&Token::good().claim("exp", NOW + 7_200).build()).await;
    answer.json()["minifiedJwt"].as_str().expect("a token").to_owned()
}

fn assertion(scope: &str) -> Token {
    let id = data_encoding::HEXLOWER.encode(&byoa_server::ids::random::<16>());
    Token::good().claim("scope", scope).claim("jti", id).claim("exp", NOW + 7_200)
}

async fn call(
    app: &TestApp,
    method: Method,
    operation: &str,
    session: &str,
    elevated: Option<&str>,
    body: &Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(app.path(operation))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {session}"));
    if let Some(elevated) = elevated {
        request = request.header("x-dyn-elevated-access-token", elevated);
    }
    app.call(request.body(Body::from(body.to_string())).expect("a request")).await
}

async fn verify(app: &TestApp, session: &str, jwt: &str) -> Answer {
    call(app, Method::POST, "externalAuth/verify", session, None, &json!({ "jwt": jwt })).await
}

async fn elevated(app: &TestApp, session: &str, scope: &str) -> String {
    let answer = verify(app, session, &assertion(scope).build()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["elevatedAccessToken"].as_str().expect("a token").to_owned()
}

async fn update(app: &TestApp, session: &str, elevated: Option<&str>) -> Answer {
    call(app, Method::PUT, "users", session, elevated, &json!({ "alias": "Ann" })).await
}

async fn delete(app: &TestApp, session: &str, elevated: Option<&str>) -> Answer {
    call(app, Method::DELETE, "users", session, elevated, &json!({})).await
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("a payload").as_bytes();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(part).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn an_elevated_token_opens_the_operations_of_its_scope() {
    let app = app().await;
    let session = session(&app).await;
    let refused = update(&app, &session, None).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "step_up_required"));
    let many = elevated(&app, &session, "user:update").await;
    let claims = payload(&many);
    assert_eq!((&claims["scope"], &claims["singleUse"]), (&json!("user:update"), &json!(false)));
    assert_eq!(claims["exp"], json!(NOW + 600));
    for _ in 0..2 {
        assert_eq!(update(&app, &session, Some(&many)).await.status, 200, "good for several");
    }
    app.clock.advance(Duration::from_mins(10));
    assert_eq!(update(&app, &session, Some(&many)).await.status, 403, "for ten minutes");
    let plain = TestApp::start().await;
    let free = self::session(&plain).await;
    assert_eq!(update(&plain, &free, None).await.status, 200, "an environment asks for none by default");
}

/// STP-004, STP-006.
#[tokio::test]
async fn a_single_use_token_is_used_once_and_for_its_scope() {
    let app = app().await;
    let session = session(&app).await;
    let once = elevated(&app, &session, "user:update user:delete").await;
    let claims = payload(&once);
    assert_eq!((&claims["singleUse"], &claims["exp"]), (&json!(true), &json!(NOW + 300)));
    let bad = json!({ "country": "nowhere" });
    let refused = call(&app, Method::PUT, "users", &session, Some(&once), &bad).await;
    assert_eq!(refused.status, 422, "what is refused uses nothing up");
    assert_eq!(update(&app, &session, Some(&once)).await.status, 200);
    for answer in [update(&app, &session, Some(&once)).await, delete(&app, &session, Some(&once)).await] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "step_up_required"));
    }
    let other_scope = elevated(&app, &session, "wallet:sign user:delete").await;
    assert_eq!(update(&app, &session, Some(&other_scope)).await.status, 403);
    assert_eq!(delete(&app, &session, Some(&other_scope)).await.status, 204);
}

/// STP-005.
#[tokio::test]
async fn many_uses_at_once_of_a_single_use_token_are_one() {
    let app = app().await;
    let session = session(&app).await;
    let once = elevated(&app, &session, "user:update user:delete").await;
    let uses = (0..20).map(|_| update(&app, &session, Some(&once)));
    let answers = futures_util::future::join_all(uses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 403).count(), 19);
}

/// STP-008, STP-009.
#[tokio::test]
async fn an_elevated_token_is_its_sessions() {
    let app = app().await;
    let (one, two) = (session(&app).await, session(&app).await);
    let of_one = elevated(&app, &one, "user:update").await;
    assert_eq!(update(&app, &two, Some(&of_one)).await.status, 403);
    assert_eq!(update(&app, &one, Some(&of_one)).await.status, 200);
    assert_eq!(app.with_bearer(Method::POST, "revoke", &one).await.status, 204);
    assert_eq!(update(&app, &one, Some(&of_one)).await.status, 401);
}

/// STP-001, STP-011, STP-015.
#[tokio::test]
async fn a_step_up_is_for_the_signed_in_user_with_a_session() {
    let app = app().await;
    let session = session(&app).await;
    let stranger = verify(&app, &session, &assertion("user:update").claim("sub", "user-2").build()).await;
    assert_eq!((stranger.status.as_u16(), stranger.reason().as_str()), (422, "external_user_mismatch"));
    let external = assertion("user:update").build();
    let raised = elevated(&app, &session, "user:update").await;
    for none in ["x", &external, &raised] {
        assert_eq!(verify(&app, none, &assertion("user:update").build()).await.status, 401);
        assert_eq!(app.with_bearer(Method::GET, "session", none).await.status, 401);
    }
    let request = Request::post(app.path("externalAuth/verify")).header("content-type", "application/json");
    let body = Body::from(json!({ "jwt": external }).to_string());
    assert_eq!(app.call(request.body(body).expect("a request")).await.status, 401);
    assert_eq!(update(&app, &session, Some(&session)).await.status, 403, "a session token elevates nothing");
    assert_eq!(update(&app, &session, Some(&external)).await.status, 403, "nor does an external JWT");
    assert_eq!(app.rows().await, (1, 1));
}

#[tokio::test]
async fn an_assertion_has_an_id_and_is_used_once() {
    let app = app().await;
    let session = session(&app).await;
    let good = assertion("user:update").build();
    assert_eq!(verify(&app, &session, &good).await.status, 200);
    assert_eq!(verify(&app, &session, &good).await.reason(), "jwt_replayed");
    for bad in [assertion("user:update").without_claim("jti"), assertion("user:update").claim("jti", "")] {
        assert_eq!(verify(&app, &session, &bad.build()).await.reason(), "jwt_jti_missing");
    }
    let expired = assertion("user:update").claim("exp", NOW - 60).build();
    assert_eq!(verify(&app, &session, &expired).await.reason(), "jwt_expired");
    let unlimited = assertion("user:update").without_claim("exp").build();
    assert_eq!(verify(&app, &session, &unlimited).await.reason(), "jwt_exp_missing");
    let missing = call(&app, Method::POST, "externalAuth/verify", &session, None, &json!({})).await;
    assert_eq!(missing.reason(), "jwt_missing");
}

/// STP-013, STP-016.
#[tokio::test]
async fn scope_claims_of_odd_shapes_elevate_nothing() {
    let app = app().await;
    let session = session(&app).await;
    let many = "user:admin ".repeat(1_000);
    for scope in [
        json!([{ "a": 1 }]),
        json!(many),
        json!("user:update\r\nx: y"),
        json!("elevated"),
        json!(""),
        json!(null),
    ] {
        let answer = verify(&app, &session, &assertion("").claim("scope", scope.clone()).build()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "invalid_scopes"), "{scope}");
    }
    let plain = app.sign_in(&assertion("elevated user:update").claim("acr", "high").build()).await.json();
    assert_eq!(plain["user"]["scope"], "user:basic");
    assert_eq!(plain.get("elevatedAccessToken"), None);
    let token = plain["minifiedJwt"].as_str().expect("a token");
    assert_eq!(update(&app, token, None).await.status, 403);
}

#[tokio::test]
async fn a_check_says_what_is_needed() {
    let app = app().await;
    let session = session(&app).await;
    let check = async |scope: &str, elevated: Option<&str>| {
        call(&app, Method::POST, "stepUp/check", &session, elevated, &json!({ "scope": scope })).await
    };
    let needed = check("user:update", None).await.json();
    assert_eq!(needed["isRequired"], json!(true));
    assert_eq!(needed["credentials"][0]["format"], "externalUser");
    assert_eq!(needed["defaultCredentialId"], needed["credentials"][0]["id"]);
    let raised = elevated(&app, &session, "user:update").await;
    assert_eq!(check("user:update", Some(&raised)).await.json()["isRequired"], json!(false));
    assert_eq!(check("wallet:sign", None).await.json()["isRequired"], json!(false));
    let once = elevated(&app, &session, "user:update user:delete").await;
    for _ in 0..2 {
        let asked = check("user:update", Some(&once)).await.json();
        assert_eq!(asked["isRequired"], json!(false), "asking uses nothing up");
    }
    assert_eq!(update(&app, &session, Some(&once)).await.status, 200);
    for scope in ["user:update", "user:delete"] {
        let asked = check(scope, Some(&once)).await.json();
        assert_eq!(asked["isRequired"], json!(true), "its one use is over");
    }
    assert_eq!(check("nothing", None).await.code(), "invalid_scopes");
    let settings = app.call(get(&app.path("settings"))).await.json();
    assert_eq!(settings["sdk"]["minApiVersion"], "2026_04_01");
}
