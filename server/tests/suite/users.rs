//! The signed-in user, by itself.

use super::common::{Answer, TestApp, Token};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

async fn put(app: &TestApp, token: &str, fields: &Value) -> Answer {
    let request = Request::put(app.path("users"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(fields.to_string()));
    app.call(request.expect("a request")).await
}

async fn signed_in(app: &TestApp, subject: &str) -> String {
    let answer = app.sign_in(&Token::good().claim("sub", subject).build()).await.json();
    answer["minifiedJwt"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_user_reads_itself() {
    let app = TestApp::start().await;
    let session = app.session().await;
    let answer =
        app.with_bearer(Method::GET, "users", session["minifiedJwt"].as_str().expect("a token")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, Some("no-store")));
    let user = answer.json();
    assert_eq!((&user["id"], &user["sessionId"]), (&session["user"]["id"], &session["user"]["sessionId"]));
    assert_eq!(user["verifiedCredentials"], session["user"]["verifiedCredentials"]);
}

#[tokio::test]
async fn an_update_answers_with_a_whole_session() {
    let app = TestApp::start().await;
    let token = signed_in(&app, "user-1").await;
    let fields = json!({ "alias": "Ada", "country": "GB", "metadata": { "plan": ["a", 1] }, "unknown": 1 });
    let answer = put(&app, &token, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["nextView"], "done");
    assert_eq!((&body["user"]["alias"], &body["user"]["country"]), (&json!("Ada"), &json!("GB")));
    let newer = body["minifiedJwt"].as_str().expect("the published client drops its token without one");
    let read = app.with_bearer(Method::GET, "users", newer).await.json();
    assert_eq!(read["metadata"], json!({ "plan": ["a", 1] }));

    let cleared = put(&app, newer, &json!({ "alias": "" })).await.json();
    assert_eq!((cleared["user"].get("alias"), &cleared["user"]["country"]), (None, &json!("GB")));
}

#[tokio::test]
async fn an_update_cannot_verify_or_promote_anything() {
    let app = TestApp::start().await;
    let token = signed_in(&app, "user-1").await;
    let fields = json!({
        "email": "boss@example.com", "emailVerified": true, "scope": "admin", "id": "x",
        "verifiedCredentials": [{ "id": "x", "format": "email", "email": "boss@example.com" }],
    });
    let user = put(&app, &token, &fields).await.json()["user"].clone();
    assert_eq!((&user["email"], &user["scope"]), (&json!("boss@example.com"), &json!("user:basic")));
    assert_eq!(user["verifiedCredentials"].as_array().map(Vec::len), Some(1), "{user}");
}

#[tokio::test]
async fn a_bad_update_names_its_code_and_changes_nothing() {
    let app = TestApp::start().await;
    let token = signed_in(&app, "user-1").await;
    let other = signed_in(&app, "user-2").await;
    assert_eq!(put(&app, &other, &json!({ "username": "Taken" })).await.status, StatusCode::OK);
    for (fields, status, code) in [
        (json!({ "alias": "x".repeat(10_000) }), 422, "invalid_update"),
        (json!({ "country": "Britain" }), 422, "invalid_update"),
        (json!({ "username": "taken" }), 422, "username_already_exists"),
        (json!({ "username": "\u{ff34}aken" }), 422, "username_already_exists"),
        (json!({ "username": "ta\u{200b}ken" }), 422, "invalid_username"),
        (json!({ "metadata": { "a": "x".repeat(17 * 1024) } }), 422, "metadata_size_exceeded"),
        (json!({ "metadata": "x" }), 400, "bad_request"),
        (json!({ "alias": 1 }), 400, "bad_request"),
        (json!([]), 400, "bad_request"),
    ] {
        let answer = put(&app, &token, &fields).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text());
    }
    let user = app.with_bearer(Method::GET, "users", &token).await.json();
    assert!(
        ["alias", "country", "username", "metadata"].iter().all(|name| user.get(name).is_none()),
        "{user}"
    );
    assert_eq!(put(&app, &token, &json!({ "username": "free" })).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_all_its_sessions() {
    let app = TestApp::start().await;
    let token = signed_in(&app, "user-1").await;
    let elsewhere = signed_in(&app, "user-1").await;
    let bystander = signed_in(&app, "user-2").await;
    let answer = app.with_bearer(Method::DELETE, "users", &token).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    for token in [&token, &elsewhere] {
        assert_eq!(app.with_bearer(Method::GET, "users", token).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.with_bearer(Method::GET, "session", token).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.with_bearer(Method::POST, "revoke", token).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(app.with_bearer(Method::GET, "session", &bystander).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.rows().await, (1, 1));
    let again = app.sign_in(&Token::good().build()).await.json();
    assert_eq!(again["user"]["newUser"], json!(true));
}

#[tokio::test]
async fn members_given_twice_are_refused_wherever_they_are() {
    let app = TestApp::start().await;
    let token = signed_in(&app, "user-1").await;
    for (body, name) in [
        (r#"{"alias": "a", "alias": "b"}"#, "alias"),
        (r#"{"metadata": {"plan": 1, "plan": 2}}"#, "plan"),
        (r#"{"metadata": {"a": [{"b": {"deep": 1, "deep": 1}}]}}"#, "deep"),
        (r#"{"metadata": {"plan": 1, "pl\u0061n": 2}}"#, "plan"),
    ] {
        let request = Request::put(app.path("users"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        let answer = app.call(request.expect("a request")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.text());
        assert!(answer.text().contains(&format!("twice the member {name}")), "{}", answer.text());
    }
    let fields =
        json!({ "metadata": { "a": { "b": 1 }, "c": { "b": 1 }, "d": [1, -1, 1.5, null, true, "x"] } });
    assert_eq!(put(&app, &token, &fields).await.status, StatusCode::OK);
}
