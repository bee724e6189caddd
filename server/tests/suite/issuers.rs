//! Several issuers beside each other: whose key counts, and whose rules.

use super::common::{
    AUDIENCE, Answer, ISSUER, Key, NOW, TestApp, Token, key_set, pem, post, public_jwk, stranger_jwk,
};
use axum::body::Body;
use axum::http::StatusCode;
use byoa_jwt::Algorithm;
use byoa_server::exchange::environments::{
    EnvironmentError, EnvironmentSettings, IssuerSettings, KeySourceSetting,
};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

const OTHER: &str = "https://other.example";
const OTHER_JWKS: &str = "https://other.example/jwks.json";
const ELSEWHERE: Uuid = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_0000_0000_0009);

/// The other issuer as most tests trust it; its `rsa-1` is the key that is `Key::Stranger` here.
fn other() -> IssuerSettings {
    IssuerSettings {
        keys: Some(KeySourceSetting::JwksUrl(OTHER_JWKS.to_owned())),
        audiences: Some(vec![AUDIENCE.to_owned()]),
        ..IssuerSettings::default()
    }
}

fn publish_other(app: &TestApp) {
    app.issuers.publish(OTHER_JWKS, &json!({ "keys": [stranger_jwk("rsa-1")] }));
}

async fn app() -> TestApp {
    let app = TestApp::start().await;
    publish_other(&app);
    app.environments.add_issuer(app.environment, OTHER, &other()).await.expect("added");
    app
}

async fn sign_in_at(app: &TestApp, environment: Uuid, token: &Token) -> Answer {
    let path = format!("/api/v0/sdk/{environment}/externalAuth/signin");
    let body = json!({ "jwt": token.build() }).to_string();
    app.call(post(&path).body(Body::from(body)).expect("a request")).await
}

fn of(issuer: &str, key: Key) -> Token {
    Token::good().claim("iss", issuer).signed_by(key)
}

#[tokio::test]
async fn two_issuers_with_one_kid_are_never_mixed() {
    let app = app().await;
    // Twice, so that the second round meets both key sets in the cache.
    for _ in 0..2 {
        for (issuer, key, reason) in [
            (ISSUER, Key::Rs256, ""),
            (OTHER, Key::Stranger, ""),
            (ISSUER, Key::Stranger, "jwt_signature_invalid"),
            (OTHER, Key::Rs256, "jwt_signature_invalid"),
        ] {
            let answer = app.sign_in(&of(issuer, key).build()).await;
            if reason.is_empty() {
                assert_eq!(answer.status, StatusCode::OK, "{issuer}: {}", answer.text());
            } else {
                assert_eq!(answer.reason(), reason, "{issuer}");
            }
        }
    }
    assert_eq!(app.rows().await.0, 2, "one subject at two issuers is two users");
}

#[tokio::test]
async fn two_environments_with_one_issuer_or_kid_are_never_mixed() {
    // TEN-002 and ADM-008: the same `iss` and `kid`, and another key.
    let app = TestApp::start().await;
    publish_other(&app);
    let change = EnvironmentSettings { jwks_url: Some(OTHER_JWKS.to_owned()), ..Default::default() };
    app.create(ELSEWHERE, change).await;
    for _ in 0..2 {
        for (environment, key, passes) in [
            (app.environment, Key::Rs256, true),
            (ELSEWHERE, Key::Stranger, true),
            (app.environment, Key::Stranger, false),
            (ELSEWHERE, Key::Rs256, false),
        ] {
            let answer = sign_in_at(&app, environment, &of(ISSUER, key)).await;
            assert_eq!(answer.status.is_success(), passes, "{environment}: {}", answer.text());
        }
    }
    // Every name fits the other environment, but the key does not.
    app.environments.add_issuer(ELSEWHERE, OTHER, &other()).await.expect("added");
    assert_eq!(sign_in_at(&app, ELSEWHERE, &of(OTHER, Key::Rs256)).await.reason(), "jwt_signature_invalid");
}

#[tokio::test]
async fn one_issuer_with_two_audiences_serves_two_environments_apart() {
    // TEN-003.
    let app = TestApp::start().await;
    let change = EnvironmentSettings { audience: Some("elsewhere".to_owned()), ..Default::default() };
    app.create(ELSEWHERE, change).await;
    assert_eq!(sign_in_at(&app, ELSEWHERE, &Token::good()).await.reason(), "jwt_aud_mismatch");
    let meant = Token::good().claim("aud", "elsewhere");
    assert_eq!(sign_in_at(&app, ELSEWHERE, &meant).await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_key_url_forgets_the_old_keys_at_once() {
    // ADM-009.
    let app = TestApp::start().await;
    app.session().await;
    publish_other(&app);
    app.environments.set_issuer(app.environment, ISSUER, &other()).await.expect("changed");
    assert_eq!(app.sign_in(&Token::good().build()).await.reason(), "jwt_signature_invalid");
    assert_eq!(app.sign_in(&of(ISSUER, Key::Stranger).build()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_issuer_that_is_not_trusted_is_refused_and_none_is_the_default() {
    let app = app().await;
    let unnamed = Token::good().without_claim("iss").build();
    assert_eq!(app.sign_in(&unnamed).await.reason(), "jwt_iss_missing");
    for near in ["https://issuer.example/", "https://ISSUER.example", "https://other.example.", ""] {
        assert_eq!(app.sign_in(&of(near, Key::Rs256).build()).await.reason(), "jwt_iss_mismatch", "{near:?}");
    }
    app.environments.remove_issuer(app.environment, ISSUER).await.expect("removed");
    assert_eq!(app.sign_in(&Token::good().build()).await.reason(), "jwt_iss_mismatch");
    assert_eq!(app.sign_in(&of(OTHER, Key::Stranger).build()).await.status, StatusCode::OK);
    app.environments.remove_issuer(app.environment, OTHER).await.expect("removed");
    assert_eq!(app.sign_in(&of(OTHER, Key::Stranger).build()).await.reason(), "external_auth_disabled");
}

#[tokio::test]
async fn each_issuer_has_rules_of_its_own() {
    let app = app().await;
    let strict = IssuerSettings {
        audiences: Some(vec!["one".to_owned(), "two".to_owned(), "one".to_owned()]),
        algorithms: Some(vec![Algorithm::Rs256]),
        leeway_seconds: Some(0),
        max_lifetime_seconds: Some(600),
        ..IssuerSettings::default()
    };
    let changed = app.environments.set_issuer(app.environment, OTHER, &strict).await.expect("changed");
    assert_eq!(changed.issuers[1].audiences, ["one", "two"]);
    let good = of(OTHER, Key::Stranger).claim("aud", json!(["x", "two"]));
    assert_eq!(app.sign_in(&good.build()).await.status, StatusCode::OK);
    for (bent, reason) in [
        (good.clone().claim("aud", AUDIENCE), "jwt_aud_mismatch"),
        (good.clone().claim("exp", NOW), "jwt_expired"),
        (good.clone().claim("exp", NOW + 601), "jwt_lifetime_too_long"),
        (good.header("alg", "ES256"), "jwt_alg_not_allowed"),
    ] {
        assert_eq!(app.sign_in(&bent.build()).await.reason(), reason);
    }
    // The first issuer is as it was.
    let long = Token::good().claim("exp", NOW + 86_400).build();
    assert_eq!(app.sign_in(&long).await.status, StatusCode::OK);
    assert_eq!(app.sign_in(&Token::good().claim("exp", NOW).build()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn settings_that_could_not_be_meant_are_refused() {
    let app = app().await;
    let refused = |outcome: Result<_, EnvironmentError>| match outcome {
        Err(EnvironmentError::Invalid { setting, .. }) => setting,
        Err(EnvironmentError::SeveralIssuers) => "several",
        other => panic!("{other:?}"),
    };
    let (environments, id) = (&app.environments, app.environment);
    assert_eq!(refused(environments.add_issuer(id, OTHER, &other()).await), "issuer");
    let keyless = IssuerSettings::default();
    assert_eq!(refused(environments.add_issuer(id, "https://third.example", &keyless).await), "issuer");
    assert_eq!(refused(environments.set_issuer(id, "https://third.example", &other()).await), "issuer");
    assert_eq!(refused(environments.remove_issuer(id, "https://third.example").await), "issuer");
    let ours = format!("auth.example.com/{ELSEWHERE}");
    assert_eq!(refused(environments.add_issuer(id, &ours, &other()).await), "issuer");
    let private = KeySourceSetting::JwksUrl("https://10.0.0.1/jwks".to_owned());
    let private = IssuerSettings { keys: Some(private), ..other() };
    assert_eq!(refused(environments.set_issuer(id, OTHER, &private).await), "jwks-url");
    let patient = IssuerSettings { leeway_seconds: Some(301), ..IssuerSettings::default() };
    assert_eq!(refused(environments.set_issuer(id, OTHER, &patient).await), "leeway");
    let any = IssuerSettings { algorithms: Some(Vec::new()), ..IssuerSettings::default() };
    assert_eq!(refused(environments.set_issuer(id, OTHER, &any).await), "algorithm");
    // With several, a change of "the" issuer could mean either.
    let which = EnvironmentSettings { audience: Some("x".to_owned()), ..Default::default() };
    assert_eq!(refused(environments.set(id, which).await), "several");
    assert_eq!(app.sign_in(&of(OTHER, Key::Stranger).build()).await.status, StatusCode::OK);
}

fn with_keys(keys: KeySourceSetting) -> IssuerSettings {
    IssuerSettings { keys: Some(keys), ..other() }
}

#[tokio::test]
async fn keys_that_were_given_are_used_and_nothing_is_fetched() {
    // Nothing is published at the other issuer, so a fetch would fail.
    let app = TestApp::start().await;
    let set = json!({ "keys": [stranger_jwk("rsa-1")] }).to_string();
    let given = with_keys(KeySourceSetting::Jwks(set));
    app.environments.add_issuer(app.environment, OTHER, &given).await.expect("added");
    assert_eq!(app.sign_in(&of(OTHER, Key::Stranger).build()).await.status, StatusCode::OK);
    assert_eq!(app.sign_in(&of(OTHER, Key::Rs256).build()).await.reason(), "jwt_signature_invalid");
    let unknown = of(OTHER, Key::Stranger).header("kid", "rsa-9").build();
    assert_eq!(app.sign_in(&unknown).await.reason(), "jwt_kid_unknown");

    let given = with_keys(KeySourceSetting::Pem(pem()));
    app.environments.set_issuer(app.environment, OTHER, &given).await.expect("changed");
    assert_eq!(app.sign_in(&of(OTHER, Key::Stranger).build()).await.reason(), "jwt_alg_mismatch");
    let token = Token::good().claim("iss", OTHER).with_key("any", "ES256", Key::Es256);
    assert_eq!(app.sign_in(&token.build()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let app = app().await;
    let found = with_keys(KeySourceSetting::Discovery);
    app.environments.set_issuer(app.environment, OTHER, &found).await.expect("changed");
    assert_eq!(
        app.sign_in(&of(OTHER, Key::Stranger).build()).await.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "keys of the earlier source are not used"
    );
    app.clock.advance(Duration::from_mins(1));
    let document = "https://other.example/.well-known/openid-configuration";
    app.issuers.publish(document, &json!({ "issuer": OTHER, "jwks_uri": OTHER_JWKS }));
    assert_eq!(app.sign_in(&of(OTHER, Key::Stranger).build()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_could_not_be_meant_are_refused() {
    let app = app().await;
    let setting = |keys: KeySourceSetting| {
        let (environments, id) = (app.environments.clone(), app.environment);
        async move {
            match environments.set_issuer(id, OTHER, &with_keys(keys)).await {
                Err(EnvironmentError::Invalid { setting, problem }) => (setting, problem),
                other => panic!("{other:?}"),
            }
        }
    };
    for bad in [
        key_set().to_string(),
        json!({ "keys": [public_jwk("leaked", json!({ "d": "AQAB" })), stranger_jwk("good")] }).to_string(),
        json!({ "keys": [] }).to_string(),
        json!({ "keys": [public_jwk("k", json!({ "use": "enc" }))] }).to_string(),
        pem(),
    ] {
        let (setting, problem) = setting(KeySourceSetting::Jwks(bad)).await;
        assert_eq!(setting, "jwks-file");
        assert!(!problem.contains("AQAB"), "{problem}");
    }
    let private = pem().replace("PUBLIC", "PRIVATE");
    assert_eq!(setting(KeySourceSetting::Pem(private)).await.0, "pem-file");
    for issuer in ["no-url", "https://10.0.0.1", "http://other.example", "https://other.example?x"] {
        let found = with_keys(KeySourceSetting::Discovery);
        let refused = app.environments.add_issuer(app.environment, issuer, &found).await;
        assert!(matches!(refused, Err(EnvironmentError::Invalid { setting: "discovery", .. })), "{issuer}");
    }
}
