//! Over the admin API: the keys that sign session tokens, the issuers that are trusted, and sessions one by
//! one.

use super::admin::{call, path, token};
use super::common::{Answer, ISSUER, JWKS_URL, TestApp, Token, get, key_set, pem};
use axum::http::{Method, StatusCode};
use byoa_server::audit::Audit;
use byoa_server::exchange::environments::EnvironmentSettings;
use byoa_server::keys::MAX_PUBLISHED;
use byoa_server::store::AuditQuery;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// An issuer beside the first, as it stands in a path.
const OTHER: &str = "https://other.example/a?b";
const OTHER_IN_PATH: &str = "/issuers/https%3A%2F%2Fother.example%2Fa%3Fb";

async fn probe(app: &TestApp, session: &Value) -> u16 {
    let token = session["minifiedJwt"].as_str().expect("a token");
    app.with_bearer(Method::GET, "session", token).await.status.as_u16()
}

fn kids(answer: &Answer) -> Vec<String> {
    let keys = answer.json()["keys"].as_array().expect("keys").clone();
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

/// What was done to things of that kind by the environment's audit log, the earliest first.
async fn actions(app: &TestApp, kind: &str) -> Vec<String> {
    let query = AuditQuery { environment_id: Some(app.environment), before: None, limit: 99 };
    let events = app.store.audit(&query).await.expect("events");
    let actions = events.into_iter().rev().map(|event| event.action);
    actions.filter(|action| action.starts_with(kind)).collect()
}

async fn audited() -> TestApp {
    let app = TestApp::start().await;
    let audit = Audit::start(app.store.clone(), app.clock.clone(), app.state.metrics.clone());
    app.changed(|state| state.with_audit(audit))
}

#[tokio::test]
async fn a_signing_key_is_rotated_and_withdrawn_as_on_the_command_line() {
    let app = audited().await;
    let admin = token(&app, "keys:read keys:write").await;
    let ask = async |method: Method, rest: &str| call(&app, &admin, method, &path(&app, rest), None).await;
    let before = app.session().await;
    let first = kids(&ask(Method::GET, "/keys").await).remove(0);

    let signs = ask(Method::DELETE, &format!("/keys/{first}")).await;
    assert_eq!((signs.status.as_u16(), signs.code().as_str()), (422, "invalid_update"), "{}", signs.text());
    app.clock.advance(Duration::from_millis(1));
    let rotated = ask(Method::POST, "/keys").await;
    assert_eq!(rotated.status, StatusCode::CREATED, "{}", rotated.text());
    assert_eq!((kids(&rotated).len(), &kids(&rotated)[1]), (2, &first));
    assert_eq!(ask(Method::GET, "/keys").await.json(), rotated.json());
    let (new, old) = (&rotated.json()["keys"][0], &rotated.json()["keys"][1]);
    assert!(new["retiredAt"].is_null() && old["publishedUntil"].is_string(), "{}", rotated.text());
    let published = app.call(get(&app.path(".well-known/jwks"))).await;
    assert_eq!(kids(&published), kids(&rotated));
    assert_eq!(probe(&app, &before).await, 204);

    app.clock.advance(Duration::from_millis(1));
    assert_eq!(ask(Method::DELETE, &format!("/keys/{first}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(probe(&app, &before).await, 401);
    assert_eq!(ask(Method::DELETE, &format!("/keys/{first}")).await.status.as_u16(), 422);
    assert_eq!(ask(Method::DELETE, "/keys/%00").await.status.as_u16(), 422);
    assert_eq!(actions(&app, "key.").await, ["key.created", "key.deleted"]);
    for secret in ["pkcs8", "\"d\"", "nonce"] {
        assert!(!rotated.text().contains(secret), "{secret}");
    }
    let nowhere = format!("/environments/{}/keys", Uuid::from_u128(9));
    for method in [Method::GET, Method::POST] {
        assert_eq!(call(&app, &admin, method, &nowhere, None).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_key_too_many_is_refused_in_words_that_name_the_mend() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    for _ in 1..MAX_PUBLISHED {
        app.environments.rotate_signing_key(app.environment).await.expect("rotated");
    }
    let rs256 = json!({ "sessionAlg": "RS256" });
    for (method, rest, body) in [(Method::POST, "/keys", None), (Method::PUT, "", Some(rs256))] {
        let answer = call(&app, &admin, method, &path(&app, rest), body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (422, "invalid_update"),
            "{}",
            answer.text()
        );
        assert!(answer.text().contains("byoa-server keys retire"), "{}", answer.text());
    }
    assert_eq!(app.call(get(&app.path(".well-known/jwks"))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn issuers_are_added_changed_and_removed_one_by_one() {
    let app = audited().await;
    let admin = token(&app, "environments:read environments:write").await;
    let ask = async |method: Method, rest: &str, body: Option<Value>| {
        app.clock.advance(Duration::from_millis(1));
        call(&app, &admin, method, &path(&app, rest), body).await
    };
    let added = ask(
        Method::POST,
        "/issuers",
        Some(json!({ "iss": OTHER, "jwks": key_set_of_public_keys(), "audiences": ["a", "b"], "algorithms": ["RS256"] })),
    )
    .await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    let expected = json!({
        "iss": OTHER, "jwks": key_set_of_public_keys(), "audiences": ["a", "b"], "algorithms": ["RS256"],
        "leewaySeconds": 60, "maxLifetimeSeconds": null,
    });
    assert_eq!(added.json(), expected);
    let jwt = |audience: &str| Token::good().claim("iss", OTHER).claim("aud", audience).build();
    assert_eq!(app.sign_in(&jwt("b")).await.status, StatusCode::OK);

    let body = json!({ "pem": pem(), "audiences": [], "algorithms": ["ES256"], "leewaySeconds": 5, "maxLifetimeSeconds": 600 });
    let changed = ask(Method::PUT, OTHER_IN_PATH, Some(body)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!((&changed.json()["pem"], &changed.json()["maxLifetimeSeconds"]), (&json!(pem()), &json!(600)));
    assert_eq!(app.sign_in(&jwt("b")).await.reason(), "jwt_alg_not_allowed");
    let listed = ask(Method::GET, "/issuers", None).await.json();
    assert_eq!((&listed["issuers"][0]["iss"], &listed["issuers"][1]), (&json!(ISSUER), &changed.json()));
    assert_eq!(listed["issuers"][0]["jwksUrl"], JWKS_URL);

    assert_eq!(ask(Method::DELETE, OTHER_IN_PATH, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.sign_in(&jwt("b")).await.reason(), "jwt_iss_mismatch");
    assert_eq!(ask(Method::DELETE, OTHER_IN_PATH, None).await.status.as_u16(), 422);
    assert_eq!(actions(&app, "issuer.").await, ["issuer.created", "issuer.updated", "issuer.deleted"]);
}

/// What may be kept of [`key_set`]: no private and no shared key.
fn key_set_of_public_keys() -> Value {
    let keys = key_set()["keys"].as_array().expect("keys").clone();
    json!({ "keys": keys.into_iter().filter(|key| key["kid"] == "rsa-1").collect::<Vec<_>>() })
}

#[tokio::test]
async fn an_issuer_that_the_command_line_would_refuse_is_refused() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let before = app.environments.show(app.environment).await.expect("there");
    let url = "https://x.example/jwks";
    for (body, status, word) in [
        (json!({ "jwksUrl": url }), 400, "iss"),
        (json!({ "iss": "https://x.example" }), 422, "jwks-url"),
        (json!({ "iss": "https://x.example", "jwksUrl": url, "pem": pem() }), 400, "one of"),
        (json!({ "iss": "https://x.example", "discovery": false }), 400, "discovery"),
        (json!({ "iss": "https://x.example", "jwksUrl": url, "audience": "a" }), 400, "nothing else"),
        (json!({ "iss": "https://x.example", "jwksUrl": url, "algorithms": ["HS256"] }), 400, "RS256"),
        (json!({ "iss": "https://x.example", "jwksUrl": url, "algorithms": [] }), 422, "algorithm"),
        (json!({ "iss": "https://x.example", "jwksUrl": url, "leewaySeconds": 301 }), 422, "300"),
        (json!({ "iss": "https://x.example", "jwksUrl": "https://10.0.0.1/jwks" }), 422, "jwks-url"),
        (json!({ "iss": "https://x.example", "jwks": key_set() }), 422, "public keys only"),
        (json!({ "iss": "https://x.example", "pem": "x" }), 422, "pem"),
        (json!({ "iss": ISSUER, "jwksUrl": url }), 422, "already"),
        (json!({ "iss": " x", "jwksUrl": url }), 422, "space"),
    ] {
        let answer = call(&app, &admin, Method::POST, &path(&app, "/issuers"), Some(body.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text());
        assert!(answer.text().contains(word), "{word} in {}", answer.text());
    }
    let renamed = json!({ "iss": "https://y.example" });
    let of_first = path(&app, "/issuers/https%3A%2F%2Fissuer.example");
    let answer = call(&app, &admin, Method::PUT, &of_first, Some(renamed)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "bad_request"), "{}", answer.text());
    let unknown = call(&app, &admin, Method::PUT, &path(&app, OTHER_IN_PATH), Some(json!({}))).await;
    assert_eq!(unknown.status.as_u16(), 422);
    assert_eq!(app.environments.show(app.environment).await.expect("there"), before);
}

#[tokio::test]
async fn an_environment_is_made_with_keys_from_wherever_they_are() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let make = async |mut source: Value| {
        source["iss"] = json!(ISSUER);
        call(&app, &admin, Method::POST, "/environments", Some(json!({ "externalAuth": source }))).await
    };
    for (source, status) in [
        (json!({ "discovery": true }), 201),
        (json!({ "jwks": key_set_of_public_keys() }), 201),
        (json!({ "pem": pem() }), 201),
        (json!({ "jwksUrl": JWKS_URL }), 201),
        (json!({}), 400),
        (json!({ "jwksUrl": JWKS_URL, "pem": pem() }), 400),
        (json!({ "jwks": key_set() }), 422),
    ] {
        let answer = make(source.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{source}: {}", answer.text());
        if status == 201 {
            let issuers = format!("/environments/{}/issuers", answer.json()["id"].as_str().expect("an id"));
            let issuers = call(&app, &admin, Method::GET, &issuers, None).await.json();
            let (member, value) = source.as_object().and_then(|source| source.iter().next()).expect("one");
            assert_eq!(&issuers["issuers"][0][member], value, "{issuers}");
        }
    }
    let without = json!({ "iss": ISSUER });
    let put = call(&app, &admin, Method::PUT, &path(&app, "/externalAuth"), Some(without)).await;
    assert_eq!(put.status, StatusCode::BAD_REQUEST, "what is replaced as a whole is given as a whole");
}

#[tokio::test]
async fn settings_tell_of_every_issuer_where_they_are_several() {
    let app = TestApp::start().await;
    let admin = token(&app, "admin").await;
    let of = async || app.call(get(&app.path("settings"))).await.json()["security"]["externalAuth"].clone();
    let alone = of().await;
    assert!(alone["iss"] == ISSUER && alone.get("issuers").is_none(), "{alone}");
    let body = json!({ "iss": "https://other.example", "discovery": true });
    call(&app, &admin, Method::POST, &path(&app, "/issuers"), Some(body)).await;
    let both = of().await;
    let first = json!({ "iss": ISSUER, "jwksUrl": JWKS_URL, "audiences": [alone["aud"]] });
    assert_eq!(both["issuers"], json!([first, { "iss": "https://other.example" }]));
    let auth = json!({ "iss": ISSUER, "jwksUrl": JWKS_URL });
    let refused = call(&app, &admin, Method::PUT, &path(&app, "/externalAuth"), Some(auth)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "invalid_update"));
    let text = refused.text();
    assert!(text.contains("/issuers/{iss}") && !text.contains("byoa-server"), "{text}");
    for member in ["enabled", "iss", "jwksUrl", "aud", "assumeEmailVerified"] {
        assert_eq!(both[member], alone[member], "what the published client reads stays");
    }
}

#[tokio::test]
async fn a_session_is_looked_at_by_itself_and_with_its_user() {
    let app = TestApp::start().await;
    let elsewhere = Uuid::from_u128(2);
    app.create(elsewhere, EnvironmentSettings::default()).await;
    let admin = token(&app, &format!("users:read environment:{}", app.environment)).await;
    let (session, foreign) =
        (app.session().await, app.sign_in_at(elsewhere, &Token::good().build()).await.json());
    let of = |session: &Value| {
        let text = |member: &str| session["user"][member].as_str().expect("an id").to_owned();
        (text("id"), text("sessionId"))
    };
    let ((user, id), (foreign_user, foreign_id)) = (of(&session), of(&foreign));
    let show = async |user: &str, id: &str| {
        call(&app, &admin, Method::GET, &format!("/users/{user}/sessions/{id}"), None).await
    };
    let shown = show(&user, &id).await;
    assert_eq!((shown.status, &shown.json()["id"]), (StatusCode::OK, &json!(id)), "{}", shown.text());
    assert!(shown.json()["revokedAt"].is_null() && shown.json()["createdAt"].is_string());
    let strangers =
        [(&foreign_user, &foreign_id), (&foreign_user, &id), (&user, &foreign_id), (&user, &"x".to_owned())];
    for (user, id) in strangers {
        assert_eq!(show(user, id).await.status, StatusCode::NOT_FOUND, "{user} {id}");
    }
    let writer = token(&app, "users:write").await;
    let refused =
        call(&app, &writer, Method::GET, &format!("/users/{user}/sessions/{id}"), None).await.status;
    assert_eq!(refused, StatusCode::FORBIDDEN);

    let users =
        async |rest: &str| call(&app, &admin, Method::GET, &path(&app, &format!("/users{rest}")), None).await;
    for (rest, at) in
        [("?includeSessions=true", "/users/0"), (&*format!("/{user}?includeSessions=true"), "/user")]
    {
        let answer = users(rest).await;
        let found = answer.json().pointer(at).expect("a user").clone();
        assert_eq!(found["sessions"], json!([shown.json()]), "{}", answer.text());
    }
    for rest in ["", "?includeSessions=false"] {
        assert!(users(rest).await.json()["users"][0].get("sessions").is_none());
    }
    assert_eq!(users("?includeSessions=1").await.status, StatusCode::BAD_REQUEST);
}
