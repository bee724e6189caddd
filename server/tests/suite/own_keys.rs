//! The environment's own keys: a new one takes over, tokens of both are good, a withdrawn one is worth
//! nothing.

use super::common::{CountingStore, TestApp, get};
use axum::http::{Method, StatusCode};
use byoa_server::exchange::environments::{EnvironmentError, EnvironmentSettings};
use byoa_server::store::Change;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::broadcast;
use uuid::Uuid;

fn token(session: &Value) -> String {
    session["minifiedJwt"].as_str().expect("a token").to_owned()
}

fn kid(token: &str) -> String {
    let token = byoa_jwt::UnverifiedToken::parse(token).expect("a token");
    token.header().key_id().expect("a kid").to_owned()
}

async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.call(get(&app.path(".well-known/jwks"))).await.json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

async fn status(app: &TestApp, token: &str) -> StatusCode {
    app.with_bearer(Method::GET, "session", token).await.status
}

#[tokio::test]
async fn tokens_of_both_keys_are_good_after_a_rotation() {
    let app = TestApp::start().await;
    let before = token(&app.session().await);
    let keys = app.environments.rotate_signing_key(app.environment).await.expect("rotated");
    let after = token(&app.session().await);
    assert_ne!(kid(&before), kid(&after));
    assert_eq!(keys.iter().map(|key| key.kid.clone()).collect::<Vec<_>>(), [kid(&after), kid(&before)]);
    assert_eq!(published(&app).await, [kid(&after), kid(&before)]);
    for token in [&before, &after] {
        assert_eq!(status(&app, token).await, StatusCode::NO_CONTENT);
    }
    // Published longer than any token lives, and no longer than that.
    app.clock.advance(Duration::from_hours(7 * 24) - Duration::from_secs(1));
    assert_eq!(published(&app).await.len(), 2);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(published(&app).await, [kid(&after)]);
}

#[tokio::test]
async fn a_withdrawn_key_is_worth_nothing_at_once_and_the_one_that_signs_stays() {
    let app = TestApp::start().await;
    let before = token(&app.session().await);
    app.environments.rotate_signing_key(app.environment).await.expect("rotated");
    let after = token(&app.session().await);
    let retire = |kid: String| {
        let (environments, id) = (app.environments.clone(), app.environment);
        async move { environments.retire_signing_key(id, &kid).await }
    };
    for kid in [kid(&after), "unknown".to_owned()] {
        assert!(matches!(retire(kid).await, Err(EnvironmentError::Invalid { setting: "kid", .. })));
    }
    assert_eq!(retire(kid(&before)).await.expect("withdrawn").len(), 1);
    assert_eq!(status(&app, &before).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, &after).await, StatusCode::NO_CONTENT);
    assert_eq!(published(&app).await, [kid(&after)]);
}

#[tokio::test]
async fn private_keys_are_let_go_when_a_change_is_announced() {
    let mut counting = None;
    let app = TestApp::over(EnvironmentSettings::default(), None, |store| {
        counting.insert(CountingStore::around(store)).clone()
    })
    .await;
    let store = counting.expect("the store was wrapped");
    let session = token(&app.session().await);
    for (change, read_again) in [
        (Change::Swept, false),
        (Change::Environment(Uuid::nil()), false),
        (Change::Environment(app.environment), true),
        (Change::Everything, true),
    ] {
        let (announce, changes) = broadcast::channel(1);
        announce.send(change).expect("somebody follows");
        drop(announce);
        app.state.exchange.clone().follow(changes.into()).await;
        store.asked();
        for expected in [read_again, false] {
            assert_eq!(status(&app, &session).await, StatusCode::NO_CONTENT);
            assert_eq!(store.asked().contains(&"signing_keys"), expected, "{change:?}");
        }
    }
}
