//! Attacks on who somebody is: subjects, e-mail addresses, claims of authority, tenants.

use super::common::{AUDIENCE, ISSUER, JWKS_URL, NOW, PUBLIC_URL, TestApp, Token};
use axum::http::{Method, StatusCode};
use byoa_server::exchange::environments::EnvironmentSettings;
use byoa_server::store::ReplayPolicy;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const OTHER: Uuid = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_0000_0000_0042);

fn payload(token: &Value) -> Value {
    let part = token.as_str().and_then(|token| token.split('.').nth(1)).expect("a payload");
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")).expect("JSON")
}

/// The user's id, where the token is taken.
async fn user(app: &TestApp, token: &Token) -> Option<String> {
    let answer = app.sign_in(&token.build()).await;
    if answer.status == StatusCode::OK {
        return answer.json()["user"]["id"].as_str().map(str::to_owned);
    }
    assert!(answer.status.is_client_error(), "{}", answer.text());
    None
}

/// IDN-001, IDN-007, IDN-008, IDN-010, IDN-011.
#[tokio::test]
async fn subjects_that_look_alike_are_different_people() {
    let app = TestApp::start().await;
    for (id, one, two) in [
        ("IDN-001", "Alice@example.com", "alice@example.com"),
        ("IDN-007", "alice@a.example", "alice@a.example\0x"),
        ("IDN-007", "alice@a.example", "alice@a.example\0"),
        ("IDN-008", "alice@b.example", "\u{ff41}lice@b.example"),
        ("IDN-010", "K@i", "\u{212a}@i"),
        ("IDN-010", "k@i", "k@\u{131}"),
        ("IDN-010", "kelvin", "\u{212a}elvin"),
        ("IDN-010", "stra\u{df}e", "strasse"),
        ("IDN-010", "e\u{301}", "\u{e9}"),
    ] {
        let (one, two) = (Token::good().claim("sub", one), Token::good().claim("sub", two));
        let first = user(&app, &one).await.expect(id);
        assert_ne!(user(&app, &two).await, Some(first.clone()), "{id}");
        assert_eq!(user(&app, &one).await, Some(first), "IDN-011");
    }
}

/// EML-001, EML-002, EML-004, EML-005, EML-007, EML-009: an address finds nobody.
#[tokio::test]
async fn an_address_takes_over_nobody() {
    for assume in [false, true] {
        let change = EnvironmentSettings { assume_email_verified: Some(assume), ..Default::default() };
        let app = TestApp::with(change).await;
        let with = |subject: &str, email: &str| Token::good().claim("sub", subject).claim("email", email);
        let mail = "ada@example.com";
        let owner = with("owner", mail).claim("emailVerified", true);
        let owner_id = user(&app, &owner).await.expect("the owner");
        for (id, thief) in [
            ("EML-001", with("t1", mail).claim("emailVerified", false)),
            ("EML-001", with("t1b", mail).claim("email_verified", false)),
            ("EML-002", with("t2", mail)),
            ("EML-004", with("t4", mail).claim("email_verified", 1)),
            ("EML-004", with("t4b", mail).claim("email_verified", "yes")),
            ("EML-004", with("t4c", mail).claim("emailVerified", json!([true]))),
            ("EML-005", with("t5", "ADA@Example.com").claim("emailVerified", false)),
            ("EML-007", with("t7", "ada@example.com\0").claim("emailVerified", true)),
            ("EML-007", with("t7b", "ada@example.com ").claim("emailVerified", true)),
            ("EML-009", with("t9", mail).claim("emailVerified", true)),
        ] {
            let thief_id = user(&app, &thief).await;
            assert_ne!(thief_id, Some(owner_id.clone()), "{id}");
        }
        let again = app.sign_in(&owner.build()).await.json()["user"].clone();
        assert_eq!(again["id"], json!(owner_id));
        let credentials = again["verifiedCredentials"].as_array().expect("a list");
        let subjects: Vec<_> = credentials
            .iter()
            .filter(|one| one["format"] == "externalUser")
            .map(|one| &one["public_identifier"])
            .collect();
        assert_eq!(subjects, [&json!("owner")], "nobody was joined");
    }
}

/// PRV-002, and STP-013 and PRV-001 with it.
#[tokio::test]
async fn authority_in_the_external_jwt_does_not_reach_the_session() {
    let app = TestApp::start().await;
    let token = Token::good()
        .claim("scope", "user:admin user:update")
        .claim("roles", json!(["admin"]))
        .claim("elevated", true)
        .claim("singleUse", false)
        .claim("cnf", json!({ "jkt": "thief" }))
        .claim("sid", "00000000-0000-0000-0000-000000000000")
        .claim("environment_id", OTHER.to_string())
        .claim("session_public_key", "thief")
        .claim("refreshExp", 9_999_999_999_i64)
        .claim("verified_credentials", json!([{ "format": "email", "email": "boss@example.com" }]))
        .claim("kid", "thief");
    let body = app.sign_in(&token.build()).await.json();
    for name in ["minifiedJwt", "jwt"] {
        let claims = payload(&body[name]);
        assert_eq!((&claims["scope"], &claims["sid"]), (&json!("user:basic"), &body["user"]["sessionId"]));
        assert_eq!(claims["environment_id"], json!(app.environment.to_string()));
        assert_ne!(claims["refreshExp"], json!(9_999_999_999_i64));
        for absent in ["roles", "elevated", "singleUse", "cnf", "session_public_key"] {
            assert_eq!(claims.get(absent), None, "{name}: {claims}");
        }
        assert!(!claims.to_string().contains("thief") && !claims.to_string().contains("boss"), "{claims}");
    }
}

/// TEN-003, IDN-013.
#[tokio::test]
async fn tenants_of_one_issuer_are_told_apart_by_audience_and_have_their_own_users() {
    let app = TestApp::start().await;
    app.create(OTHER, EnvironmentSettings { audience: Some("b-aud".to_owned()), ..Default::default() }).await;
    let refused = app.sign_in_at(OTHER, &Token::good().build()).await;
    assert_eq!((refused.status.as_u16(), refused.reason().as_str()), (422, "jwt_aud_mismatch"));
    assert_eq!(app.rows().await, (0, 0));
    let both = Token::good().claim("aud", json!([AUDIENCE, "b-aud"])).build();
    let (one, two) = (app.sign_in(&both).await.json(), app.sign_in_at(OTHER, &both).await.json());
    assert!(one["user"]["id"].is_string() && two["user"]["id"].is_string());
    assert_ne!(one["user"]["id"], two["user"]["id"]);
}

/// TEN-007.
#[tokio::test]
async fn an_environment_cannot_trust_our_own_sessions() {
    let app = TestApp::start().await;
    let own_issuer = format!("auth.example.com/{}", app.environment);
    let own_keys = format!("{PUBLIC_URL}{}", app.path(".well-known/jwks.json"));
    for (issuer, keys) in [(own_issuer.as_str(), JWKS_URL), (ISSUER, own_keys.as_str())] {
        let change = EnvironmentSettings {
            issuer: Some(issuer.to_owned()),
            jwks_url: Some(keys.to_owned()),
            ..Default::default()
        };
        assert!(app.environments.create(OTHER, change.clone()).await.is_err(), "{issuer} {keys}");
        assert!(app.environments.set(app.environment, change).await.is_err(), "{issuer} {keys}");
    }
    let session = app.session().await;
    for name in ["minifiedJwt", "jwt"] {
        let answer = app.sign_in(session[name].as_str().expect("a token")).await;
        assert_eq!(answer.reason(), "jwt_iss_mismatch");
    }
    assert_eq!(app.rows().await, (1, 1));
}

/// RPL-002: where a JWT counts once, the issuer answers for its `jti`.
#[tokio::test]
async fn a_token_id_of_another_subject_is_used_up_where_a_jwt_counts_once() {
    for (replay, expected) in [(ReplayPolicy::Off, 200), (ReplayPolicy::Once, 422)] {
        let app = TestApp::with(EnvironmentSettings { replay: Some(replay), ..Default::default() }).await;
        let token = Token::good().claim("jti", "one");
        assert_eq!(app.sign_in(&token.build()).await.status, StatusCode::OK);
        let second = app.sign_in(&token.claim("sub", "user-2").build()).await;
        assert_eq!(second.status.as_u16(), expected, "{}", second.text());
        assert_eq!(app.rows().await.0, if expected == 200 { 2 } else { 1 });
    }
}

/// SES-011: sessions outlive the settings that opened them, until they end or are ended.
#[tokio::test]
async fn sessions_outlive_the_settings_that_opened_them() {
    let app = TestApp::start().await;
    let session = app.session().await;
    let change = EnvironmentSettings {
        issuer: Some("https://another.example".to_owned()),
        jwks_url: Some("https://another.example/jwks".to_owned()),
        ..Default::default()
    };
    app.environments.set(app.environment, change).await.expect("changed");
    assert!(app.sign_in(&Token::good().build()).await.status.is_client_error());
    let bearer = session["minifiedJwt"].as_str().expect("a token");
    assert_eq!(app.with_bearer(Method::GET, "session", bearer).await.status, StatusCode::NO_CONTENT);
}

/// ADM-014.
#[tokio::test]
async fn a_user_deleted_during_a_sign_in_has_no_session_left() {
    let app = TestApp::start().await;
    let token = Token::good().claim("exp", NOW + 3_600).build();
    for round in 0..50 {
        let first = app.sign_in(&token).await.json();
        let bearer = first["minifiedJwt"].as_str().expect("a token").to_owned();
        let (deleted, second) =
            tokio::join!(app.with_bearer(Method::DELETE, "users", &bearer), app.sign_in(&token));
        assert!(!deleted.status.is_server_error(), "{round}: {}", deleted.text());
        assert!(!second.status.is_server_error(), "{round}: {}", second.text());
        let second = second.json();
        let alive = match second["minifiedJwt"].as_str() {
            Some(token) => app.with_bearer(Method::GET, "users", token).await.status,
            None => StatusCode::UNAUTHORIZED,
        };
        let kept = second["user"]["id"] != first["user"]["id"];
        let expected = if kept { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(alive, expected, "{round}");
        app.clock.advance(Duration::from_secs(1));
    }
}
