//! Attacks on a session, on its end, on the cookie that opens it and on what we publish about it.

use super::common::{Key, NOW, TestApp, Token, get};
use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use byoa_jwt::{KeySet, Policy, UnverifiedToken, verify};
use byoa_server::exchange::environments::EnvironmentSettings;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("three parts");
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")).expect("JSON")
}

fn bearer(session: &Value) -> &str {
    session["minifiedJwt"].as_str().expect("a token")
}

async fn assert_dead(app: &TestApp, id: &str, token: &str) {
    assert_refused(
        app,
        id,
        token,
        &[(Method::GET, "session"), (Method::GET, "users"), (Method::POST, "refresh")],
    )
    .await;
}

async fn assert_refused(app: &TestApp, id: &str, token: &str, operations: &[(Method, &str)]) {
    for (method, operation) in operations.iter().cloned() {
        let answer = app.with_bearer(method, operation, token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{id} {operation}: {}", answer.text());
        assert!(!answer.text().contains("eyJ"), "{id}");
    }
}

/// SES-002, SES-003, SES-004, SES-006, SES-007, PUB-001.
#[tokio::test]
async fn a_session_token_is_ours_or_nothing() {
    let app = TestApp::start().await;
    let session = app.session().await;
    let good = bearer(&session);
    let claims = good.split('.').nth(1).expect("claims");
    let published = app.call(get(&app.path(".well-known/jwks.json"))).await;
    let key = published.json()["keys"][0].clone();
    for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
        assert_eq!(key.get(private), None, "PUB-001");
    }
    let kid = key["kid"].clone();

    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = json!({ "alg": alg, "kid": kid, "typ": "JWT" }).to_string();
        assert_dead(&app, "SES-002", &format!("{}.{claims}.", encode(header))).await;
    }
    let x = BASE64URL_NOPAD.decode(key["x"].as_str().expect("x").as_bytes()).expect("base64url");
    let y = BASE64URL_NOPAD.decode(key["y"].as_str().expect("y").as_bytes()).expect("base64url");
    for secret in [key.to_string().into_bytes(), published.body.clone(), [&[4][..], &x, &y].concat(), x, y] {
        let header = json!({ "alg": "HS256", "kid": kid, "typ": "JWT" }).to_string();
        let signed = format!("{}.{claims}", encode(header));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        assert_dead(&app, "SES-002", &format!("{signed}.{}", encode(tag))).await;
    }

    let asked = app.issuers.asked().len();
    let forged = Token::good().with_key(kid.as_str().expect("a kid"), "ES256", Key::Es256);
    let forged = forged.raw_claims(BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url"));
    let own = super::common::key_set()["keys"][2].clone();
    for token in [
        forged.clone(),
        forged.clone().header("jwk", own),
        forged.clone().header("jku", "https://issuer.example/jwks.json"),
        forged.clone().header("x5u", "https://issuer.example/jwks.json"),
        forged.header("kid", "ec-1"),
    ] {
        assert_dead(&app, "SES-003", &token.build()).await;
    }
    assert_eq!(app.issuers.asked().len(), asked, "nothing is fetched for a session token");

    assert_dead(&app, "SES-004", &Token::good().build()).await;
    assert_eq!(app.with_bearer(Method::GET, "session", good).await.status, StatusCode::NO_CONTENT);
    let next = app.with_bearer(Method::POST, "refresh", good).await.json();
    let stale = app.with_bearer(Method::GET, "users", good).await;
    assert_eq!(stale.status, StatusCode::UNAUTHORIZED, "SES-006: what refreshed opens nothing any more");
    app.clock.set(byoa_server::clock::UnixMillis::from_seconds(next["expiresAt"].as_i64().expect("a time")));
    // The newest token of a live session still refreshes it: docs/SECURITY.md.
    let others = [(Method::GET, "session"), (Method::GET, "users"), (Method::DELETE, "users")];
    assert_refused(&app, "SES-007", bearer(&next), &others).await;
    app.clock.advance(Duration::from_hours(30 * 24));
    assert_dead(&app, "SES-007", bearer(&next)).await;
}

/// SES-008, SES-009: what a caller brings along is neither kept nor joined.
#[tokio::test]
async fn a_sign_in_takes_nothing_over_from_the_caller() {
    let app = TestApp::start().await;
    let of_a = app.session().await;
    let chosen = "00000000-0000-4000-8000-000000000000";
    let sign_in = async |authorization: Option<&str>| {
        let mut request = Request::post(app.path("externalAuth/signin"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, super::common::ORIGIN)
            .header(header::COOKIE, format!("DYNAMIC_JWT_TOKEN={}; sid={chosen}", bearer(&of_a)))
            .header("x-dyn-session-id", chosen);
        if let Some(token) = authorization {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body =
            json!({ "jwt": Token::good().claim("sub", "b").build(), "sid": chosen, "sessionId": chosen });
        app.call(request.body(Body::from(body.to_string())).expect("a request")).await
    };
    for authorization in [None, Some(bearer(&of_a))] {
        let answer = sign_in(authorization).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::OK, None));
        let of_b = answer.json();
        assert_ne!(of_b["user"]["id"], of_a["user"]["id"], "SES-009");
        assert_ne!(of_b["user"]["sessionId"], of_a["user"]["sessionId"], "SES-009");
        assert!(!answer.text().contains(chosen), "SES-008");
        assert_eq!(part(bearer(&of_b), 1)["sub"], of_b["user"]["id"]);
    }
    let still = app.with_bearer(Method::GET, "users", bearer(&of_a)).await.json();
    assert_eq!(still["id"], of_a["user"]["id"]);
    assert_eq!(still["verifiedCredentials"].as_array().map(Vec::len), Some(1));
}

/// SES-012: ids are random, and no id opens anything: the token's signature has 256 bits more.
#[tokio::test]
async fn session_ids_are_random_and_never_twice() {
    let app = TestApp::start().await;
    let (mut ids, mut bits) = (HashSet::new(), [0_usize; 128]);
    for _ in 0..1_000 {
        let session = byoa_server::ids::unguessable();
        assert_eq!(session.get_version_num(), 4);
        for (bit, count) in bits.iter_mut().enumerate() {
            *count += usize::from(session.as_u128() >> bit & 1 == 1);
        }
        assert!(ids.insert(session.to_string()));
    }
    assert!(bits.iter().filter(|count| (350..=650).contains(*count)).count() >= 122, "{bits:?}");
    let sessions = futures_util::future::join_all((0..50).map(|_| app.session())).await;
    for session in sessions {
        let claims = part(bearer(&session), 1);
        for id in ["sid", "jti"] {
            let id: uuid::Uuid = claims[id].as_str().expect("an id").parse().expect("a UUID");
            assert_eq!(id.get_version_num(), 4);
            assert!(ids.insert(id.to_string()), "SES-012");
        }
        assert_eq!(bearer(&session).rsplit('.').next().map(str::len), Some(86));
    }
}

/// PUB-002.
#[tokio::test]
async fn both_tokens_verify_with_the_published_keys() {
    let app = TestApp::start().await;
    let session = app.session().await;
    let published = app.call(get(&app.path(".well-known/jwks"))).await;
    let keys = KeySet::parse(&published.body).expect("a key set");
    let policy = Policy::for_issuer(format!("auth.example.com/{}", app.environment));
    for name in ["minifiedJwt", "jwt"] {
        let token = UnverifiedToken::parse(session[name].as_str().expect("a token")).expect("a token");
        assert!(["ES256", "RS256"].contains(&token.header().algorithm()));
        let claims = verify(&token, &keys, &policy, NOW).expect("a good token");
        for claim in ["exp", "iat", "iss", "sub", "aud"] {
            assert!(claims.get(claim).is_some(), "{name} has no {claim}");
        }
    }
}

/// LGO-002, LGO-003, SES-015.
#[tokio::test]
async fn a_session_is_ended_by_its_token_and_by_nothing_else() {
    let app = TestApp::start().await;
    let (one, two) = (app.session().await, app.session().await);
    let get_it = app.with_bearer(Method::GET, "revoke", bearer(&one)).await;
    assert_eq!(get_it.status, StatusCode::METHOD_NOT_ALLOWED, "LGO-003");
    let cookie = format!("DYNAMIC_JWT_TOKEN={}", bearer(&one));
    for content_type in ["application/x-www-form-urlencoded", "text/plain"] {
        let form = Request::post(app.path("revoke"))
            .header(header::ORIGIN, "https://evil.example")
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from("a=b"));
        app.call(form.expect("a request")).await;
    }
    let named = Request::post(
        app.path(&format!("revoke?sessionId={}", one["user"]["sessionId"].as_str().expect("an id"))),
    )
    .header(header::AUTHORIZATION, format!("Bearer {}", bearer(&two)))
    .header(header::CONTENT_TYPE, "application/json")
    .body(Body::from(json!({ "sessionId": one["user"]["sessionId"] }).to_string()));
    assert_eq!(app.call(named.expect("a request")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.with_bearer(Method::GET, "session", bearer(&two)).await.status, StatusCode::UNAUTHORIZED);
    let alive = app.with_bearer(Method::GET, "session", bearer(&one)).await;
    assert_eq!(alive.status, StatusCode::NO_CONTENT, "LGO-003, SES-015");
    app.clock.advance(Duration::from_hours(1));
    for _ in 0..3 {
        let ended = app.with_bearer(Method::POST, "revoke", bearer(&one)).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT, "LGO-002: expired, and again");
    }
}

/// CKE-009: a cookie's value is the token, at most in quotes; nothing is decoded.
#[tokio::test]
async fn a_cookie_is_the_token_or_nothing() {
    let change = EnvironmentSettings { cookie_name: Some("app_jwt".to_owned()), ..Default::default() };
    let app = TestApp::with(change).await;
    let token = Token::good().build();
    for (value, expected) in [
        (token.clone(), 200),
        (format!("\"{token}\""), 200),
        (token.replace('.', "%2E"), 422),
        (format!("{token}=="), 422),
        (format!("Bearer {token}"), 422),
        (encode(&token), 422),
        (format!("{token}, app_jwt={token}"), 422),
        (format!("{token}; app_jwt=x"), 422),
        ("\"".to_owned(), 422),
    ] {
        let request = Request::post(app.path("externalAuth/signin"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, super::common::ORIGIN)
            .header(header::COOKIE, format!("app_jwt={value}"));
        let answer = app.call(request.body(Body::from("{}")).expect("a request")).await;
        assert_eq!(answer.status.as_u16(), expected, "{value}: {}", answer.text());
    }
}
