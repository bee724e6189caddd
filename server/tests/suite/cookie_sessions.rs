//! Sessions in a cookie, from outside: areas `cookie`, `session` and `logout` of the attacks, by id.

use super::common::{Answer, TestApp, Token, get};
use axum::body::Body;
use axum::http::{Method, Request, header};
use byoa_server::exchange::environments::EnvironmentSettings;
use serde_json::{Value, json};

const PAGE: Option<&str> = Some("https://app.example.com");
const ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Lax";

async fn app() -> TestApp {
    TestApp::with(EnvironmentSettings { session_cookie: Some(true), ..Default::default() }).await
}

async fn call(
    app: &TestApp,
    method: Method,
    operation: &str,
    origin: Option<&str>,
    cookie: Option<&str>,
    body: &Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(app.path(operation))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, format!("a=1; DYNAMIC_JWT_TOKEN={cookie}"));
    }
    app.call(request.body(Body::from(body.to_string())).expect("a request")).await
}

/// The value of the cookie that an answer sets.
fn set(answer: &Answer) -> String {
    let line = answer.header("set-cookie").unwrap_or_else(|| panic!("a cookie with {}", answer.text()));
    let (pair, rest) = line.split_once("; ").expect("attributes");
    assert!(rest.starts_with("Expires=") && rest.ends_with(&format!("GMT; {ATTRIBUTES}")), "{rest}");
    // As long as a refresh takes it: 30 days after the end of the token, which is not kept here for less.
    let end =
        byoa_server::clock::UnixMillis::from_seconds(answer.json()["expiresAt"].as_i64().expect("a time"));
    let end = end.plus(std::time::Duration::from_hours(30 * 24)).http_date();
    assert!(rest.contains(&end), "{rest} and {end}");
    pair.strip_prefix("DYNAMIC_JWT_TOKEN=").expect("our cookie").to_owned()
}

async fn sign_in(app: &TestApp, subject: &str, cookie: Option<&str>) -> Answer {
    let body = json!({ "jwt": Token::good().claim("sub", subject).build() });
    let answer = call(app, Method::POST, "externalAuth/signin", PAGE, cookie, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

#[tokio::test]
async fn the_cookie_carries_the_session_and_no_body_does() {
    let app = app().await;
    let answer = sign_in(&app, "user-1", None).await;
    let first = set(&answer);
    assert!(!answer.text().contains("eyJ"), "no token in the body");
    assert!(answer.json()["expiresAt"].is_i64());
    let none = json!({});
    for operation in ["users", "session"] {
        let read = call(&app, Method::GET, operation, None, Some(&first), &none).await;
        assert!(read.status.is_success(), "{operation}: {}", read.text());
    }
    let updated = call(&app, Method::PUT, "users", PAGE, Some(&first), &json!({ "alias": "Ann" })).await;
    assert_eq!((updated.status.as_u16(), updated.text().contains("eyJ")), (200, false));
    let refreshed = call(&app, Method::POST, "refresh", PAGE, Some(&set(&updated)), &none).await;
    assert!(!refreshed.text().contains("eyJ"));
    let second = set(&refreshed);
    assert_ne!(first, second);
    assert_eq!(call(&app, Method::GET, "session", None, Some(&first), &none).await.status, 401);
    assert_eq!(call(&app, Method::GET, "session", None, Some(&second), &none).await.status, 204);
    assert_eq!(app.with_bearer(Method::GET, "session", &second).await.status, 204, "backends may relay it");
    assert_eq!(call(&app, Method::POST, "refresh", PAGE, None, &none).await.status, 401, "nobody at start");
    let settings = app.call(get(&app.path("settings"))).await.json();
    assert_eq!(settings["security"]["auth"]["storage"], json!(["cookie"]));
}

/// CKE-004, LGO-003.
#[tokio::test]
async fn only_a_page_of_the_environment_changes_anything() {
    let app = app().await;
    let cookie = set(&sign_in(&app, "user-1", None).await);
    let jwt = json!({ "jwt": Token::good().build() });
    for origin in
        [None, Some("https://evil.example"), Some("null"), Some("https://app.example.com.evil.example")]
    {
        for (method, operation) in [
            (Method::POST, "revoke"),
            (Method::POST, "refresh"),
            (Method::PUT, "users"),
            (Method::DELETE, "users"),
            (Method::POST, "externalAuth/verify"),
            (Method::POST, "externalAuth/signin"),
        ] {
            let refused = call(&app, method, operation, origin, Some(&cookie), &jwt).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "forbidden"), "{operation}");
            assert_eq!(refused.header("set-cookie"), None, "{operation} from {origin:?}");
        }
    }
    // A form of another site: the browser leaves the cookie out, and the answer must not clear it.
    let form = call(&app, Method::POST, "revoke", Some("https://evil.example"), None, &json!({})).await;
    assert_eq!((form.status.as_u16(), form.header("set-cookie")), (403, None));
    let unasked = call(&app, Method::POST, "revoke", None, None, &json!({})).await;
    assert_eq!((unasked.status.as_u16(), unasked.header("set-cookie")), (204, None));
    assert_eq!(call(&app, Method::GET, "revoke", PAGE, Some(&cookie), &json!({})).await.status, 405);
    assert_eq!(call(&app, Method::GET, "session", None, Some(&cookie), &json!({})).await.status, 204);
    assert_eq!(app.rows().await, (1, 1));
}

/// LGO-002, LGO-005.
#[tokio::test]
async fn signing_out_clears_the_cookie_as_it_was_set() {
    let app = app().await;
    let cookie = set(&sign_in(&app, "user-1", None).await);
    let cleared = format!("DYNAMIC_JWT_TOKEN=; Max-Age=0; {ATTRIBUTES}");
    for shown in [Some(cookie.as_str()), Some(cookie.as_str()), Some("x"), None] {
        let answer = call(&app, Method::POST, "revoke", PAGE, shown, &json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (204, Some(cleared.as_str())));
    }
    assert_eq!(call(&app, Method::GET, "session", None, Some(&cookie), &json!({})).await.status, 401);
    let again = set(&sign_in(&app, "user-1", None).await);
    let deleted = call(&app, Method::DELETE, "users", PAGE, Some(&again), &json!({})).await;
    assert_eq!((deleted.status.as_u16(), deleted.header("set-cookie")), (204, Some(cleared.as_str())));
}

/// SES-008, SES-009.
#[tokio::test]
async fn a_sign_in_replaces_whatever_cookie_came_with_it() {
    let app = app().await;
    let chosen = set(&sign_in(&app, "user-1", Some("attacker-chosen")).await);
    assert_ne!(chosen, "attacker-chosen");
    let ann = sign_in(&app, "user-1", None).await;
    let bob = sign_in(&app, "user-2", Some(&set(&ann))).await;
    assert_ne!(ann.json()["user"]["id"], bob.json()["user"]["id"]);
    assert_ne!(ann.json()["user"]["sessionId"], bob.json()["user"]["sessionId"]);
    let still = call(&app, Method::GET, "users", None, Some(&set(&ann)), &json!({})).await.json();
    assert_eq!(still["id"], ann.json()["user"]["id"], "nobody's session became somebody else's");
}

#[tokio::test]
async fn an_environment_without_it_neither_sets_nor_reads_the_cookie() {
    let app = TestApp::start().await;
    let answer = sign_in(&app, "user-1", None).await;
    assert_eq!(answer.header("set-cookie"), None);
    let token = answer.json()["minifiedJwt"].as_str().expect("a token").to_owned();
    assert_eq!(call(&app, Method::GET, "session", PAGE, Some(&token), &json!({})).await.status, 401);
}

/// CKE-009.
#[tokio::test]
async fn odd_spellings_of_the_cookie_are_refused_or_read_but_never_a_fault() {
    let app = app().await;
    let cookie = set(&sign_in(&app, "user-1", None).await);
    let percent = cookie.replace('.', "%2E");
    for (spelling, status) in
        [(format!("\"{cookie}\""), 204), (percent, 401), (format!("{cookie}="), 401), ("\"".to_owned(), 401)]
    {
        let answer = call(&app, Method::GET, "session", None, Some(&spelling), &json!({})).await;
        assert_eq!(answer.status.as_u16(), status, "{spelling}");
    }
}
