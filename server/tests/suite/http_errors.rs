//! Requests that are wrong before any use case sees them: each gets its exact JSON.

use super::common::{Answer, TestApp, Token, get, post};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

/// Asserts status, code and the whole shape of an error.
fn assert_error(answer: &Answer, status: u16, code: &str) {
    let text = answer.text();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{text}");
    let body = answer.json();
    assert!(body["error"].as_str().is_some_and(|sentence| sentence.len() > 10), "{text}");
    assert!(
        body.as_object()
            .expect("an object")
            .keys()
            .all(|key| ["error", "code", "payload"].contains(&key.as_str()))
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.header("set-cookie"), None);
}

/// Posts `body` to the sign-in.
async fn posted(app: &TestApp, body: impl Into<Body>) -> Answer {
    app.call(post(&app.path("externalAuth/signin")).body(body.into()).expect("a request")).await
}

#[tokio::test]
async fn a_body_that_is_not_the_json_asked_for_is_a_bad_request() {
    let app = TestApp::start().await;
    let secret = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2VjcmV0";
    let utf16: Vec<u8> = "{\"jwt\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("an open brace", b"{".to_vec()),
        ("a token alone", secret.into()),
        ("a form", format!("jwt={secret}").into()),
        ("a string", format!("{secret:?}").into()),
        ("null", b"null".to_vec()),
        ("a list", format!("[{secret:?}]").into()),
        ("a number as jwt", br#"{"jwt":1}"#.to_vec()),
        ("an object as jwt", format!(r#"{{"jwt":{{"token":{secret:?}}}}}"#).into()),
        ("a list as jwt", format!(r#"{{"jwt":[{secret:?}]}}"#).into()),
        ("jwt twice", format!(r#"{{"jwt":"a","jwt":{secret:?}}}"#).into()),
        ("a number as session key", br#"{"jwt":"a","sessionPublicKey":2}"#.to_vec()),
        ("text after the object", format!(r#"{{"jwt":{secret:?}}} x"#).into()),
        ("a trailing comma", format!(r#"{{"jwt":{secret:?},}}"#).into()),
        ("UTF-16", utf16),
        ("a byte order mark", b"\xef\xbb\xbf{\"jwt\":\"a\"}".to_vec()),
        ("bytes that are not UTF-8", b"{\"jwt\":\"\xff\"}".to_vec()),
        ("a deep jwt", format!("{{\"jwt\":{}", "[".repeat(10_000)).into()),
        ("a deep list", "[".repeat(10_000).into()),
    ];
    for (name, body) in bodies {
        let answer = posted(&app, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}: {}", answer.text());
        assert_error(&answer, 400, "bad_request");
        assert!(!answer.text().contains("c2VjcmV0"), "{name} is echoed: {}", answer.text());
    }
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let app = TestApp::start().await;
    let answer = app.sign_in_with(&json!({ "jwt": Token::good().build(), "hint": { "a": [1] } })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn the_body_has_the_exact_sentence() {
    let app = TestApp::start().await;
    assert_eq!(
        posted(&app, "{\"jwt\":1}").await.json(),
        json!({
            "error": "the body has the wrong shape at line 1, column 8; send {\"jwt\": \"…\"} with strings as values",
            "code": "bad_request",
        })
    );
    assert_eq!(
        app.call(get("/nowhere")).await.json(),
        json!({
            "error": "no such path; apps call /api/v0/sdk/{environmentId}/…, administrators \
                      /api/v0/environments/…, and /docs lists every path",
            "code": "not_found",
        })
    );
}

#[tokio::test]
async fn another_content_type_is_unsupported() {
    let app = TestApp::start().await;
    let body = json!({ "jwt": Token::good().build() }).to_string();
    let with = |content_type: Option<&'static str>| {
        let mut request = Request::post(app.path("externalAuth/signin"));
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        request.body(Body::from(body.clone())).expect("a request")
    };
    for wrong in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jwt"),
        Some("application/json; charset=utf-16"),
        Some("text/json"),
        Some("application/jsonp"),
    ] {
        assert_error(&app.call(with(wrong)).await, 415, "unsupported_media_type");
    }
    for right in ["application/json", "Application/JSON", "application/json; charset=UTF-8"] {
        assert_eq!(app.call(with(Some(right))).await.status, StatusCode::OK, "{right}");
    }
}

#[tokio::test]
async fn an_over_long_body_is_refused_whether_it_says_so_or_not() {
    let app = TestApp::start().await;
    let long = format!("{{\"jwt\":\"{}\"}}", "x".repeat(64 * 1024));
    assert_error(&posted(&app, long.clone()).await, 413, "payload_too_large");
    let chunks = long
        .into_bytes()
        .chunks(4096)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect::<Vec<_>>();
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    assert_error(&posted(&app, body).await, 413, "payload_too_large");
    let lie = post(&app.path("externalAuth/signin")).header(header::CONTENT_LENGTH, "99999999");
    assert_error(&app.call(lie.body(Body::from("{}")).expect("a request")).await, 413, "payload_too_large");
}

#[tokio::test]
async fn an_unknown_environment_or_path_is_not_found() {
    let app = TestApp::start().await;
    let other = "/api/v0/sdk/11111111-2222-4333-8444-555555555555";
    for path in [
        format!("{other}/settings"),
        format!("{other}/users"),
        format!("{other}/.well-known/jwks"),
        "/api/v0/sdk/not-a-uuid/settings".to_owned(),
        "/api/v0/sdk/..%2f..%2fetc/settings".to_owned(),
        "/api/v0/sdk/%00/settings".to_owned(),
        "/api/v0/sdk//settings".to_owned(),
        app.path(""),
        app.path("nothing"),
        app.path("settings/"),
        app.path("externalAuth"),
        "/".to_owned(),
        "/api/v0".to_owned(),
        "/api/v1/sdk".to_owned(),
    ] {
        let answer = app.call(get(&path)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_error(&answer, 404, "not_found");
    }
    let sign_in = post(&format!("{other}/externalAuth/signin")).body(Body::from("{}")).expect("a request");
    assert_error(&app.call(sign_in).await, 404, "not_found");
    let upper = app
        .path("settings")
        .replace(&app.environment.to_string(), &app.environment.to_string().to_uppercase());
    assert_eq!(app.call(get(&upper)).await.status, StatusCode::OK, "a UUID has no case");
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let app = TestApp::start().await;
    for (method, operation, allowed) in [
        (Method::GET, "externalAuth/signin", "POST"),
        (Method::GET, "refresh", "POST"),
        (Method::DELETE, "revoke", "POST"),
        (Method::POST, "settings", "GET,HEAD"),
        (Method::POST, "session", "GET,HEAD"),
        (Method::PATCH, "users", "GET,HEAD,PUT,DELETE"),
        (Method::POST, ".well-known/jwks", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(app.path(operation)).body(Body::empty());
        let answer = app.call(request.expect("a request")).await;
        assert_error(&answer, 405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allowed), "{operation}");
    }
}

#[tokio::test]
async fn without_a_session_token_the_answer_says_how_to_authenticate() {
    let app = TestApp::start().await;
    let external = Token::good().build();
    for (method, operation) in [
        (Method::GET, "users"),
        (Method::DELETE, "users"),
        (Method::GET, "session"),
        (Method::POST, "refresh"),
    ] {
        for token in ["", "x", "a.b.c", external.as_str()] {
            let answer = app.with_bearer(method.clone(), operation, token).await;
            assert_error(&answer, 401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(token.is_empty() || token == "x" || !answer.text().contains(token));
        }
    }
}

#[tokio::test]
async fn a_count_of_nonces_is_a_number_from_one() {
    let app = TestApp::start().await;
    for bad in ["0", "-1", "five", "1.5", "99999999999999999999999", ""] {
        assert_error(&app.call(get(&app.path(&format!("nonces?count={bad}")))).await, 400, "bad_request");
    }
    for (asked, given) in [
        ("nonces", 1),
        ("nonces?count=3", 3),
        ("nonces?count=5&relatedOriginRpId=x", 5),
        ("nonces?count=500", 5),
    ] {
        let answer = app.call(get(&app.path(asked))).await;
        assert_eq!(answer.json()["nonces"].as_array().map(Vec::len), Some(given), "{asked}");
    }
    assert!(app.call(get(&app.path("nonce"))).await.json()["nonce"].is_string());
}

#[tokio::test]
async fn health_is_answered_at_the_root_and_under_an_environment() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz", &app.path("healthcheck")] {
        let answer = app.call(get(path)).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "status": "ok" })), "{path}");
    }
}

#[tokio::test]
async fn a_request_id_comes_back() {
    let app = TestApp::start().await;
    let with = |name: &str, value: &str| {
        Request::get("/healthz").header(name, value).body(Body::empty()).expect("a request")
    };
    assert_eq!(app.call(with("x-request-id", "abc-1")).await.header("x-request-id"), Some("abc-1"));
    assert_eq!(app.call(with("x-dyn-request-id", "abc2")).await.header("x-request-id"), Some("abc2"));
    let made = app.call(with("x-request-id", "<script>")).await;
    assert_eq!(made.header("x-request-id").map(str::len), Some(36));
}
