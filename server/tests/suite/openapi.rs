//! The API's description: it is what is answered, its examples work, and its scopes are the ones asked for.
//! That every answer of every other test keeps to it, [`TestApp::call`] asserts.

use super::common::contract::{DOCUMENT, fault, problems};
use super::common::{Answer, TestApp, Token, get, post};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use byoa_server::AppState;
use byoa_server::audit::Audit;
use byoa_server::exchange::admin_scopes::AdminScope;
use byoa_server::exchange::admin_tokens::create_admin_token;
use byoa_server::exchange::webhooks::WebhookSettings;
use byoa_server::store::webhooks::MessageQuery;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// An operation as the document has it.
struct Operation {
    method: Method,
    path: &'static str,
    described: &'static Value,
}

fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, item)| {
        item.as_object().expect("operations").iter().map(move |(method, described)| Operation {
            method: method.to_ascii_uppercase().parse().expect("a method"),
            path,
            described,
        })
    });
    each.collect()
}

impl Operation {
    fn admin_scope(&self) -> Option<&'static str> {
        self.described["security"][0]["admin"][0].as_str()
    }

    fn example(&self) -> Option<&'static Value> {
        self.described["requestBody"]["content"]["application/json"].get("example")
    }

    fn id(&self) -> &'static str {
        self.described["operationId"].as_str().expect("an id")
    }
}

/// What the parts of a path are in a test.
struct Parts {
    environment: String,
    user: String,
    session: String,
    /// A key that signs no more.
    kid: String,
    webhook: String,
    /// The webhook's first ping.
    message: String,
}

impl Parts {
    async fn of(app: &TestApp) -> Self {
        let keys = app.environments.rotate_signing_key(app.environment).await.expect("keys");
        let retired = keys.into_iter().find(|key| key.retired_at.is_some());
        let webhooks = app.state.admin.as_ref().expect("an admin API").webhooks();
        let settings = WebhookSettings {
            url: Some("https://hooks.example.com".to_owned()),
            ..WebhookSettings::default()
        };
        let webhook = webhooks.create(app.environment, settings).await.expect("a webhook").webhook.id;
        let query = MessageQuery { limit: 1, ..MessageQuery::default() };
        let messages = webhooks.messages(app.environment, webhook, &query).await.expect("messages");
        let session = app.session().await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Self {
            environment: app.environment.to_string(),
            user: text(&session["user"]["id"]),
            session: text(&session["user"]["sessionId"]),
            kid: retired.expect("the first one").kid,
            webhook: webhook.to_string(),
            message: messages.items[0].id.to_string(),
        }
    }

    fn path(&self, template: &str) -> String {
        let path = template.replace("{environmentId}", &self.environment);
        let path = path.replace("{userId}", &self.user).replace("{sessionId}", &self.session);
        let path = path.replace("{webhookId}", &self.webhook).replace("{messageId}", &self.message);
        path.replace("{kid}", &self.kid).replace("{iss}", "https%3A%2F%2Fissuer.example")
    }
}

async fn admin_token(app: &TestApp, scope: &str) -> String {
    let lifetime = Some(Duration::from_hours(1));
    let made = create_admin_token(app.store.as_ref(), app.clock.as_ref(), "test", scope, lifetime).await;
    made.expect("a token").expose().clone()
}

async fn called(app: &TestApp, operation: &Operation, parts: &Parts, token: &str) -> Answer {
    let request = Request::builder().method(operation.method.clone()).uri(parts.path(operation.path));
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = match operation.example() {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    app.call(request.expect("a request")).await
}

#[tokio::test]
async fn each_admin_operation_takes_its_example_with_its_scope_and_with_no_other() {
    let admin = operations().into_iter().filter(|operation| operation.admin_scope().is_some());
    let mut count = 0;
    for operation in admin {
        let needed = operation.admin_scope().expect("one");
        let app = TestApp::start().await;
        let audit = Audit::start(app.store.clone(), app.clock.clone(), Arc::default());
        let app = app.changed(|state| state.with_audit(audit));
        let parts = Parts::of(&app).await;
        for scope in AdminScope::EACH.map(AdminScope::as_str).into_iter().filter(|scope| *scope != needed) {
            let answer = called(&app, &operation, &parts, &admin_token(&app, scope).await).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} with {scope}", operation.id());
        }
        let answer = called(&app, &operation, &parts, &admin_token(&app, needed).await).await;
        assert!(answer.status.is_success(), "{}: {} {}", operation.id(), answer.status, answer.text());
        count += 1;
    }
    assert!(count >= 35, "only {count} admin operations are described");
}

#[test]
fn each_example_of_a_body_fits_its_own_schema() {
    let mut count = 0;
    for operation in operations() {
        let Some(example) = operation.example() else { continue };
        let schema = &operation.described["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(problems(operation.id(), schema, example), Vec::<String>::new(), "{}", operation.id());
        count += 1;
        let Some(answers) = operation.described["responses"].as_object() else { continue };
        for (status, answer) in answers {
            let content = &answer["content"]["application/json"];
            let Some(example) = content.get("example") else { continue };
            let name = format!("{} {status}", operation.id());
            assert_eq!(problems(&name, &content["schema"], example), Vec::<String>::new(), "{name}");
        }
    }
    assert!(count >= 11, "only {count} operations have one");
    let error = json!({ "$ref": "#/components/schemas/ErrorBody" });
    for (code, example) in DOCUMENT["components"]["examples"].as_object().expect("examples") {
        assert_eq!(problems("error", &error, &example["value"]), Vec::<String>::new(), "{code}");
        assert_eq!(example["value"]["code"], **code);
    }
}

#[tokio::test]
async fn a_life_of_a_session_keeps_to_the_document() {
    let app = TestApp::start().await;
    let jwt = Token::good().claim("email", "ada@example.com").claim("emailVerified", true);
    let session = app.sign_in(&jwt.build()).await.json();
    let token = session["minifiedJwt"].as_str().expect("a token");
    let refreshed = app.with_bearer(Method::POST, "refresh", token).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    let refreshed = refreshed.json();
    let token = refreshed["minifiedJwt"].as_str().expect("a token");
    assert_eq!(app.with_bearer(Method::GET, "users", token).await.status, StatusCode::OK);
    let change = DOCUMENT["paths"]["/api/v0/sdk/{environmentId}/users"]["put"]["requestBody"].clone();
    let change = change["content"]["application/json"]["example"].to_string();
    let request = post(&app.path("users")).method("PUT").header("authorization", format!("Bearer {token}"));
    let changed = app.call(request.body(Body::from(change)).expect("a request")).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    for public in ["settings", "nonce", "nonces?count=3", ".well-known/jwks", ".well-known/jwks.json"] {
        assert_eq!(app.call(get(&app.path(public))).await.status, StatusCode::OK, "{public}");
    }
    let refused = app.sign_in(&Token::good().without_claim("sub").build()).await;
    assert_eq!((refused.status.as_u16(), refused.reason().as_str()), (422, "jwt_sub_missing"));
    assert_eq!(app.with_bearer(Method::POST, "revoke", token).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.with_bearer(Method::GET, "session", token).await.status, StatusCode::UNAUTHORIZED);
}

/// The fault of a sign-in that answers so.
fn fault_of(status: u16, body: &Value) -> Option<String> {
    let headers = HeaderMap::from_iter([(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("application/json"),
    )]);
    let status = StatusCode::from_u16(status).expect("a status");
    let answer = Answer { status, headers, body: body.to_string().into_bytes() };
    fault(&Method::POST, "/api/v0/sdk/0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11/externalAuth/signin", &answer)
}

#[tokio::test]
async fn an_answer_that_does_not_keep_to_it_is_found() {
    let session = TestApp::start().await.session().await;
    assert_eq!(fault_of(200, &session), None);
    let bent = |pointer: &str, value: Value| {
        let mut session = session.clone();
        *session.pointer_mut(pointer).expect("there") = value;
        session
    };
    for (what, status, body) in [
        ("a wrong type", 200, bent("/expiresAt", json!("soon"))),
        ("a null that must be absent", 200, bent("/user/sessionId", Value::Null)),
        ("a member missing", 200, json!({ "user": session["user"] })),
        ("a wrong type further in", 200, bent("/user/verifiedCredentials/0/id", json!(1))),
        ("a status that is not described", 418, json!({ "error": "I am a teapot", "code": "not_found" })),
        ("a code of another status", 422, json!({ "error": "no", "code": "not_found" })),
        ("a code that does not exist", 422, json!({ "error": "no", "code": "new_word" })),
        (
            "a reason that does not exist",
            422,
            json!({ "error": "no", "code": "invalid_external_auth", "payload": { "additionalMessages": ["new_word"] } }),
        ),
        ("an error without its sentence", 422, json!({ "code": "invalid_external_auth" })),
    ] {
        assert!(fault_of(status, &body).is_some(), "{what} goes unseen");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere_and_can_be_turned_off() {
    let app = TestApp::start().await;
    let page = app.call(get("/docs")).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (StatusCode::OK, Some("text/html; charset=utf-8"))
    );
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    for part in ["/docs/page.css", "/docs/page.js"] {
        let part = app.call(get(part)).await;
        assert_eq!(part.status, StatusCode::OK);
        assert_eq!(part.header("x-content-type-options"), Some("nosniff"));
        assert!(!part.text().contains("://") && !page.text().contains("://"));
    }
    let document = app.call(get("/openapi.json")).await;
    assert_eq!(document.json(), *DOCUMENT);
    assert_eq!(document.json()["openapi"], "3.1.0");

    let app = app.changed(AppState::without_docs);
    for path in ["/docs", "/docs/page.css", "/docs/page.js", "/openapi.json"] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let answer = tower::ServiceExt::oneshot(app.router.clone(), request).await.expect("infallible");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
