//! Which pages may read answers.

use super::common::{TestApp, Token};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use byoa_server::exchange::environments::EnvironmentSettings;
use serde_json::json;

const ORIGIN: &str = "https://app.example.com";

fn from(origin: &str, method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::ORIGIN, origin)
}

fn preflight(origin: &str, path: &str) -> Request<Body> {
    from(origin, Method::OPTIONS, path)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,authorization,x-dyn-version")
        .body(Body::empty())
        .expect("a request")
}

fn plain(origin: &str, path: &str) -> Request<Body> {
    from(origin, Method::GET, path).body(Body::empty()).expect("a request")
}

async fn with_cookie() -> TestApp {
    TestApp::with(EnvironmentSettings { cookie_name: Some("app_jwt".to_owned()), ..Default::default() }).await
}

#[tokio::test]
async fn a_listed_page_may_read_and_send_what_clients_send() {
    let app = TestApp::start().await;
    for operation in ["externalAuth/signin", "settings", "nonces?count=5", "refresh", "users", "nothing"] {
        let answer = app.call(preflight(ORIGIN, &app.path(operation))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{operation}");
        assert!(answer.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET,POST,PUT,DELETE,PATCH,OPTIONS"));
        assert_eq!(answer.header("access-control-max-age"), Some("7200"));
        let headers = answer.header("access-control-allow-headers").expect("a list").to_owned();
        for name in byoa_protocol::headers::CORS_ALLOWED {
            assert!(headers.split(',').any(|allowed| allowed == *name), "{name}");
        }
    }
    let answer = app.call(plain(ORIGIN, &app.path("settings"))).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("retry-after,date,x-request-id,dpop-nonce")
    );
}

#[tokio::test]
async fn errors_can_be_read_by_a_listed_page() {
    let app = TestApp::start().await;
    for path in [app.path("nothing"), app.path("users"), app.path("refresh"), app.path("nonces?count=x")] {
        let answer = app.call(plain(ORIGIN, &path)).await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{path}");
    }
}

#[tokio::test]
async fn other_pages_get_no_leave() {
    let app = with_cookie().await;
    for origin in [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://APP.example.com",
        "https://app.example.com/",
        "null",
        "*",
        "",
    ] {
        for answer in [
            app.call(preflight(origin, &app.path("users"))).await,
            app.call(plain(origin, &app.path("settings"))).await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
            assert!(answer.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")));
        }
    }
}

#[tokio::test]
async fn a_page_of_one_environment_is_a_stranger_to_another() {
    let app = TestApp::start().await;
    let other = uuid::Uuid::from_u128(7 << 76 | 9 << 62);
    let change = EnvironmentSettings {
        allowed_origins: Some(vec!["https://other.example".to_owned()]),
        ..Default::default()
    };
    app.create(other, change).await;
    let path = format!("/api/v0/sdk/{other}/settings");
    assert_eq!(app.call(plain(ORIGIN, &path)).await.header("access-control-allow-origin"), None);
    let allowed = app.call(plain("https://other.example", &path)).await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://other.example"));
    let unknown = app.call(plain(ORIGIN, "/api/v0/sdk/11111111-2222-4333-8444-555555555555/settings")).await;
    assert_eq!(unknown.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_change_of_the_list_takes_effect_at_once() {
    let app = TestApp::start().await;
    let added = "https://new.example";
    let path = app.path("settings");
    assert_eq!(app.call(plain(added, &path)).await.header("access-control-allow-origin"), None);
    let change = EnvironmentSettings { allowed_origins: Some(vec![added.to_owned()]), ..Default::default() };
    app.environments.set(app.environment, change).await.expect("changed");
    assert_eq!(app.call(plain(added, &path)).await.header("access-control-allow-origin"), Some(added));
    assert_eq!(app.call(plain(ORIGIN, &path)).await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn credentials_are_for_environments_with_a_cookie() {
    let app = with_cookie().await;
    let answer = app.call(preflight(ORIGIN, &app.path("externalAuth/signin"))).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
}

#[tokio::test]
async fn anybody_may_read_the_public_keys() {
    let app = with_cookie().await;
    for path in [".well-known/jwks", ".well-known/jwks.json"] {
        let answer = app.call(plain("https://evil.example", &app.path(path))).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_sign_in_even_with_a_good_token() {
    let app = TestApp::start().await;
    let body = json!({ "jwt": Token::good().build() }).to_string();
    for origin in ["https://evil.example", "null"] {
        let request = from(origin, Method::POST, &app.path("externalAuth/signin"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.clone()));
        let answer = app.call(request.expect("a request")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "forbidden"));
    }
    assert_eq!(app.rows().await, (0, 0));
}
