//! The admin API: what each token may do and where, and what changes do to those who sign in.

use super::common::{AUDIENCE, Answer, ISSUER, Program, TestApp, Token, run};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use byoa_server::audit::Audit;
use byoa_server::clock::Clock as _;
use byoa_server::exchange::admin_tokens::create_admin_token;
use byoa_server::exchange::environments::EnvironmentSettings;
use byoa_server::store::AuditQuery;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const OTHER: Uuid = Uuid::from_u128(2);

/// A token with this scope.
pub(super) async fn token(app: &TestApp, scope: &str) -> String {
    let lifetime = Some(Duration::from_hours(1));
    let made = create_admin_token(app.store.as_ref(), app.clock.as_ref(), "test", scope, lifetime).await;
    made.expect("a token").expose().clone()
}

/// Answers a request with that token.
pub(super) async fn call(
    app: &TestApp,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v0{path}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    app.call(request.expect("a request")).await
}

/// The path of an operation on the app's environment.
pub(super) fn path(app: &TestApp, rest: &str) -> String {
    format!("/environments/{}{rest}", app.environment)
}

/// Every operation, with a body that it takes.
fn operations(environment: Uuid) -> Vec<(Method, String, Option<Value>, &'static str)> {
    let (id, of) = (Uuid::from_u128(77), |rest: &str| format!("/environments/{environment}{rest}"));
    let auth = json!({ "iss": "https://x.example", "jwksUrl": "https://x.example/jwks" });
    let issuer = json!({ "iss": "https://y.example", "discovery": true });
    vec![
        (Method::GET, of(""), None, "environments:read"),
        (Method::PUT, of(""), Some(json!({ "name": "live" })), "environments:write"),
        (Method::GET, of("/externalAuth"), None, "environments:read"),
        (Method::PUT, of("/externalAuth"), Some(auth), "environments:write"),
        (Method::POST, of("/externalJwt/check"), Some(json!({ "encodedJwt": "x" })), "environments:read"),
        (Method::GET, of("/keys"), None, "keys:read"),
        (Method::POST, of("/keys"), None, "keys:write"),
        (Method::DELETE, of("/keys/some-kid"), None, "keys:write"),
        (Method::GET, of("/issuers"), None, "environments:read"),
        (Method::POST, of("/issuers"), Some(issuer), "environments:write"),
        (Method::PUT, of("/issuers/a"), Some(json!({ "leewaySeconds": 1 })), "environments:write"),
        (Method::DELETE, of("/issuers/a"), None, "environments:write"),
        (Method::GET, of("/auditLog"), None, "audit:read"),
        (Method::GET, of("/users"), None, "users:read"),
        (Method::POST, of("/users"), Some(json!({ "externalUserId": "u" })), "users:write"),
        (
            Method::POST,
            of("/users/bulk"),
            Some(json!({ "users": [{ "externalUserId": "v" }] })),
            "users:write",
        ),
        (Method::GET, of(&format!("/users/{id}")), None, "users:read"),
        (Method::PUT, of(&format!("/users/{id}")), Some(json!({ "alias": "a" })), "users:write"),
        (Method::DELETE, of(&format!("/users/{id}")), None, "users:write"),
        (Method::GET, of(&format!("/users/{id}/sessions")), None, "users:read"),
        (Method::POST, of(&format!("/users/{id}/sessions/revoke")), None, "sessions:write"),
        (Method::POST, of("/users/sessions/revoke"), None, "sessions:write"),
        (Method::GET, of("/webhooks"), None, "webhooks:read"),
        (Method::POST, of("/webhooks"), Some(json!({ "url": "https://x.example" })), "webhooks:write"),
        (Method::GET, of(&format!("/webhooks/{id}")), None, "webhooks:read"),
        (Method::PUT, of(&format!("/webhooks/{id}")), Some(json!({ "isEnabled": true })), "webhooks:write"),
        (Method::DELETE, of(&format!("/webhooks/{id}")), None, "webhooks:write"),
        (Method::POST, of(&format!("/webhooks/{id}/secret")), None, "webhooks:write"),
        (Method::POST, of(&format!("/webhooks/{id}/ping")), None, "webhooks:write"),
        (Method::GET, of(&format!("/webhooks/{id}/messages")), None, "webhooks:read"),
        (Method::POST, of(&format!("/webhooks/{id}/messages/{id}/redeliver")), None, "webhooks:write"),
    ]
}

async fn two_environments() -> TestApp {
    let app = TestApp::start().await;
    app.create(OTHER, EnvironmentSettings::default()).await;
    app
}

#[tokio::test]
async fn adm_002_a_token_of_one_environment_never_touches_another() {
    let app = two_environments().await;
    let restricted = token(&app, &format!("admin environment:{}", app.environment)).await;
    let before = app.environments.show(OTHER).await.expect("there");
    for (method, path, body, _) in operations(OTHER) {
        let answer = call(&app, &restricted, method.clone(), &path, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(answer.json()["error"], "Access Forbidden");
    }
    let make = json!({ "externalAuth": { "iss": "https://x.example", "jwksUrl": "https://x.example/jwks" } });
    let answer = call(&app, &restricted, Method::POST, "/environments", Some(make)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(app.environments.show(OTHER).await.expect("there"), before);
    assert_eq!(app.rows().await, (0, 0));
    let listed = call(&app, &restricted, Method::GET, "/environments", None).await.json();
    assert_eq!(listed["environments"].as_array().map(Vec::len), Some(1), "{listed}");
    // A session's id does not lead around it.
    let body = Body::from(json!({ "jwt": Token::good().build() }).to_string());
    let request = super::common::post(&format!("/api/v0/sdk/{OTHER}/externalAuth/signin")).body(body);
    let session = app.call(request.expect("a request")).await.json();
    let id = session["user"]["sessionId"].as_str().expect("an id").to_owned();
    let revoke = format!("/sessions/{id}/revoke");
    assert_eq!(call(&app, &restricted, Method::PUT, &revoke, None).await.status, StatusCode::NOT_FOUND);
    let all = token(&app, "admin").await;
    let answer = call(&app, &all, Method::PUT, &revoke, None).await;
    assert_eq!((answer.status, &answer.json()["id"]), (StatusCode::OK, &json!(id)), "{}", answer.text());
    assert!(answer.json()["revokedAt"].is_string());
}

#[tokio::test]
async fn each_operation_asks_for_its_own_scope() {
    let app = two_environments().await;
    let each = [
        "environments:read",
        "environments:write",
        "keys:read",
        "keys:write",
        "users:read",
        "users:write",
        "sessions:write",
        "audit:read",
        "webhooks:read",
        "webhooks:write",
    ];
    for (method, path, body, needed) in operations(OTHER) {
        for scope in each {
            let token = token(&app, scope).await;
            let answer = call(&app, &token, method.clone(), &path, body.clone()).await;
            let is_forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(is_forbidden, scope != needed, "{method} {path} with {scope}: {}", answer.text());
            assert!(!answer.status.is_server_error(), "{method} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn adm_003_a_session_token_is_no_admin_token_and_the_other_way_round() {
    let app = two_environments().await;
    let session = app.session().await;
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    let external = Token::good().build();
    for (method, path, body, _) in operations(app.environment) {
        for stranger in [bearer, &external, "x", "byoa_admin_x.y", &format!("byoa_admin_{}", "A".repeat(43))]
        {
            let answer = call(&app, stranger, method.clone(), &path, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(!answer.text().contains(stranger) || stranger.len() < 3);
        }
        let request = Request::builder().method(method).uri(format!("/api/v0{path}")).body(Body::empty());
        let answer = app.call(request.expect("a request")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("No jwt provided!")));
    }
    let admin = token(&app, "admin").await;
    for (method, operation) in [(Method::GET, "users"), (Method::GET, "session"), (Method::POST, "refresh")] {
        assert_eq!(app.with_bearer(method, operation, &admin).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_token_that_ended_opens_nothing() {
    let app = TestApp::start().await;
    let (expiring, revoked) = (token(&app, "admin").await, token(&app, "admin").await);
    let ask = async |token: &str| call(&app, token, Method::GET, "/environments", None).await.status.as_u16();
    assert_eq!((ask(&expiring).await, ask(&revoked).await), (200, 200));
    let hash = byoa_server::exchange::admin_tokens::admin_token_hash(&revoked);
    let id = app.store.admin_token(&hash).await.expect("known").id;
    app.store.revoke_admin_token(id, app.clock.now()).await.expect("revoked");
    assert_eq!((ask(&expiring).await, ask(&revoked).await), (200, 401));
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(ask(&expiring).await, 401);
}

#[tokio::test]
async fn adm_005_a_key_url_inside_the_network_is_refused_at_configuration() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let before = app.environments.show(app.environment).await.expect("there");
    for host in [
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[::]",
        "0.0.0.0",
        "[64:ff9b::a00:1]",
        "[::ffff:10.0.0.1]",
        "localhost",
    ] {
        let body = json!({ "iss": ISSUER, "jwksUrl": format!("https://{host}/jwks"), "aud": AUDIENCE });
        let answer = call(&app, &admin, Method::PUT, &path(&app, "/externalAuth"), Some(body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{host}: {}", answer.text());
    }
    assert_eq!(app.environments.show(app.environment).await.expect("there"), before);
}

#[tokio::test]
async fn adm_009_changing_where_keys_come_from_forgets_the_old_ones_at_once() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    app.session().await;
    let elsewhere = "https://issuer.example/other.json";
    app.issuers.publish(elsewhere, &json!({ "keys": [] }));
    let body = json!({ "iss": ISSUER, "jwksUrl": elsewhere, "aud": AUDIENCE });
    let answer = call(&app, &admin, Method::PUT, &path(&app, "/externalAuth"), Some(body.clone())).await;
    assert_eq!((answer.status, &answer.json()["jwksUrl"]), (StatusCode::OK, &json!(elsewhere)));
    let refused = app.sign_in(&Token::good().claim("sub", "late").build()).await;
    assert!(
        refused.status.is_client_error() || refused.code() == "issuer_keys_unavailable",
        "{}",
        refused.text()
    );
    assert_eq!(app.rows().await, (1, 1));
    let read = call(&app, &admin, Method::GET, &path(&app, "/externalAuth"), None).await.json();
    assert_eq!(
        (&read["iss"], &read["jwksUrl"], &read["enabled"]),
        (&body["iss"], &body["jwksUrl"], &json!(true))
    );
}

#[tokio::test]
async fn adm_008_one_issuer_in_two_environments_is_never_mixed() {
    let app = two_environments().await;
    let admin = token(&app, "admin").await;
    let elsewhere = "https://issuer.example/empty.json";
    app.issuers.publish(elsewhere, &json!({ "keys": [] }));
    let body = json!({ "iss": ISSUER, "jwksUrl": elsewhere, "aud": AUDIENCE });
    let of_other = format!("/environments/{OTHER}/externalAuth");
    assert_eq!(call(&app, &admin, Method::PUT, &of_other, Some(body)).await.status, StatusCode::OK);
    app.session().await;
    let body = Body::from(json!({ "jwt": Token::good().build() }).to_string());
    let request = super::common::post(&format!("/api/v0/sdk/{OTHER}/externalAuth/signin")).body(body);
    assert_ne!(app.call(request.expect("a request")).await.status, StatusCode::OK);
    assert_eq!(app.rows().await, (1, 1));
}

#[tokio::test]
async fn adm_012_pages_have_bounds() {
    let app = TestApp::start().await;
    let admin = token(&app, "users:read users:write").await;
    let users: Vec<_> = (0..50).map(|number| json!({ "externalUserId": format!("u-{number}") })).collect();
    for _ in 0..3 {
        let body = json!({ "users": users });
        let answer =
            call(&app, &admin, Method::POST, &path(&app, "/users/bulk?upsert=true"), Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
    for (query, status, length) in [
        ("", 200, 20),
        ("?limit=-1", 200, 1),
        ("?limit=0", 200, 1),
        ("?limit=1000000000", 200, 50),
        ("?limit=99999999999999999999", 400, 0),
        ("?limit=abc", 400, 0),
        ("?offset=-5&limit=100", 200, 50),
        ("?offset=45", 200, 5),
        ("?offset=4294967296", 200, 0),
        ("?offset=abc", 400, 0),
        ("?limit=1&limit=2", 400, 0),
        ("?orderBy=email", 400, 0),
        ("?orderBy=-createdAt", 200, 20),
        ("?filter=u-7", 200, 1),
        ("?filter=%25", 200, 0),
    ] {
        let answer = call(&app, &admin, Method::GET, &path(&app, &format!("/users{query}")), None).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text());
        if status == 200 {
            assert_eq!(answer.json()["users"].as_array().map(Vec::len), Some(length), "{query}");
        }
    }
    let forged = path(&app, "/auditLog?before=x");
    let auditor = token(&app, "audit:read").await;
    assert_eq!(call(&app, &auditor, Method::GET, &forged, None).await.status, StatusCode::BAD_REQUEST);
    for wrong in [vec![], vec![json!({ "externalUserId": "u" }); 51]] {
        let body = json!({ "users": wrong });
        let answer = call(&app, &admin, Method::POST, &path(&app, "/users/bulk"), Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adm_013_settings_that_are_put_at_once_are_one_or_another_and_no_blend() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let puts = (0..20).map(|number| {
        let host = format!("https://i{number}.example");
        let body = json!({ "iss": host, "jwksUrl": format!("{host}/jwks"), "aud": format!("a{number}") });
        let (app, admin) = (&app, &admin);
        async move { call(app, admin, Method::PUT, &path(app, "/externalAuth"), Some(body)).await.status }
    });
    for status in futures_util::future::join_all(puts).await {
        assert_eq!(status, StatusCode::OK);
    }
    let read = call(&app, &admin, Method::GET, &path(&app, "/externalAuth"), None).await.json();
    let iss = read["iss"].as_str().expect("an issuer");
    assert_eq!(read["jwksUrl"], format!("{iss}/jwks"));
    assert_eq!(read["aud"], iss.replace("https://i", "a").replace(".example", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adm_014_a_user_that_is_removed_while_it_signs_in_has_no_session() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    for _ in 0..50 {
        let session = app.session().await;
        let user = session["user"]["id"].as_str().expect("an id").to_owned();
        let of_user = path(&app, &format!("/users/{user}"));
        let jwt = Token::good().build();
        let (answer, removed) =
            tokio::join!(app.sign_in(&jwt), call(&app, &admin, Method::DELETE, &of_user, None));
        assert!(!answer.status.is_server_error(), "{}", answer.text());
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        let probe =
            app.with_bearer(Method::GET, "session", session["minifiedJwt"].as_str().expect("a token"));
        assert_eq!(probe.await.status, StatusCode::UNAUTHORIZED);
        if answer.status == StatusCode::OK {
            let body = answer.json();
            let bearer = body["minifiedJwt"].as_str().expect("a token");
            let probe = app.with_bearer(Method::GET, "session", bearer).await.status;
            let is_gone = body["user"]["id"] == json!(user);
            assert_eq!(probe, if is_gone { StatusCode::UNAUTHORIZED } else { StatusCode::NO_CONTENT });
        }
    }
}

#[tokio::test]
async fn adm_015_no_secret_is_read_back() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    app.session().await;
    let user =
        call(&app, &admin, Method::GET, &path(&app, "/users"), None).await.json()["users"][0]["id"].clone();
    let sessions = path(&app, &format!("/users/{}/sessions", user.as_str().expect("an id")));
    let paths = [
        "/environments".to_owned(),
        path(&app, ""),
        path(&app, "/externalAuth"),
        path(&app, "/keys"),
        path(&app, "/issuers"),
        path(&app, "/users"),
        path(&app, "/users?includeSessions=true"),
        sessions,
    ];
    for path in paths {
        let answer = call(&app, &admin, Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        for secret in ["nonceKey", "nonce_key", "pkcs8", "\"d\"", "hash", "byoa_admin_", "eyJ", "tokenId"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn adm_017_changes_are_in_the_log_before_they_are_answered() {
    let app = TestApp::start().await;
    let audit = Audit::start(app.store.clone(), app.clock.clone(), app.state.metrics.clone());
    let app = app.changed(|state| state.with_audit(audit));
    let admin = token(&app, "admin").await;
    let body = json!({ "externalUserId": "u-1", "email": "ada@example.com" });
    let made = call(&app, &admin, Method::POST, &path(&app, "/users"), Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    app.clock.advance(Duration::from_millis(1));
    call(&app, &admin, Method::PUT, &path(&app, ""), Some(json!({ "name": "live" }))).await;
    let query = AuditQuery { environment_id: Some(app.environment), before: None, limit: 9 };
    let events = app.store.audit(&query).await.expect("events");
    let names: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(names, ["environment.updated", "user.created"]);
    assert!(events.iter().all(|event| event.actor.starts_with("admin:")));
    let read = call(&app, &admin, Method::GET, &path(&app, "/auditLog?limit=1"), None).await;
    assert_eq!(read.json()["events"][0]["action"], "environment.updated");
    assert!(!format!("{events:?}").contains("ada@"));
}

#[tokio::test]
async fn unknown_members_of_admin_requests_are_refused() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let user = json!({ "externalUserId": "u" });
    let auth = json!({ "iss": ISSUER, "jwksUrl": "https://issuer.example/jwks" });
    for (method, rest, mut body) in [
        (Method::PUT, "", json!({ "name": "live" })),
        (Method::PUT, "/externalAuth", auth.clone()),
        (Method::POST, "/externalJwt/check", json!({ "encodedJwt": "x" })),
        (Method::POST, "/users", user.clone()),
        (Method::POST, "/users/bulk", json!({ "users": [user] })),
    ] {
        let good = call(&app, &admin, method.clone(), &path(&app, rest), Some(body.clone())).await;
        assert!(good.status.is_success() || good.code() == "invalid_update", "{rest}: {}", good.text());
        body["emailVerified"] = json!(true);
        let answer = call(&app, &admin, method, &path(&app, rest), Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{rest}: {}", answer.text());
        assert!(answer.text().contains("the unknown member emailVerified"), "{rest}: {}", answer.text());
    }
    let secret = json!({ "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl": true });
    let answer = call(&app, &admin, Method::PUT, &path(&app, ""), Some(secret)).await;
    assert!(answer.status == StatusCode::BAD_REQUEST && !answer.text().contains("eyJ"), "{}", answer.text());
    for (rest, known) in [
        ("/users?limits=1", "offset, limit, filter, orderBy, includeSessions"),
        ("/auditLog?limits=1", "limit, before"),
        ("/users/bulk?limits=1", "upsert"),
    ] {
        let (method, body) = if known == "upsert" {
            (Method::POST, Some(json!({ "users": [{ "externalUserId": "v" }] })))
        } else {
            (Method::GET, None)
        };
        let answer = call(&app, &admin, method, &path(&app, rest), body).await;
        let said = format!("the unknown parameter limits; those of this operation are {known}");
        assert!(
            answer.status == StatusCode::BAD_REQUEST && answer.text().contains(&said),
            "{}",
            answer.text()
        );
    }
    let nested = json!({ "users": [{ "externalUserId": "w", "verifiedCredentials": [] }] });
    let answer = call(&app, &admin, Method::POST, &path(&app, "/users/bulk"), Some(nested)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let nowhere = call(&app, &admin, Method::GET, "/environments/not-a-uuid/users", None).await;
    assert_eq!((nowhere.status.as_u16(), nowhere.code().as_str()), (404, "not_found"));
    let off = json!({ "enabled": false, "iss": ISSUER, "jwksUrl": "https://issuer.example/jwks" });
    let answer = call(&app, &admin, Method::PUT, &path(&app, "/externalAuth"), Some(off)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "what cannot be done is not pretended");
}

#[tokio::test]
async fn a_jwt_is_checked_rule_by_rule_and_nobody_is_signed_in() {
    let app = TestApp::start().await;
    let admin = token(&app, "environments:read").await;
    let check = async |jwt: &str| {
        let body = json!({ "encodedJwt": jwt });
        call(&app, &admin, Method::POST, &path(&app, "/externalJwt/check"), Some(body)).await.json()
    };
    let good = check(&Token::good().build()).await;
    assert_eq!((&good["valid"], good.get("errors")), (&json!(true), None), "{good}");
    let bad = check(&Token::good().claim("aud", "another").build()).await;
    assert_eq!(bad["valid"], false);
    assert!(bad["errors"][0].as_str().is_some_and(|error| error.starts_with("jwt_aud_mismatch")), "{bad}");
    assert!(bad["trace"].as_array().is_some_and(|trace| trace.len() > 5));
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn a_user_made_before_its_first_sign_in_is_found_by_it_and_its_sessions_can_be_ended() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let body = json!({ "externalUserId": "user-1", "alias": "Ada" });
    let made = call(&app, &admin, Method::POST, &path(&app, "/users"), Some(body.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let again = call(&app, &admin, Method::POST, &path(&app, "/users"), Some(body)).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (422, "invalid_update"));
    for subject in ["", " ", "\t", "a\0b", "a\nb", "\u{85}", &"x".repeat(256)] {
        let one = json!({ "externalUserId": subject });
        let several = json!({ "users": [{ "externalUserId": "fine" }, one] });
        for (rest, body) in [("/users", one), ("/users/bulk?upsert=true", several)] {
            let refused = call(&app, &admin, Method::POST, &path(&app, rest), Some(body)).await;
            assert_eq!(
                (refused.status.as_u16(), refused.code().as_str()),
                (422, "invalid_update"),
                "{subject:?}"
            );
        }
    }
    assert_eq!(app.rows().await, (1, 0), "nothing was made in part");
    let id = made.json()["user"]["id"].as_str().expect("an id").to_owned();
    let of_user = |rest: &str| path(&app, &format!("/users/{id}{rest}"));
    let session = app.sign_in(&Token::good().claim("sub", "user-1").build()).await.json();
    assert_eq!((&session["user"]["id"], &session["user"]["alias"]), (&json!(id), &json!("Ada")));
    let listed = call(&app, &admin, Method::GET, &of_user("/sessions?revoked=false"), None).await.json();
    assert_eq!((&listed["count"], &listed["sessions"][0]["id"]), (&json!(1), &session["user"]["sessionId"]));
    let ended = call(&app, &admin, Method::POST, &of_user("/sessions/revoke"), None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text());
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    assert_eq!(app.with_bearer(Method::GET, "session", bearer).await.status, StatusCode::UNAUTHORIZED);
    app.clock.advance(Duration::from_secs(1));
    let session = app.sign_in(&Token::good().claim("sub", "user-1").build()).await.json();
    let all = call(&app, &admin, Method::POST, &path(&app, "/users/sessions/revoke"), None).await;
    assert_eq!(all.status, StatusCode::ACCEPTED);
    assert!(all.json()["message"].is_string());
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    assert_eq!(app.with_bearer(Method::GET, "session", bearer).await.status, StatusCode::UNAUTHORIZED);
    let changed = call(&app, &admin, Method::PUT, &of_user(""), Some(json!({ "alias": "" }))).await.json();
    assert_eq!(changed["user"].get("alias"), None);
    assert_eq!(call(&app, &admin, Method::DELETE, &of_user(""), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(call(&app, &admin, Method::DELETE, &of_user(""), None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_environment_is_made_with_everything_it_needs() {
    let app = TestApp::start().await;
    let admin = token(&app, "environments:write environments:read").await;
    let body = json!({
        "name": "live", "sessionAlg": "RS256", "allowedOrigins": ["https://b.example"],
        "externalAuth": { "iss": "https://x.example", "jwksUrl": "https://x.example/jwks", "cookieName": "jwt" },
    });
    let made = call(&app, &admin, Method::POST, "/environments", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!((&made["sessionAlg"], &made["externalAuth"]["cookieName"]), (&json!("RS256"), &json!("jwt")));
    let id = made["id"].as_str().expect("an id");
    let read = call(&app, &admin, Method::GET, &format!("/environments/{id}"), None).await.json();
    assert_eq!(read, made);
    let taken =
        json!({ "id": id, "externalAuth": { "iss": "https://x.example", "jwksUrl": "https://x.example/k" } });
    assert_eq!(call(&app, &admin, Method::POST, "/environments", Some(taken)).await.status.as_u16(), 422);
    let bare = call(&app, &admin, Method::POST, "/environments", Some(json!({}))).await;
    assert_eq!(bare.status.as_u16(), 422, "{}", bare.text());
}

#[test]
fn the_command_line_makes_lists_and_revokes_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let id = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";
    let create =
        ["env", "create", "--id", id, "--issuer", ISSUER, "--jwks-url", "https://issuer.example/jwks"];
    run(folder, &create).ok();
    let scopes =
        ["--scope", "users:read", "--scope", "audit:read", "--environment", id, "--expires-in", "30"];
    let made = run(folder, &[&["admin-token", "create", "--name", "nightly"], &scopes[..]].concat()).ok();
    assert!(made.starts_with("byoa_admin_"));
    let listed = run(folder, &["admin-token", "list"]).ok();
    assert!(
        listed.contains(&format!("users:read audit:read environment:{id}")) && listed.contains("until "),
        "{listed}"
    );
    assert!(!listed.contains(made.trim()));
    let token = listed.split(' ').next().expect("an id");
    assert_eq!(run(folder, &["admin-token", "revoke", "--id", token]).code, Some(0));
    assert_eq!(run(folder, &["admin-token", "revoke", "--id", token]).code, Some(1));
    assert!(run(folder, &["admin-token", "list"]).ok().contains("revoked "));
    let wrong = Program::new(folder, &["admin-token", "create", "--name", "x", "--scope", "users:*"]);
    assert_eq!(wrong.env("BYOA_DATABASE_URL", "sqlite://byoa.db").finish("").code, Some(2));
}
