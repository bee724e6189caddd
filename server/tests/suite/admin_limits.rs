//! The admin API and those who guess, or hammer: counted by address and by token, and written down.

use super::common::{Answer, Program, TestApp, client, get, run};
use axum::extract::ConnectInfo;
use byoa_server::audit::Audit;
use byoa_server::clock::Clock as _;
use byoa_server::exchange::admin_tokens::create_admin_token;
use byoa_server::limits::{LimitSettings, Limits};
use byoa_server::store::{AuditQuery, AuditRecord};
use std::net::SocketAddr;
use std::time::Duration;

async fn limited(admin: &str, refused: &str) -> (TestApp, Audit) {
    let app = TestApp::start().await;
    let settings = LimitSettings {
        admin: admin.parse().expect("quotas"),
        admin_refused: refused.parse().expect("quotas"),
        ..LimitSettings::default()
    };
    let limits = Limits::new(&settings, app.clock.clone());
    let audit = Audit::start(app.store.clone(), app.clock.clone(), app.state.metrics.clone());
    let with = audit.clone();
    (app.changed(|state| state.with_limits(limits).with_audit(with)), audit)
}

async fn token(app: &TestApp, lifetime: Duration) -> String {
    let made = create_admin_token(app.store.as_ref(), app.clock.as_ref(), "t", "admin", Some(lifetime)).await;
    made.expect("a token").expose().clone()
}

async fn list(app: &TestApp, peer: &str, token: Option<&str>) -> Answer {
    let peer: SocketAddr = format!("{peer}:4711").parse().expect("an address");
    let mut request = get("/api/v0/environments");
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(token) = token {
        let header = format!("Bearer {token}").parse().expect("a header");
        request.headers_mut().insert("authorization", header);
    }
    app.call(request).await
}

async fn refusals(app: &TestApp, audit: &Audit) -> Vec<AuditRecord> {
    audit.flush().await;
    let all = AuditQuery { environment_id: None, before: None, limit: 1_000 };
    let mut events = app.store.audit(&all).await.expect("events");
    events.retain(|event| event.action == "admin.authenticated");
    events
}

#[tokio::test]
async fn whoever_shows_bad_tokens_is_told_to_wait_and_nobody_else_is() {
    let (app, audit) = limited("1000/60s", "3/60s").await;
    let good = token(&app, Duration::from_hours(1)).await;
    let guess = token(&app, Duration::ZERO).await;
    for number in 0..20 {
        let shown = [Some(guess.as_str()), Some("byoa_admin_x"), None][number % 3];
        let answer = list(&app, "192.0.2.1", shown).await;
        assert_eq!(answer.status.as_u16(), if number < 3 { 401 } else { 429 }, "{number}");
    }
    assert_eq!(refusals(&app, &audit).await.len(), 3, "what is not looked at is not written");
    let answer = list(&app, "192.0.2.1", Some(&good)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_requests"));
    assert_eq!(answer.header("connection"), Some("close"));
    let wait: u64 = answer.header("retry-after").expect("when").parse().expect("seconds");
    assert_eq!(list(&app, "192.0.2.2", Some(&good)).await.status.as_u16(), 200);
    app.clock.advance(Duration::from_secs(wait));
    assert_eq!(list(&app, "192.0.2.1", Some(&good)).await.status.as_u16(), 200);
    let text = app.state.metrics.text();
    assert!(text.contains("byoa_rate_limited_total{scope=\"admin_refused\"} 18"), "{text}");
}

#[tokio::test]
async fn a_good_token_has_a_quota_of_its_own_from_wherever_it_calls() {
    let (app, _audit) = limited("5/60s", "3/60s").await;
    let (one, other) =
        (token(&app, Duration::from_hours(1)).await, token(&app, Duration::from_hours(1)).await);
    for number in 0..9 {
        let answer = list(&app, &format!("192.0.2.{number}"), Some(&one)).await;
        assert_eq!(answer.status.as_u16(), if number < 5 { 200 } else { 429 }, "{number}");
    }
    assert_eq!(list(&app, "192.0.2.1", Some(&other)).await.status.as_u16(), 200);
    assert!(app.state.metrics.text().contains("byoa_rate_limited_total{scope=\"admin\"} 4"));
}

#[tokio::test]
async fn every_bad_token_is_an_event_with_its_reason_and_without_the_token() {
    let (app, audit) = limited("1000/60s", "1000/60s").await;
    let expired = token(&app, Duration::from_secs(1)).await;
    app.clock.advance(Duration::from_millis(1));
    let revoked = token(&app, Duration::from_hours(1)).await;
    let ids: Vec<_> = app.store.admin_tokens().await.expect("tokens").iter().map(|made| made.id).collect();
    app.clock.advance(Duration::from_secs(1));
    app.store.revoke_admin_token(ids[1], app.clock.now()).await.expect("revoked");
    let elsewhere = TestApp::start().await;
    let unknown = token(&elsewhere, Duration::from_hours(1)).await;
    let cases = [
        (None, "admin_token_missing", "admin".to_owned()),
        (Some("byoa_admin_secret-guess"), "admin_token_malformed", "admin".to_owned()),
        (Some(unknown.as_str()), "admin_token_unknown", "admin".to_owned()),
        (Some(expired.as_str()), "admin_token_expired", format!("admin:{}", ids[0])),
        (Some(revoked.as_str()), "admin_token_revoked", format!("admin:{}", ids[1])),
    ];
    for (shown, _, _) in &cases {
        app.clock.advance(Duration::from_millis(1));
        let answer = list(&app, "192.0.2.1", *shown).await;
        assert_eq!(answer.status.as_u16(), 401, "{shown:?}");
        assert!(!answer.text().contains("admin_token_"), "callers are not told: {}", answer.text());
    }
    let events = refusals(&app, &audit).await;
    assert_eq!(events.len(), cases.len());
    for (event, (_, reason, actor)) in events.iter().rev().zip(&cases) {
        assert_eq!((event.refused.as_deref(), &event.actor), (Some(*reason), actor));
        assert_eq!(event.ip, Some("192.0.2.1".parse().expect("an address")));
        assert_eq!(event.environment_id, None, "a stranger's path is no environment's event");
    }
    let text = format!("{events:?}");
    for (shown, _, _) in &cases {
        assert!(!shown.is_some_and(|shown| text.contains(shown.trim_start_matches("byoa_admin_"))), "{text}");
    }
}

#[tokio::test]
async fn the_program_limits_bad_tokens_and_tells_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Program::new(folder.path(), &["serve", "--listen", "127.0.0.1:0"])
        .env("BYOA_DATABASE_URL", "sqlite://byoa.db")
        .serve();
    let client = client();
    for number in 0..12 {
        let request =
            client.get(format!("{}/api/v0/environments", server.url)).bearer_auth("byoa_admin_guess");
        let status = request.send().await.expect("an answer").status().as_u16();
        assert_eq!(status, if number < 10 { 401 } else { 429 }, "{number}");
    }
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0));
    assert!(!log.contains("byoa_admin_guess"), "{log}");
    let text = run(folder.path(), &["audit", "list"]).ok();
    assert_eq!(text.matches("refused: admin_token_malformed").count(), 10, "{text}");
    assert!(!text.contains("guess"), "{text}");
}
