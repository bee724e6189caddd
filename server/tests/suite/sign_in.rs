//! The main job: an external JWT becomes a session, which goes on and ends.

use super::common::{AUDIENCE, ISSUER, Key, NOW, TestApp, Token, get, key_set, post};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use byoa_jwt::{KeySet, Policy, UnverifiedToken, verify};
use byoa_server::exchange::environments::EnvironmentSettings;
use byoa_server::store::SessionAlgorithm;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A compressed P-256 point: the curve's generator.
const SESSION_KEY: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

/// The claims of `token`, verified with the keys that the environment publishes.
async fn verified(app: &TestApp, token: &Value) -> Value {
    let published = app.call(get(&app.path(".well-known/jwks.json"))).await;
    let keys = KeySet::parse(&published.body).expect("a key set");
    let policy = Policy::for_issuer(format!("auth.example.com/{}", app.environment));
    let text = token.as_str().expect("a token");
    let unverified = UnverifiedToken::parse(text).expect("a token");
    assert!(keys.kids().contains(&unverified.header().key_id().expect("a kid")));
    let claims = verify(&unverified, &keys, &policy, NOW).expect("a good token");
    Value::Object(claims.members().clone())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[tokio::test]
async fn a_good_jwt_becomes_a_session() {
    let app = TestApp::start().await;
    let answer = app.sign_in(&Token::good().build()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("set-cookie"), None);
    let body = answer.json();
    assert_eq!(body["expiresAt"], json!(NOW + 300), "not later than the external JWT");
    let user = &body["user"];
    assert_eq!(user["projectEnvironmentId"], json!(app.environment.to_string()));
    assert_eq!((&user["newUser"], &user["scope"]), (&json!(true), &json!("user:basic")));
    let credential = &user["verifiedCredentials"][0];
    assert_eq!(credential["format"], "externalUser");
    assert_eq!(credential["public_identifier"], "user-1");
    assert_eq!(credential["signInEnabled"], json!(true));
    assert_eq!(user["lastVerifiedCredentialId"], credential["id"]);
    assert_eq!(user["verifiedCredentials"].as_array().map(Vec::len), Some(1));
    assert_eq!(app.rows().await, (1, 1));
}

#[tokio::test]
async fn both_tokens_carry_the_claims_of_the_contract() {
    let app = TestApp::start().await;
    let body = json!({ "jwt": Token::good().build(), "sessionPublicKey": SESSION_KEY });
    let request = post(&app.path("externalAuth/signin")).header("x-dyn-version", "ClientSDK/1.27.1");
    let body = app.call(request.body(Body::from(body.to_string())).expect("a request")).await.json();
    let user = &body["user"];
    for name in ["minifiedJwt", "jwt"] {
        let claims = verified(&app, &body[name]).await;
        assert_eq!(claims["iss"], json!(format!("auth.example.com/{}", app.environment)));
        assert_eq!(claims["aud"], "https://app.example.com");
        assert_eq!((&claims["sub"], &claims["sid"]), (&user["id"], &user["sessionId"]));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 300)));
        assert_eq!(claims["refreshExp"], json!(NOW + 30 * 24 * 3600));
        assert_eq!(claims["environment_id"], json!(app.environment.to_string()));
        assert_eq!(claims["scope"], "user:basic");
        assert_eq!(claims["session_public_key"], SESSION_KEY);
        assert_eq!(claims["sdkVersion"], "ClientSDK/1.27.1");
        assert_eq!(claims["last_verified_credential_id"], user["verifiedCredentials"][0]["id"]);
        let header = UnverifiedToken::parse(text(&body, name)).expect("a token").header().clone();
        assert_eq!((header.algorithm(), header.key_id()), ("ES256", claims["kid"].as_str()));
    }
    let fat = verified(&app, &body["jwt"]).await;
    assert_eq!((&fat["new_user"], &fat["missing_fields"]), (&json!(true), &json!([])));
    assert_eq!(fat["verified_credentials"], user["verifiedCredentials"]);
}

#[tokio::test]
async fn an_environment_may_sign_with_rs256() {
    let change =
        EnvironmentSettings { session_algorithm: Some(SessionAlgorithm::Rs256), ..Default::default() };
    let app = TestApp::with(change).await;
    let body = app.session().await;
    verified(&app, &body["minifiedJwt"]).await;
    let keys = app.call(get(&app.path(".well-known/jwks"))).await.json();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "one key, for verifiers that take the first");
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]), (&json!("RSA"), &json!("RS256")));
    assert_eq!(keys["keys"][0].get("d"), None, "never the private half");
}

#[tokio::test]
async fn a_caller_without_a_page_gets_the_servers_own_origin_as_audience() {
    let app = TestApp::start().await;
    let request =
        Request::post(app.path("externalAuth/signin")).header(header::CONTENT_TYPE, "application/json");
    let body = json!({ "jwt": Token::good().build() }).to_string();
    let answer = app.call(request.body(Body::from(body)).expect("a request")).await.json();
    assert_eq!(verified(&app, &answer["minifiedJwt"]).await["aud"], "https://auth.example.com");
}

#[tokio::test]
async fn the_same_subject_comes_back_as_the_same_user() {
    let app = TestApp::start().await;
    let first = app.session().await;
    app.clock.advance(Duration::from_secs(5));
    let second = app.sign_in(&Token::good().with_key("ed-1", "EdDSA", Key::EdDsa).build()).await.json();
    assert_eq!(first["user"]["id"], second["user"]["id"]);
    assert_ne!(first["user"]["sessionId"], second["user"]["sessionId"]);
    assert_ne!(second["user"]["newUser"], json!(true));
    assert_eq!(app.rows().await, (1, 2));
}

#[tokio::test]
async fn the_same_subject_of_another_issuer_or_environment_is_another_user() {
    let app = TestApp::start().await;
    let first = app.session().await;
    let other = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_0000_0000_0002);
    app.create(other, EnvironmentSettings::default()).await;
    let path = format!("/api/v0/sdk/{other}/externalAuth/signin");
    let body = json!({ "jwt": Token::good().build() }).to_string();
    let second = app.call(post(&path).body(Body::from(body)).expect("a request")).await.json();
    assert_ne!(first["user"]["id"], second["user"]["id"]);

    let (issuer, jwks) = ("https://second.example", "https://second.example/jwks");
    app.issuers.publish(jwks, &key_set());
    let change = EnvironmentSettings {
        issuer: Some(issuer.to_owned()),
        jwks_url: Some(jwks.to_owned()),
        ..Default::default()
    };
    app.environments.set(app.environment, change).await.expect("changed");
    let third = app.sign_in(&Token::good().claim("iss", issuer).build()).await.json();
    assert_ne!(first["user"]["id"], third["user"]["id"]);
    let old = app.sign_in(&Token::good().claim("iss", ISSUER).build()).await;
    assert_eq!(old.reason(), "jwt_iss_mismatch", "the earlier issuer is trusted no longer");
}

#[tokio::test]
async fn a_session_of_one_environment_opens_nothing_in_another() {
    let app = TestApp::start().await;
    let token = text(&app.session().await, "minifiedJwt").to_owned();
    let other = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_0000_0000_0003);
    app.create(other, EnvironmentSettings::default()).await;
    let request = Request::get(format!("/api/v0/sdk/{other}/session"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    assert_eq!(app.call(request.expect("a request")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.with_bearer(Method::GET, "session", &token).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_email_is_a_credential_only_where_the_issuer_vouches_for_it() {
    for (assume, claims, verified) in [
        (false, json!({ "emailVerified": true }), true),
        (false, json!({ "email_verified": true }), true),
        (false, json!({}), false),
        (false, json!({ "emailVerified": false }), false),
        (false, json!({ "emailVerified": "true" }), false),
        (true, json!({}), true),
        (true, json!({ "emailVerified": false }), false),
        (true, json!({ "email_verified": false }), false),
    ] {
        let app =
            TestApp::with(EnvironmentSettings { assume_email_verified: Some(assume), ..Default::default() })
                .await;
        let mut token = Token::good().claim("email", "a@example.com");
        for (name, value) in claims.as_object().expect("an object") {
            token = token.claim(name, value.clone());
        }
        let user = app.sign_in(&token.build()).await.json()["user"].clone();
        let credentials = user["verifiedCredentials"].as_array().expect("a list");
        let email = credentials.iter().find(|credential| credential["format"] == "email");
        assert_eq!(email.is_some(), verified, "assume {assume}, {claims}: {user}");
        assert!(email.is_none_or(|email| email["email"] == "a@example.com"), "{user}");
    }
}

#[tokio::test]
async fn an_email_never_merges_two_subjects() {
    let app = TestApp::start().await;
    let with_email = |subject: &str| {
        let token = Token::good().claim("sub", subject);
        token.claim("email", "a@example.com").claim("emailVerified", true).build()
    };
    let first = app.sign_in(&with_email("one")).await.json();
    let second = app.sign_in(&with_email("two")).await.json();
    assert_ne!(first["user"]["id"], second["user"]["id"]);
}

#[tokio::test]
async fn refresh_gives_the_next_token_of_the_same_session() {
    let app = TestApp::start().await;
    let first = app.session().await;
    app.clock.advance(Duration::from_mins(1));
    let answer = app.with_bearer(Method::POST, "refresh", text(&first, "minifiedJwt")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let second = answer.json();
    assert_eq!(first["user"]["sessionId"], second["user"]["sessionId"]);
    assert_ne!(first["minifiedJwt"], second["minifiedJwt"]);
    assert!(second["expiresAt"].as_i64() > first["expiresAt"].as_i64());
    let alive = app.with_bearer(Method::GET, "session", text(&second, "minifiedJwt")).await;
    assert_eq!((alive.status, alive.body.len()), (StatusCode::NO_CONTENT, 0));
}

/// RFR-003.
#[tokio::test]
async fn refreshes_at_once_have_one_successor() {
    let app = TestApp::start().await;
    let first = app.session().await;
    let token = text(&first, "minifiedJwt");
    let answers =
        futures_util::future::join_all((0..20).map(|_| app.with_bearer(Method::POST, "refresh", token)))
            .await;
    let mut ids = std::collections::HashSet::new();
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        ids.insert(verified(&app, &answer.json()["minifiedJwt"]).await["jti"].to_string());
    }
    assert_eq!(ids.len(), 1, "one successor");
    for answer in answers {
        let alive = app.with_bearer(Method::GET, "session", text(&answer.json(), "minifiedJwt")).await;
        assert_eq!(alive.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(app.with_bearer(Method::GET, "session", token).await.status, StatusCode::UNAUTHORIZED);
}

/// RFR-002.
#[tokio::test]
async fn a_stolen_token_that_is_refreshed_late_ends_the_session() {
    let app = TestApp::start().await;
    let first = app.session().await;
    let second = app.with_bearer(Method::POST, "refresh", text(&first, "minifiedJwt")).await.json();
    app.clock.advance(Duration::from_secs(31));
    for token in [text(&first, "minifiedJwt"), text(&second, "minifiedJwt")] {
        let refused = app.with_bearer(Method::POST, "refresh", token).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "unauthorized"));
    }
    let dead = app.with_bearer(Method::GET, "session", text(&second, "minifiedJwt")).await;
    assert_eq!(dead.status, StatusCode::UNAUTHORIZED);
}

/// RFR-002, of a token that had ended when it was stolen.
#[tokio::test]
async fn a_stolen_token_that_is_refreshed_past_its_end_ends_the_session_when_its_owner_is_back() {
    let app = TestApp::start().await;
    let owners = text(&app.session().await, "minifiedJwt").to_owned();
    app.clock.advance(Duration::from_hours(1));
    let stolen = app.with_bearer(Method::POST, "refresh", &owners).await.json();
    let in_grace = app.with_bearer(Method::POST, "refresh", &owners).await;
    assert_eq!(in_grace.status, StatusCode::OK, "{}", in_grace.text());
    assert_eq!(in_grace.json()["expiresAt"], stolen["expiresAt"], "the same successor");
    app.clock.advance(Duration::from_secs(31));
    for token in [&owners, text(&stolen, "minifiedJwt")] {
        let refused = app.with_bearer(Method::POST, "refresh", token).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "unauthorized"));
    }
    let dead = app.with_bearer(Method::GET, "session", text(&stolen, "minifiedJwt")).await;
    assert_eq!(dead.status, StatusCode::UNAUTHORIZED);
}

/// RFR-004, RFR-005, RFR-007, RFR-008.
#[tokio::test]
async fn only_a_whole_token_of_this_environment_in_the_header_is_refreshed() {
    let app = TestApp::start().await;
    let session = app.session().await;
    let good = text(&session, "minifiedJwt");
    let other = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_0000_0000_0004);
    app.create(other, EnvironmentSettings::default()).await;
    let (claims, signature) = good.rsplit_once('.').expect("three parts");
    let other_digit = if signature.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{claims}.{other_digit}{}", &signature[1..]);
    let huge = "x".repeat(1024 * 1024);
    for bad in [changed.as_str(), &good[..good.len() - 9], claims, &huge, "' OR 1=1 --", "a.b.c"] {
        let refused = app.with_bearer(Method::POST, "refresh", bad).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", &bad[..bad.len().min(40)]);
    }
    let elsewhere = Request::post(format!("/api/v0/sdk/{other}/refresh"))
        .header(header::AUTHORIZATION, format!("Bearer {good}"))
        .body(Body::empty());
    assert_eq!(app.call(elsewhere.expect("a request")).await.status, StatusCode::UNAUTHORIZED);
    let in_query = Request::post(app.path(&format!("refresh?refreshToken={good}&access_token={good}")));
    let in_query = in_query.body(Body::empty()).expect("a request");
    assert_eq!(app.call(in_query).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.with_bearer(Method::GET, "session", good).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.with_bearer(Method::POST, "revoke", good).await.status, StatusCode::NO_CONTENT);
    let after = app.with_bearer(Method::POST, "refresh", good).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED, "after signing out");
}

#[tokio::test]
async fn a_session_token_ends_to_the_second() {
    let app = TestApp::start().await;
    let token = text(&app.session().await, "minifiedJwt").to_owned();
    app.clock.advance(Duration::from_secs(299));
    assert_eq!(app.with_bearer(Method::GET, "session", &token).await.status, StatusCode::NO_CONTENT);
    app.clock.advance(Duration::from_secs(1));
    let operations = [(Method::GET, "session"), (Method::GET, "users"), (Method::DELETE, "users")];
    for (method, operation) in operations {
        let answer = app.with_bearer(method, operation, &token).await;
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (StatusCode::UNAUTHORIZED, "unauthorized".to_owned()), "{operation}");
    }
    let next = app.with_bearer(Method::POST, "refresh", &token).await;
    assert_eq!(next.status, StatusCode::OK, "{}", next.text());
    assert_eq!(app.with_bearer(Method::GET, "session", &token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_is_refreshed_past_the_hard_end() {
    let app = TestApp::start().await;
    let mut session = app.session().await;
    let hard_end = NOW + 30 * 24 * 3600;
    loop {
        let expires_at = session["expiresAt"].as_i64().expect("a time");
        assert!(expires_at <= hard_end);
        app.clock.set(byoa_server::clock::UnixMillis::from_seconds(expires_at - 1));
        let answer = app.with_bearer(Method::POST, "refresh", text(&session, "minifiedJwt")).await;
        session = answer.json();
        if expires_at == hard_end {
            assert!(answer.status == StatusCode::UNAUTHORIZED || session["expiresAt"] == json!(hard_end));
            break;
        }
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
}

#[tokio::test]
async fn revoke_ends_the_session_and_never_complains() {
    let app = TestApp::start().await;
    let token = text(&app.session().await, "minifiedJwt").to_owned();
    let other = text(&app.session().await, "minifiedJwt").to_owned();
    for _ in 0..2 {
        assert_eq!(app.with_bearer(Method::POST, "revoke", &token).await.status, StatusCode::NO_CONTENT);
    }
    for (method, operation) in [(Method::GET, "session"), (Method::GET, "users"), (Method::POST, "refresh")] {
        assert_eq!(
            app.with_bearer(method, operation, &token).await.status,
            StatusCode::UNAUTHORIZED,
            "{operation}"
        );
    }
    assert_eq!(app.with_bearer(Method::GET, "session", &other).await.status, StatusCode::NO_CONTENT);
    for nothing in ["", "x", "a.b.c", &Token::good().build()] {
        assert_eq!(app.with_bearer(Method::POST, "revoke", nothing).await.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn an_expired_token_still_ends_its_session() {
    let app = TestApp::start().await;
    let first = app.session().await;
    app.clock.advance(Duration::from_secs(200));
    let second = app.with_bearer(Method::POST, "refresh", text(&first, "minifiedJwt")).await.json();
    app.clock.advance(Duration::from_secs(200));
    assert_eq!(app.with_bearer(Method::POST, "revoke", text(&first, "minifiedJwt")).await.status, 204);
    let after = app.with_bearer(Method::GET, "session", text(&second, "minifiedJwt")).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_key_comes_from_the_body_or_else_the_header() {
    let app = TestApp::start().await;
    let sign_in = async |in_body: Option<&str>, in_header: Option<&str>| {
        let mut body = json!({ "jwt": Token::good().build() });
        if let Some(key) = in_body {
            body["sessionPublicKey"] = json!(key);
        }
        let mut request = post(&app.path("externalAuth/signin"));
        if let Some(key) = in_header {
            request = request.header("x-dyn-session-public-key", key);
        }
        app.call(request.body(Body::from(body.to_string())).expect("a request")).await
    };
    for (in_body, in_header) in
        [(Some(SESSION_KEY), None), (None, Some(SESSION_KEY)), (Some(SESSION_KEY), Some("junk"))]
    {
        let answer = sign_in(in_body, in_header).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(verified(&app, &answer.json()["minifiedJwt"]).await["session_public_key"], SESSION_KEY);
    }
    let not_on_curve = format!("02{}", "f".repeat(64));
    for bad in ["junk", &SESSION_KEY.to_uppercase(), &SESSION_KEY[2..], &not_on_curve] {
        for answer in [sign_in(Some(bad), None).await, sign_in(None, Some(bad)).await] {
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                (422, "invalid_session_public_key"),
                "{bad}"
            );
        }
    }
}

#[tokio::test]
async fn a_device_proof_is_checked_where_it_is_sent_and_good_once() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    let app = TestApp::start().await;
    let device = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let point = device.public_key().as_ref();
    let public_key = format!("{}{}", if point[64] & 1 == 0 { "02" } else { "03" }, hex(&point[1..33]));
    let sign_in = async |nonce: &str, signed: &str| {
        let signature =
            device.sign(&aws_lc_rs::rand::SystemRandom::new(), signed.as_bytes()).expect("a signature");
        let request = post(&app.path("externalAuth/signin"))
            .header("x-dynamic-device-nonce", nonce)
            .header("x-dynamic-device-publickey", &public_key)
            .header("x-dynamic-device-signed-nonce", hex(signature.as_ref()));
        let body = json!({ "jwt": Token::good().build() }).to_string();
        app.call(request.body(Body::from(body)).expect("a request")).await
    };
    let nonce = async || text(&app.call(get(&app.path("nonce"))).await.json(), "nonce").to_owned();

    let first = nonce().await;
    assert_eq!(sign_in(&first, &first).await.status, StatusCode::OK);
    assert_eq!(sign_in(&first, &first).await.code(), "invalid_device_nonce", "used");
    assert_eq!(sign_in(&nonce().await, "something else").await.code(), "invalid_device_nonce", "signature");
    assert_eq!(sign_in("made-up", "made-up").await.code(), "invalid_device_nonce", "not ours");
    let late = nonce().await;
    app.clock.advance(Duration::from_hours(24) + Duration::from_secs(1));
    let token_of_today = Token::good().claim("iat", NOW).claim("exp", NOW + 200_000).build();
    let request = post(&app.path("externalAuth/signin"))
        .header("x-dynamic-device-nonce", &late)
        .header("x-dynamic-device-publickey", &public_key)
        .header("x-dynamic-device-signed-nonce", "00".repeat(64))
        .body(Body::from(json!({ "jwt": token_of_today }).to_string()));
    assert_eq!(app.call(request.expect("a request")).await.code(), "invalid_device_nonce", "old");
}

mod by_cookie {
    use super::*;

    async fn app() -> TestApp {
        TestApp::with(EnvironmentSettings { cookie_name: Some("app_jwt".to_owned()), ..Default::default() })
            .await
    }

    fn request(app: &TestApp, origin: Option<&str>, cookie: &str, body: &Value) -> Request<Body> {
        let mut request = Request::post(app.path("externalAuth/signin"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookie);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.body(Body::from(body.to_string())).expect("a request")
    }

    const PAGE: Option<&str> = Some("https://app.example.com");

    #[tokio::test]
    async fn the_environments_cookie_carries_the_jwt() {
        let app = app().await;
        let cookie = format!("other=1; app_jwt={}", Token::good().build());
        let answer = app.call(request(&app, PAGE, &cookie, &json!({}))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    #[tokio::test]
    async fn a_jwt_in_the_body_counts_before_the_cookie() {
        let app = app().await;
        let cookie = format!("app_jwt={}", Token::good().build());
        let answer = app.call(request(&app, PAGE, &cookie, &json!({ "jwt": "bad" }))).await;
        assert_eq!(answer.reason(), "jwt_malformed");
    }

    #[tokio::test]
    async fn a_cookie_needs_a_page_that_is_allowed() {
        let app = app().await;
        let cookie = format!("app_jwt={}", Token::good().build());
        for origin in [None, Some("https://evil.example"), Some("null")] {
            let answer = app.call(request(&app, origin, &cookie, &json!({}))).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "forbidden"), "{origin:?}");
        }
        assert_eq!(app.rows().await, (0, 0));
    }

    #[tokio::test]
    async fn no_other_cookie_is_read() {
        let app = app().await;
        let token = Token::good().build();
        for cookie in [format!("jwt={token}"), format!("APP_JWT={token}"), format!("app_jwt=; x={token}")] {
            assert_eq!(app.call(request(&app, PAGE, &cookie, &json!({}))).await.reason(), "jwt_missing");
        }
        let plain = TestApp::start().await;
        let cookie = format!("app_jwt={token}");
        let answer = plain.call(request(&plain, PAGE, &cookie, &json!({}))).await;
        assert_eq!(answer.reason(), "jwt_missing", "an environment without a cookie name reads none");
    }
}

#[tokio::test]
async fn settings_tell_what_clients_need() {
    let app = TestApp::start().await;
    let settings = app.call(get(&app.path("settings?sdkVersion=ClientSDK%2F1.27.1"))).await.json();
    assert_eq!((&settings["chains"], &settings["kyc"]), (&json!([]), &json!([])));
    let external = &settings["security"]["externalAuth"];
    assert_eq!(external["enabled"], json!(true));
    assert_eq!((external["iss"].as_str(), external["aud"].as_str()), (Some(ISSUER), Some(AUDIENCE)));
}

#[tokio::test]
async fn many_at_once_of_one_subject_make_one_user() {
    let app = TestApp::start().await;
    let token = Token::good().build();
    let answers = futures_util::future::join_all((0..32).map(|_| app.sign_in(&token))).await;
    let users: std::collections::HashSet<_> =
        answers.iter().map(|answer| answer.json()["user"]["id"].to_string()).collect();
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!((users.len(), app.rows().await), (1, (1, 32)));
}

#[tokio::test]
async fn whoever_prefers_little_gets_no_identity_token() {
    let app = TestApp::start().await;
    let body = || Body::from(serde_json::json!({ "jwt": Token::good().build() }).to_string());
    let sign_in = super::common::post(&app.path("externalAuth/signin")).header("prefer", "return=minimal");
    let answer = app.call(sign_in.body(body()).expect("a request")).await.json();
    assert_eq!(answer.get("jwt"), None);
    let token = text(&answer, "minifiedJwt").to_owned();
    let refresh = |prefer: &str| {
        Request::post(app.path("refresh"))
            .header("authorization", format!("Bearer {token}"))
            .header("prefer", prefer)
            .body(Body::empty())
            .expect("a request")
    };
    assert_eq!(app.call(refresh("return=minimal")).await.json().get("jwt"), None);
    assert!(app.call(refresh("return=representation")).await.json()["jwt"].is_string());
}
