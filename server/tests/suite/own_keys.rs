//! The environment's own keys: a new one takes over, tokens of both are good, a withdrawn one is worth
//! nothing.

use super::common::{CountingStore, TestApp, get};
use axum::http::{Method, StatusCode};
use byoa_jwt::MAX_KEYS;
use byoa_server::clock::Clock as _;
use byoa_server::exchange::admin::Admin;
use byoa_server::exchange::environments::{EnvironmentError, EnvironmentSettings};
use byoa_server::keys::{MAX_PUBLISHED, PUBLISHED_AFTER_RETIREMENT, SigningKeys, generate_signing_key};
use byoa_server::seal::Seal;
use byoa_server::store::{Change, Environment, SessionAlgorithm};
use serde_json::Value;
use std::sync::Mutex;
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
    assert_eq!(published(&app).await.len(), 1);
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
            assert_eq!(published(&app).await.len(), 1);
            assert_eq!(store.asked().contains(&"signing_keys"), expected, "{change:?}");
        }
    }
}

#[tokio::test]
async fn more_keys_than_a_fetched_set_may_have_are_published_and_sign_in() {
    let app = TestApp::start().await;
    for _ in 0..MAX_KEYS {
        let environment = app.environments.show(app.environment).await.expect("there");
        let key =
            generate_signing_key(environment.id, SessionAlgorithm::Es256, app.clock.now()).expect("a key");
        let updated_at = app.clock.now();
        let changed = Environment { updated_at, ..Environment::clone(&environment) };
        app.store.update_environment(&changed, Some(&key)).await.expect("another key signs");
    }
    assert_eq!(published(&app).await.len(), MAX_KEYS + 1);
    let session = token(&app.session().await);
    assert_eq!(status(&app, &session).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_key_too_many_is_refused_until_another_is_withdrawn_or_past_its_time() {
    let app = TestApp::start().await;
    let (environments, id) = (&app.environments, app.environment);
    let mut keys = Vec::new();
    for _ in 1..MAX_PUBLISHED {
        keys = environments.rotate_signing_key(id).await.expect("rotated");
    }
    assert_eq!(keys.len(), MAX_PUBLISHED);
    let other = || EnvironmentSettings {
        session_algorithm: Some(SessionAlgorithm::Rs256),
        ..EnvironmentSettings::default()
    };
    for refused in
        [environments.rotate_signing_key(id).await.map(drop), environments.set(id, other()).await.map(drop)]
    {
        let refused = refused.expect_err("one too many");
        assert!(matches!(refused, EnvironmentError::Invalid { setting: "signing-key", .. }), "{refused}");
        assert!(refused.to_string().contains("byoa-server keys retire"), "{refused}");
    }
    let named = EnvironmentSettings { name: Some("live".to_owned()), ..EnvironmentSettings::default() };
    environments.set(id, named).await.expect("what needs no key is changed");

    environments.retire_signing_key(id, &keys[7].kid).await.expect("withdrawn");
    environments.rotate_signing_key(id).await.expect("there is room");
    environments.rotate_signing_key(id).await.expect_err("and none again");
    app.clock.advance(PUBLISHED_AFTER_RETIREMENT);
    environments.set(id, other()).await.expect("the others are past their time");
    let keys = environments.signing_keys(id).await.expect("keys");
    assert_eq!(published(&app).await, [&*keys[0].kid, &*keys[1].kid]);
}

#[tokio::test]
async fn a_key_past_its_time_verifies_nothing() {
    let app = TestApp::start().await;
    app.environments.rotate_signing_key(app.environment).await.expect("rotated");
    let verifying = async || {
        let keys = SigningKeys::new(app.store.clone(), Seal::default(), app.clock.clone());
        let environment = app.environments.show(app.environment).await.expect("there");
        keys.of(&environment).await.expect("keys").verifying().usable_len()
    };
    let almost = Duration::from_hours(1);
    app.clock.advance(PUBLISHED_AFTER_RETIREMENT.saturating_sub(almost));
    assert_eq!(verifying().await, 2);
    app.clock.advance(almost);
    assert_eq!(verifying().await, 1);
}

#[tokio::test]
async fn a_change_does_not_wait_for_keys_in_the_making() {
    let app = TestApp::start().await;
    let other = Uuid::from_u128(2);
    app.create(other, EnvironmentSettings::default()).await;
    let rsa = EnvironmentSettings {
        session_algorithm: Some(SessionAlgorithm::Rs256),
        ..EnvironmentSettings::default()
    };
    app.environments.set(app.environment, rsa).await.expect("changed");
    let admin = Admin::new(app.state.exchange.clone(), app.environments.clone());
    let order = Mutex::new(Vec::<&str>::new());
    let rotate = async || {
        admin.rotate_signing_key(app.environment).await.expect("rotated");
        order.lock().expect("lock").push("rotated");
    };
    let change = async {
        let named = EnvironmentSettings { name: Some("live".to_owned()), ..EnvironmentSettings::default() };
        admin.change_environment(other, named).await.expect("changed");
        order.lock().expect("lock").push("changed");
    };
    tokio::join!(rotate(), rotate(), rotate(), rotate(), rotate(), change);
    let order = order.into_inner().expect("lock");
    assert_ne!(order.last(), Some(&"changed"), "{order:?}");
}
