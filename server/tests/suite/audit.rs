//! ADM-017: what happened is written down, without a token or an address of anybody's mail.

use super::common::{Program, TestApp, Token, post, run};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use byoa_server::audit::{Audit, AuditEvent, REFUSALS_PER_SECOND};
use byoa_server::store::{AuditQuery, AuditRecord};
use serde_json::{Value, json};
use std::time::Duration;

async fn audited() -> (TestApp, Audit) {
    let app = TestApp::start().await;
    let audit = Audit::start(app.store.clone(), app.clock.clone(), app.state.metrics.clone());
    let with = audit.clone();
    (app.changed(|state| state.with_audit(with)), audit)
}

async fn events(app: &TestApp, audit: &Audit) -> Vec<AuditRecord> {
    audit.flush().await;
    let query = AuditQuery { environment_id: Some(app.environment), before: None, limit: 1_000 };
    app.store.audit(&query).await.expect("events")
}

#[tokio::test]
async fn adm_017_sign_ins_refusals_and_ends_are_written_without_what_must_not_be() {
    let (app, audit) = audited().await;
    let session = app.session().await;
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    let tick = || app.clock.advance(Duration::from_millis(1));
    tick();
    let expired = Token::good().claim("exp", 1).claim("email", "ada@example.com").build();
    let request = post(&app.path("externalAuth/signin"))
        .header("x-request-id", "r-1")
        .header("user-agent", "tests/1")
        .body(Body::from(json!({ "jwt": expired }).to_string()));
    assert_eq!(app.call(request.expect("a request")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    tick();
    let strange = Token::good().header("kid", "a<b>").claim("iss", "https://stranger.example").build();
    app.sign_in(&strange).await;
    tick();
    let foreign = post(&app.path("externalAuth/signin")).body(Body::from("{}")).map(|mut request| {
        request.headers_mut().insert("origin", "https://evil.example".parse().expect("a header"));
        request
    });
    app.call(foreign.expect("a request")).await;
    tick();
    assert_eq!(app.with_bearer(Method::POST, "revoke", bearer).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.with_bearer(Method::POST, "revoke", bearer).await.status, StatusCode::NO_CONTENT);

    let found = events(&app, &audit).await;
    let shown: Vec<_> =
        found.iter().rev().map(|event| (event.action.as_str(), event.refused.as_deref())).collect();
    let created = "user.session.created";
    assert_eq!(
        shown,
        [
            (created, None),
            (created, Some("jwt_expired")),
            (created, Some("jwt_iss_mismatch")),
            (created, Some("forbidden")),
            ("user.session.revoked", None),
        ]
    );
    let refused = &found[3];
    assert_eq!(refused.request_id.as_deref(), Some("r-1"));
    assert_eq!(refused.user_agent.as_deref(), Some("tests/1"));
    assert_eq!(refused.issuer.as_deref(), Some(super::common::ISSUER));
    assert_eq!((found[2].issuer.as_deref(), found[2].kid.as_deref()), (None, Some("a<b>")));
    assert_eq!(
        found[4].session_id.map(|id| id.to_string()).as_deref(),
        session["user"]["sessionId"].as_str()
    );
    assert_eq!(found[0].session_id, found[4].session_id);
    let all: Vec<_> = found.iter().map(AuditEvent::from).collect();
    let text = serde_json::to_string(&all).expect("JSON");
    for secret in ["ada@example.com", bearer, &expired, "stranger.example", "evil.example", "eyJ"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_session_that_ended_for_a_token_that_came_back_is_written() {
    let (app, audit) = audited().await;
    let session = app.session().await;
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    assert_eq!(app.with_bearer(Method::POST, "refresh", bearer).await.status, StatusCode::OK);
    app.clock.advance(Duration::from_secs(31));
    for _ in 0..2 {
        assert_eq!(app.with_bearer(Method::POST, "refresh", bearer).await.status, StatusCode::UNAUTHORIZED);
    }
    let found = events(&app, &audit).await;
    assert_eq!(found.len(), 2, "the sign-in and, once, the end: {found:?}");
    let end = &found[0];
    assert_eq!((end.action.as_str(), end.actor.as_str()), ("user.session.revoked", "server"));
    assert_eq!((end.detail.as_deref(), end.refused.as_deref()), (Some("refresh-reuse"), None));
    assert_eq!((end.session_id, end.user_id), (found[1].session_id, found[1].user_id));
    assert!(end.session_id.is_some() && end.user_id.is_some());
}

#[tokio::test]
async fn a_session_that_ended_for_an_ended_token_that_came_back_is_written() {
    let (app, audit) = audited().await;
    let session = app.session().await;
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(app.with_bearer(Method::POST, "refresh", bearer).await.status, StatusCode::OK);
    app.clock.advance(Duration::from_secs(31));
    assert_eq!(app.with_bearer(Method::POST, "refresh", bearer).await.status, StatusCode::UNAUTHORIZED);
    let found = events(&app, &audit).await;
    assert_eq!(found.len(), 3, "the sign-in, the late refresh and the end: {found:?}");
    assert_eq!((found[0].action.as_str(), found[0].actor.as_str()), ("user.session.revoked", "server"));
    assert_eq!(found[0].detail.as_deref(), Some("refresh-reuse"));
    assert_eq!(found[0].session_id, found[2].session_id);
}

#[tokio::test]
async fn step_ups_are_written_done_and_refused() {
    let (app, audit) = audited().await;
    let session = app.session().await;
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    let assertion = Token::good().claim("scope", "user:update").claim("jti", "one").build();
    let verify = async || {
        let request =
            post(&app.path("externalAuth/verify")).header("authorization", format!("Bearer {bearer}"));
        let body = Body::from(json!({ "jwt": assertion }).to_string());
        app.call(request.body(body).expect("a request")).await.status
    };
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(verify().await, StatusCode::OK);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(verify().await, StatusCode::UNPROCESSABLE_ENTITY, "it is used up");
    let found = events(&app, &audit).await;
    assert_eq!(found.len(), 3, "{found:?}");
    let (done, refused) = (&found[1], &found[0]);
    assert_eq!((done.action.as_str(), done.refused.as_deref()), ("user.session.elevated", None));
    assert_eq!((done.user_id, done.session_id), (found[2].user_id, found[2].session_id));
    assert_eq!(done.detail.as_deref(), Some("user:update"));
    assert_eq!(done.issuer.as_deref(), Some(super::common::ISSUER));
    let why = (refused.action.as_str(), refused.refused.as_deref());
    assert_eq!(why, ("user.session.elevated", Some("jwt_replayed")));
}

#[test]
fn what_the_command_line_changes_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let id = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";
    let of = ["--id", id];
    let jwks = ["--jwks-url", "https://i.example/jwks"];
    let other = ["--issuer", "https://o.example"];
    let run = |arguments: &[&[&str]]| run(folder, &arguments.concat()).ok();
    run(&[&["env", "create", "--issuer", "https://i.example"], &of, &jwks]);
    run(&[&["env", "set", "--audience", "a"], &of]);
    run(&[&["env", "issuer", "add"], &of, &other, &jwks]);
    run(&[&["env", "issuer", "set", "--leeway", "1"], &of, &other]);
    run(&[&["env", "issuer", "remove"], &of, &other]);
    run(&[&["keys", "rotate"], &of]);
    let keys = run(&[&["keys", "list", "--json"], &of]);
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    let (new, old) = (keys[0]["kid"].as_str().expect("a kid"), keys[1]["kid"].as_str().expect("a kid"));
    run(&[&["keys", "retire", "--kid", old], &of]);
    let hook = run(&[&["webhook", "create", "--url", "https://app.example/hook", "--json"], &of]);
    let hook: Value = serde_json::from_str(&hook).expect("JSON");
    let hook_id = hook["id"].as_str().expect("an id");
    let on = |verb| ["webhook", verb, "--id", id, "--webhook", hook_id];
    run(&[&on("set"), &["--event", "user.created"]]);
    let rotated = run(&[&on("rotate-secret"), &["--json"]]);
    run(&[&on("ping")]);
    let messages: Value = serde_json::from_str(&run(&[&on("messages"), &["--json"]])).expect("JSON");
    let message = messages[0]["messageId"].as_str().expect("an id");
    run(&[&on("redeliver"), &["--message", message]]);
    run(&[&on("show")]);
    run(&[&on("delete")]);
    run(&[&["env", "export", "--output", "env.jsonl"], &of]);
    let token = run(&[&["admin-token", "create", "--name", "n", "--environment", id]]);
    let listed = run(&[&["admin-token", "list"]]);
    let token_id = listed.split(' ').next().expect("an id");
    run(&[&["admin-token", "revoke", "--id", token_id]]);
    let looked = [&["env", "list"][..], &["env", "show", "--id", id], &["keys", "list", "--id", id]];
    for looking in looked {
        run(&[looking]);
    }

    let all = run(&[&["audit", "list", "--json"]]);
    let all: Vec<Value> = serde_json::from_str(&all).expect("JSON");
    let shown: Vec<_> = all.iter().rev().map(|event| event["action"].as_str().expect("a name")).collect();
    let expected = [
        "environment.created",
        "environment.updated",
        "issuer.created",
        "issuer.updated",
        "issuer.deleted",
        "key.created",
        "key.deleted",
        "webhook.created",
        "webhook.updated",
        "webhook.secret.rotated",
        "webhook.pinged",
        "webhook.redelivered",
        "webhook.deleted",
        "environment.exported",
        "adminToken.created",
        "adminToken.revoked",
    ];
    assert_eq!(shown, expected);
    assert!(all.iter().all(|event| event["actor"] == "cli" && event["refused"].is_null()), "{all:?}");
    let event = |action: &str| all.iter().find(|event| event["action"] == action).expect("there");
    assert_eq!(event("issuer.updated")["issuer"], other[1]);
    assert_eq!((&event("key.created")["kid"], &event("key.deleted")["kid"]), (&json!(new), &json!(old)));
    assert_eq!(event("adminToken.created")["environmentId"], id);
    assert!(event("adminToken.revoked")["detail"].as_str().is_some_and(|text| text.contains(token_id)));
    assert!(!json!(all).to_string().contains(token.trim()));
    for event in all.iter().filter(|event| event["action"].as_str().expect("a name").starts_with("webhook."))
    {
        assert_eq!(
            (&event["environmentId"], &event["detail"]),
            (&json!(id), &json!(format!("webhook {hook_id}")))
        );
    }
    let rotated: Value = serde_json::from_str(&rotated).expect("JSON");
    for secret in [&hook["secret"], &rotated["secret"]] {
        assert!(!json!(all).to_string().contains(secret.as_str().expect("a secret")));
    }
    let imported = Program::new(folder, &["env", "import", "env.jsonl"]);
    imported.env("BYOA_DATABASE_URL", "sqlite://other.db").finish("").ok();
    let listed = Program::new(folder, &["audit", "list", "--id", id, "--limit", "1"]);
    let listed = listed.env("BYOA_DATABASE_URL", "sqlite://other.db").finish("").ok();
    assert!(listed.contains("environment.imported") && listed.contains("by cli"), "{listed}");
    let refused = ["env", "set", "--id", id, "--name", "x"];
    assert_ne!(super::common::run(folder, &refused).code, Some(0));
    assert_eq!(run(&[&["audit", "list"]]).lines().count(), expected.len(), "what is refused changes nothing");
}

#[tokio::test]
async fn a_flood_of_refusals_is_counted_and_not_written() {
    let (app, audit) = audited().await;
    let bad = Token::good().claim("exp", 1).build();
    let flood = usize::try_from(REFUSALS_PER_SECOND).expect("a number") + 50;
    for _ in 0..flood {
        app.sign_in(&bad).await;
    }
    app.session().await;
    let found = events(&app, &audit).await;
    let refused = found.iter().filter(|event| event.refused.is_some()).count();
    assert_eq!(u64::try_from(refused).expect("a number"), REFUSALS_PER_SECOND);
    assert_eq!(
        found.iter().filter(|event| event.session_id.is_some()).count(),
        1,
        "what was done is written"
    );
    assert!(app.state.metrics.text().contains("byoa_audit_dropped_total 50"));
    let all = AuditQuery { environment_id: None, before: None, limit: 1_000 };
    let all = app.store.audit(&all).await.expect("events");
    let told = all.iter().filter(|event| event.action == "audit.dropped").map(|event| event.detail.clone());
    let told: u32 = told
        .map(|detail| {
            detail.expect("how many").split(' ').next().expect("a number").parse::<u32>().expect("digits")
        })
        .sum();
    assert_eq!(told, 50);
    app.clock.advance(Duration::from_secs(2));
    app.sign_in(&bad).await;
    assert!(events(&app, &audit).await[0].refused.is_some(), "another second, another allowance");
}

#[tokio::test]
async fn a_deleted_user_stays_in_the_log() {
    let (app, audit) = audited().await;
    let session = app.session().await;
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(app.with_bearer(Method::DELETE, "users", bearer).await.status, StatusCode::NO_CONTENT);
    let found = events(&app, &audit).await;
    assert_eq!(found[0].action, "user.deleted");
    assert_eq!(found[0].user_id.map(|id| id.to_string()).as_deref(), session["user"]["id"].as_str());
    assert_eq!(found[1].user_id, found[0].user_id);
}

#[tokio::test]
async fn the_command_line_prints_what_the_server_wrote_before_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";
    let jwks = "https://i.example/jwks";
    run(folder.path(), &["env", "create", "--id", id, "--issuer", "https://i.example", "--jwks-url", jwks])
        .ok();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--audit-retention", "7"];
    let server = Program::new(folder.path(), &arguments).env("BYOA_DATABASE_URL", "sqlite://byoa.db").serve();
    let request = super::common::client()
        .post(format!("{}/api/v0/sdk/{id}/externalAuth/signin", server.url))
        .header("content-type", "application/json")
        .body("{\"jwt\":\"x\"}");
    assert_eq!(request.send().await.expect("an answer").status(), 422);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
    let text = run(folder.path(), &["audit", "list", "--id", id]).ok();
    assert!(text.contains("refused: jwt_malformed") && text.contains("from 127.0.0.1"), "{text}");
    let json = run(folder.path(), &["audit", "list", "--id", id, "--json"]).ok();
    let events: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(events[0]["refused"], "jwt_malformed");
}
