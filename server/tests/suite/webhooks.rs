//! Webhooks from the change to the delivery: router, store and worker in one process, a clock that is moved,
//! and endpoints that are played.

use super::common::{Answer, CountingStore, TestApp, Token};
use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use byoa_server::audit::Audit;
use byoa_server::exchange::admin_tokens::create_admin_token;
use byoa_server::exchange::environments::EnvironmentSettings;
use byoa_server::exchange::webhooks::{WebhookSettings, Webhooks};
use byoa_server::metrics::Metrics;
use byoa_server::seal::{MasterKey, Seal};
use byoa_server::store::webhooks::{MessageQuery, MessageState};
use byoa_server::store::{self, AuditQuery};
use byoa_server::testing::PostgresSchema;
use byoa_server::webhooks::{
    DISABLE_AFTER, LEASE, MAX_TRIES, Outgoing, RETRY_AFTER, SendProblem, SendWebhook, Worker,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

const URL: &str = "https://hooks.example.com/byoa";

/// Endpoints without a network. They answer 200 unless told otherwise.
#[derive(Debug, Default)]
struct Endpoints {
    sent: Mutex<Vec<Outgoing>>,
    answers: Mutex<HashMap<String, Result<u16, SendProblem>>>,
    /// A URL that answers nothing until it is released.
    silent: Mutex<Option<String>>,
    release: Notify,
    came: Notify,
}

impl Endpoints {
    fn answer(&self, url: &str, answer: Result<u16, SendProblem>) {
        self.answers.lock().expect("lock").insert(url.to_owned(), answer);
    }

    /// What was sent since this was last asked for.
    fn take(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.sent.lock().expect("lock"))
    }

    fn bodies(&self) -> Vec<Value> {
        self.take().iter().map(|sent| serde_json::from_slice(&sent.body).expect("JSON")).collect()
    }

    fn count(&self, url: &str) -> usize {
        self.sent.lock().expect("lock").iter().filter(|sent| sent.url == url).count()
    }
}

#[async_trait]
impl SendWebhook for Endpoints {
    async fn send(&self, outgoing: &Outgoing) -> Result<u16, SendProblem> {
        self.sent.lock().expect("lock").push(outgoing.clone());
        self.came.notify_one();
        let is_silent = self.silent.lock().expect("lock").as_ref() == Some(&outgoing.url);
        if is_silent {
            self.release.notified().await;
        }
        self.answers.lock().expect("lock").get(&outgoing.url).copied().unwrap_or(Ok(200))
    }
}

struct World {
    app: TestApp,
    endpoints: Arc<Endpoints>,
    metrics: Arc<Metrics>,
    worker: Worker,
    admin: String,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let endpoints = Arc::new(Endpoints::default());
        let metrics = Arc::new(Metrics::new());
        let worker = Worker::new(app.store.clone(), endpoints.clone(), app.clock.clone(), metrics.clone());
        let made = create_admin_token(app.store.as_ref(), app.clock.as_ref(), "test", "admin", None).await;
        let admin = made.expect("a token").expose().clone();
        Self { app, endpoints, metrics, worker, admin }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let uri = format!("/api/v0/environments/{}{path}", self.app.environment);
        let request = Request::builder().method(method).uri(uri);
        let request = request.header("authorization", format!("Bearer {}", self.admin));
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        self.app.call(request.expect("a request")).await
    }

    /// Makes a webhook and lets its ping go; its answer.
    async fn listen(&mut self, url: &str, events: Option<Value>) -> Value {
        let mut body = json!({ "url": url });
        if let Some(events) = events {
            body["events"] = events;
        }
        let made = self.call(Method::POST, "/webhooks", Some(body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        self.worker.drain().await;
        made.json()
    }

    async fn messages(&self, webhook: &Value, query: &str) -> Vec<Value> {
        let path = format!("/webhooks/{}/messages{query}", text(&webhook["id"]));
        let answer = self.call(Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["messages"].as_array().expect("a list").clone()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The same without what is new each time: each id is its first place in the list of ids.
fn normal(bodies: &[Value]) -> Value {
    fn walk(value: &Value, ids: &mut Vec<String>) -> Value {
        match value {
            Value::String(text) if text.parse::<Uuid>().is_ok() => {
                let place = ids.iter().position(|id| id == text).unwrap_or_else(|| {
                    ids.push(text.clone());
                    ids.len() - 1
                });
                json!(format!("id-{place}"))
            }
            Value::Array(items) => items.iter().map(|item| walk(item, ids)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), walk(value, ids))).collect()
            }
            other => other.clone(),
        }
    }
    walk(&json!(bodies), &mut Vec::new())
}

#[tokio::test]
async fn every_event_has_the_shape_that_is_written_down() {
    let mut world = World::start().await;
    world.listen(URL, None).await;
    let mut bodies = world.endpoints.bodies();
    let token = Token::good().claim("email", "ada@example.com").claim("emailVerified", true).build();
    let session = world.app.sign_in(&token).await.json();
    let bearer = text(&session["minifiedJwt"]).to_owned();
    let mut step = async |world: &mut World| {
        world.worker.drain().await;
        let mut came = world.endpoints.bodies();
        came.sort_by_key(|body| text(&body["eventName"]).to_owned());
        bodies.append(&mut came);
        world.app.clock.advance(Duration::from_millis(1_001));
    };
    step(&mut world).await;
    let user = text(&session["user"]["id"]).to_owned();
    world.call(Method::PUT, &format!("/users/{user}"), Some(json!({ "alias": "Ada" }))).await;
    step(&mut world).await;
    world.app.with_bearer(Method::POST, "revoke", &bearer).await;
    step(&mut world).await;
    world.call(Method::DELETE, &format!("/users/{user}"), None).await;
    step(&mut world).await;

    let expected = include_str!("../data/webhooks.json");
    let found = serde_json::to_string_pretty(&normal(&bodies)).expect("JSON");
    assert_eq!(found.trim(), expected.trim(), "what endpoints are sent has changed");
    for body in &bodies {
        let text = body.to_string();
        assert!(!text.contains(&bearer) && !text.contains(&token), "{text}");
    }
}

#[tokio::test]
async fn a_message_is_signed_with_the_secret_that_was_shown() {
    let mut world = World::start().await;
    let made = world.listen(URL, None).await;
    let secret = text(&made["secret"]).to_owned();
    let sent = world.endpoints.take();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, &sent[0].body);
    assert_eq!(sent[0].signature, format!("sha256={}", data_encoding::HEXLOWER.encode(tag.as_ref())));

    // Another secret signs at once, and the one before no more.
    let path = format!("/webhooks/{}", text(&made["id"]));
    let rotated = world.call(Method::POST, &format!("{path}/secret"), None).await.json();
    assert_ne!(rotated["secret"], made["secret"]);
    world.call(Method::POST, &format!("{path}/ping"), None).await;
    world.worker.drain().await;
    let sent = world.endpoints.take();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, text(&rotated["secret"]).as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, &sent[0].body);
    assert_eq!(sent[0].signature, format!("sha256={}", data_encoding::HEXLOWER.encode(tag.as_ref())));

    // It is shown twice in all: nothing else has it.
    for path in ["/webhooks".to_owned(), path.clone(), format!("{path}/messages"), "/auditLog".to_owned()] {
        let answer = world.call(Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text().contains("whsec"), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_message_is_tried_on_schedule_and_then_given_up() {
    let mut world = World::start().await;
    let webhook = world.listen(URL, Some(json!(["user.session.created"]))).await;
    world.endpoints.take();
    world.endpoints.answer(URL, Ok(500));
    world.app.session().await;
    let mut ids = Vec::new();
    for wait in RETRY_AFTER.map(Some).into_iter().chain([None]) {
        world.worker.drain().await;
        let sent = world.endpoints.take();
        assert_eq!(sent.len(), 1, "before {wait:?}");
        ids.push((sent[0].message_id, sent[0].body.clone()));
        let Some(wait) = wait else { break };
        world.app.clock.advance(wait.checked_sub(Duration::from_millis(1)).expect("longer"));
        world.worker.drain().await;
        assert!(world.endpoints.take().is_empty(), "not before {wait:?} are over");
        world.app.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(ids.len(), usize::try_from(MAX_TRIES).expect("small"));
    ids.dedup();
    assert_eq!(ids.len(), 1, "one message, the same each time");
    world.app.clock.advance(Duration::from_hours(48));
    world.worker.drain().await;
    assert!(world.endpoints.take().is_empty());
    let failed = world.messages(&webhook, "?state=failed").await;
    let shown = &failed[0];
    assert_eq!((failed.len(), &shown["tries"], &shown["lastStatus"]), (1, &json!(6), &json!(500)));
    assert_eq!((&shown["lastError"], &shown["nextTryAt"]), (&json!("status"), &Value::Null));
    assert!(shown.get("data").is_none(), "{shown}");

    // On demand all begins anew.
    world.endpoints.answer(URL, Ok(204));
    let path = format!("/webhooks/{}/messages/{}/redeliver", text(&webhook["id"]), text(&shown["messageId"]));
    assert_eq!(world.call(Method::POST, &path, None).await.status, StatusCode::ACCEPTED);
    world.worker.drain().await;
    assert_eq!(world.endpoints.take()[0].message_id, ids[0].0);
    let delivered = world.messages(&webhook, "?state=delivered").await;
    let again = delivered.iter().find(|message| message["messageId"] == shown["messageId"]);
    assert_eq!(again.expect("delivered")["lastStatus"], 204);
    let metrics = world.metrics.text();
    for line in [
        "byoa_webhook_deliveries_total{outcome=\"retried\"} 5",
        "byoa_webhook_deliveries_total{outcome=\"failed\"} 1",
        "byoa_webhook_deliveries_total{outcome=\"delivered\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn only_a_status_of_the_two_hundreds_is_an_arrival() {
    let mut world = World::start().await;
    let webhook = world.listen(URL, Some(json!(["user.session.created"]))).await;
    let answers = [Ok(302), Ok(410), Err(SendProblem::Timeout), Err(SendProblem::Unreachable), Ok(201)];
    world.app.session().await;
    for (answer, wait) in answers.into_iter().zip(RETRY_AFTER) {
        world.endpoints.answer(URL, answer);
        world.worker.drain().await;
        let all = world.messages(&webhook, "").await;
        let shown = all.iter().find(|message| message["eventName"] != "ping").expect("the sign-in's");
        let expected = match answer {
            Ok(201) => (json!("delivered"), json!(201), Value::Null),
            Ok(status) => (json!("pending"), json!(status), json!("status")),
            Err(problem) => (json!("pending"), Value::Null, json!(problem.code())),
        };
        assert_eq!(
            (shown["state"].clone(), shown["lastStatus"].clone(), shown["lastError"].clone()),
            expected
        );
        world.app.clock.advance(wait);
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_given_up_and_stops_no_other() {
    let mut world = World::start().await;
    let webhook = world.listen(URL, Some(json!(["user.session.created"]))).await;
    world.app.session().await;
    world.app.database("UPDATE webhook_messages SET data = 'nothing to read' WHERE state = 'pending'").await;
    world.app.session().await;
    world.endpoints.take();
    world.worker.drain().await;
    assert_eq!(world.endpoints.bodies().len(), 1);
    let all = world.messages(&webhook, "").await;
    let failed: Vec<_> = all.iter().filter(|message| message["state"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{all:?}");
    assert_eq!((&failed[0]["lastError"], &failed[0]["lastStatus"]), (&json!("unreadable"), &Value::Null));
}

#[tokio::test]
async fn a_change_of_nothing_is_not_told_and_a_sign_in_tells_no_profile() {
    let mut world = World::start().await;
    world.listen(URL, None).await;
    let session = world.app.session().await;
    let user = text(&session["user"]["id"]).to_owned();
    let path = format!("/users/{user}");
    for profile in [json!({ "alias": "Ada", "phoneNumber": "+49 30 1" }), json!({})] {
        assert_eq!(world.call(Method::PUT, &path, Some(profile)).await.status, StatusCode::OK);
    }
    world.worker.drain().await;
    let told = world.endpoints.bodies();
    assert_eq!(told.iter().filter(|body| body["eventName"] == "user.updated").count(), 1, "{told:?}");
    world.app.session().await;
    // What holds the profile cannot be sent any more.
    world.app.database("UPDATE webhook_messages SET data = '' WHERE data LIKE '%+49 30 1%'").await;
    world.worker.drain().await;
    let told = world.endpoints.bodies();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["eventName"], "user.session.created");
}

#[tokio::test]
async fn a_webhook_to_which_nothing_gets_through_is_disabled_and_can_be_enabled() {
    let mut world = World::start().await;
    let webhook = world.listen(URL, None).await;
    world.app.clock.advance(Duration::from_hours(25));
    let path = format!("/webhooks/{}", text(&webhook["id"]));
    world.endpoints.answer(URL, Err(SendProblem::Unreachable));
    for _ in 0..DISABLE_AFTER {
        assert_eq!(
            world.call(Method::POST, &format!("{path}/ping"), None).await.status,
            StatusCode::ACCEPTED
        );
    }
    for wait in RETRY_AFTER {
        world.worker.drain().await;
        world.app.clock.advance(wait);
        assert_eq!(world.call(Method::GET, &path, None).await.json()["isEnabled"], true);
    }
    world.worker.drain().await;
    let shown = world.call(Method::GET, &path, None).await.json();
    assert_eq!((&shown["isEnabled"], &shown["disabledReason"]), (&json!(false), &json!("failing")));
    assert!(world.metrics.text().contains("byoa_webhooks_disabled_total 1"));
    assert_eq!(world.call(Method::POST, &format!("{path}/ping"), None).await.code(), "invalid_update");

    // Nothing is kept for it meanwhile, and nothing is sent.
    world.endpoints.take();
    world.app.clock.advance(Duration::from_mins(1));
    let token = Token::good().claim("exp", 2_000_000_000).build();
    assert_eq!(world.app.sign_in(&token).await.status, StatusCode::OK);
    world.worker.drain().await;
    assert!(world.endpoints.take().is_empty());
    world.endpoints.answer(URL, Ok(200));
    let enabled = world.call(Method::PUT, &path, Some(json!({ "isEnabled": true }))).await.json();
    assert_eq!((&enabled["isEnabled"], &enabled["disabledReason"]), (&json!(true), &Value::Null));
    assert_eq!(world.app.sign_in(&token).await.status, StatusCode::OK);
    world.worker.drain().await;
    assert_eq!(world.endpoints.bodies()[0]["eventName"], "user.session.created");
}

#[tokio::test]
async fn what_could_not_be_meant_is_refused() {
    let mut world = World::start().await;
    for (body, word) in [
        (json!({}), "url"),
        (json!({ "url": "hooks" }), "url"),
        (json!({ "url": "http://hooks.example.com/" }), "https"),
        (json!({ "url": "https://127.0.0.1/" }), "loopback"),
        (json!({ "url": "https://[::ffff:10.0.0.1]/" }), "mapped"),
        (json!({ "url": "https://169.254.169.254/latest" }), "metadata"),
        (json!({ "url": "https://localhost/" }), "loopback"),
        (json!({ "url": "https://u:p@hooks.example.com/" }), "password"),
        (json!({ "url": format!("https://hooks.example.com/{}", "x".repeat(2048)) }), "bytes"),
        (json!({ "url": URL, "events": [] }), "events"),
        (json!({ "url": URL, "events": ["user.merged"] }), "events"),
        (json!({ "url": URL, "events": ["ping"] }), "events"),
    ] {
        let answer = world.call(Method::POST, "/webhooks", Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", answer.text());
        assert!(answer.text().contains(word), "{body}: {}", answer.text());
    }
    let unknown = world.call(Method::POST, "/webhooks", Some(json!({ "url": URL, "secret": "mine" }))).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    for _ in 0..10 {
        world.listen(URL, None).await;
    }
    let eleventh = world.call(Method::POST, "/webhooks", Some(json!({ "url": URL }))).await;
    assert_eq!((eleventh.code().as_str(), eleventh.text().contains("10")), ("invalid_update", true));
    let nobody = Uuid::from_u128(77);
    for (method, path) in [
        (Method::GET, format!("/webhooks/{nobody}")),
        (Method::DELETE, format!("/webhooks/{nobody}")),
        (Method::POST, format!("/webhooks/{nobody}/ping")),
        (Method::POST, format!("/webhooks/{nobody}/secret")),
        (Method::GET, format!("/webhooks/{nobody}/messages")),
        (Method::POST, format!("/webhooks/{nobody}/messages/{nobody}/redeliver")),
        (Method::GET, "/webhooks/x".to_owned()),
    ] {
        let answer = world.call(method, &path, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_webhook_of_one_environment_hears_and_shows_nothing_of_another() {
    let mut world = World::start().await;
    let webhook = world.listen(URL, None).await;
    let other = Uuid::from_u128(2);
    world.app.create(other, EnvironmentSettings::default()).await;
    world.endpoints.take();
    assert_eq!(world.app.sign_in_at(other, &Token::good().build()).await.status, StatusCode::OK);
    world.worker.drain().await;
    assert!(world.endpoints.take().is_empty());
    let uri = format!("/api/v0/environments/{other}/webhooks/{}", text(&webhook["id"]));
    let request = Request::get(uri).header("authorization", format!("Bearer {}", world.admin));
    let answer = world.app.call(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_keeps_no_other_waiting() {
    const SLOW: &str = "https://slow.example.com/";
    let mut world = World::start().await;
    let events = || Some(json!(["user.session.created"]));
    world.listen(SLOW, events()).await;
    world.listen(URL, events()).await;
    world.endpoints.take();
    for _ in 0..12 {
        world.app.session().await;
    }
    *world.endpoints.silent.lock().expect("lock") = Some(SLOW.to_owned());
    let (stop, stopped) = oneshot::channel::<()>();
    let woken = world.app.state.exchange.outbox();
    let running = tokio::spawn(world.worker.run(woken, async {
        let _ = stopped.await;
    }));
    let all = async {
        while world.endpoints.count(URL) < 12 {
            world.endpoints.came.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("the quick one has all its messages");
    assert!((1..=4).contains(&world.endpoints.count(SLOW)), "{}", world.endpoints.count(SLOW));
    // At the end what has begun is waited for.
    stop.send(()).expect("running");
    world.endpoints.release.notify_waiters();
    running.await.expect("no panic");
    let waiting = world.app.store.queued_messages().await.expect("a number");
    assert_eq!(waiting, 12 - u64::try_from(world.endpoints.count(SLOW)).expect("small"));
}

#[tokio::test]
async fn a_count_that_takes_long_keeps_no_message_waiting() {
    let mut world = World::start().await;
    world.listen(URL, None).await;
    let before = world.endpoints.count(URL);
    let store = CountingStore::around(world.app.store.clone());
    let counting = store.hold_next("queued_messages");
    let worker = Worker::new(store, world.endpoints.clone(), world.app.clock.clone(), world.metrics.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let woken = world.app.state.exchange.outbox();
    let running = tokio::spawn(worker.run(woken, async {
        let _ = stopped.await;
    }));
    counting.reached.await.expect("the outbox is counted");
    world.app.session().await;
    let told = async {
        while world.endpoints.count(URL) == before {
            world.endpoints.came.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("delivered while it is counted");
    stop.send(()).expect("running");
    running.await.expect("the end does not wait for the count");
    drop(counting.go);
}

#[tokio::test]
async fn a_message_that_a_dead_node_had_in_hand_is_taken_up_by_another() {
    let mut world = World::start().await;
    world.listen(URL, None).await;
    world.endpoints.take();
    world.app.session().await;
    *world.endpoints.silent.lock().expect("lock") = Some(URL.to_owned());
    let mut dying = Worker::new(
        world.app.store.clone(),
        world.endpoints.clone(),
        world.app.clock.clone(),
        Arc::default(),
    );
    let endpoints = world.endpoints.clone();
    tokio::select! {
        () = dying.drain() => panic!("it waits for an answer"),
        () = async { while endpoints.count(URL) < 2 { endpoints.came.notified().await } } => {}
    }
    drop(dying);
    *world.endpoints.silent.lock().expect("lock") = None;
    let lost = world.endpoints.take();
    world.worker.drain().await;
    assert!(world.endpoints.take().is_empty(), "they are the other's while its lease runs");
    world.app.clock.advance(LEASE);
    world.worker.drain().await;
    let ids = |sent: Vec<Outgoing>| {
        let mut ids: Vec<_> = sent.into_iter().map(|sent| sent.message_id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(world.endpoints.take()), ids(lost));
}

#[tokio::test]
async fn a_message_whose_secret_does_not_open_waits_and_was_not_tried() {
    let mut world = World::start().await;
    let seal = Seal::under(MasterKey::from([7; 32]), None);
    let own = Webhooks::new(world.app.store.clone(), world.app.clock.clone(), false, Arc::default());
    let settings = WebhookSettings { url: Some(URL.to_owned()), ..WebhookSettings::default() };
    let made = own.with_seal(seal.clone()).create(world.app.environment, settings).await.expect("a webhook");
    for _ in 0..DISABLE_AFTER {
        world.app.session().await;
    }
    let all = world.app.store.queued_messages().await.expect("a number");
    assert!(all > u64::from(DISABLE_AFTER));
    let all = usize::try_from(all).expect("small");
    for _ in 0..=MAX_TRIES {
        world.worker.drain().await;
        world.app.clock.advance(LEASE);
    }
    assert!(world.endpoints.take().is_empty());
    let query = MessageQuery { state: Some(MessageState::Pending), offset: 0, limit: 999 };
    let (environment, id) = (world.app.environment, made.webhook.id);
    let waiting = world.app.store.webhook_messages(environment, id, &query).await.expect("messages");
    assert_eq!(waiting.items.iter().filter(|message| message.tries == 0).count(), all);
    let shown = world.call(Method::GET, &format!("/webhooks/{id}"), None).await;
    assert_eq!(shown.json()["isEnabled"], true);

    // A node with the master key has them at once, whatever the other has had in hand.
    world.worker.drain().await;
    let worker = Worker::new(
        world.app.store.clone(),
        world.endpoints.clone(),
        world.app.clock.clone(),
        world.metrics.clone(),
    );
    worker.with_seal(seal).drain().await;
    let sent = world.endpoints.take();
    assert_eq!(sent.len(), all);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, made.secret.expose().as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, &sent[0].body);
    assert_eq!(sent[0].signature, format!("sha256={}", data_encoding::HEXLOWER.encode(tag.as_ref())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_one_database_deliver_each_message_once() {
    let schema = PostgresSchema::make().await;
    let app = TestApp::on(schema.url()).await;
    let endpoints = Arc::new(Endpoints::default());
    let admin = Webhooks::new(app.store.clone(), app.clock.clone(), false, Arc::default());
    let settings = WebhookSettings { url: Some(URL.to_owned()), ..WebhookSettings::default() };
    admin.create(app.environment, settings).await.expect("a webhook");
    for number in 0..40 {
        let token = Token::good().claim("sub", format!("u-{number}")).build();
        assert_eq!(app.sign_in(&token).await.status, StatusCode::OK);
    }
    let nodes: Vec<_> = (0..2)
        .map(|_| {
            let (url, endpoints, clock) = (schema.url().to_owned(), endpoints.clone(), app.clock.clone());
            tokio::spawn(async move {
                let store = store::open(&url).await.expect("a store");
                Worker::new(store, endpoints, clock, Arc::default()).drain().await;
            })
        })
        .collect();
    for node in nodes {
        node.await.expect("no panic");
    }
    let mut ids: Vec<_> = endpoints.take().into_iter().map(|sent| sent.message_id).collect();
    assert_eq!(ids.len(), 81, "a ping, 40 users, 40 sessions");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 81, "each once");
}

#[tokio::test]
async fn where_nobody_listens_a_sign_in_asks_the_store_no_more_than_before() {
    let counting = Mutex::new(None);
    let app = TestApp::over(EnvironmentSettings::default(), None, |store| {
        let store = super::common::CountingStore::around(store);
        *counting.lock().expect("lock") = Some(store.clone());
        store
    })
    .await;
    let store = counting.lock().expect("lock").clone().expect("made");
    app.session().await;
    store.asked();
    app.session().await;
    assert_eq!(store.asked(), ["environment", "sign_in"], "the environment, and it");
}

#[tokio::test]
async fn what_administrators_do_to_webhooks_is_in_the_audit_log_without_a_secret() {
    let mut world = World::start().await;
    let audit =
        Audit::start(world.app.store.clone(), world.app.clock.clone(), world.app.state.metrics.clone());
    world.app = world.app.changed(|state| state.with_audit(audit));
    let made = world.listen(URL, None).await;
    let path = format!("/webhooks/{}", text(&made["id"]));
    world.call(Method::PUT, &path, Some(json!({ "events": ["user.deleted"] }))).await;
    let rotated = world.call(Method::POST, &format!("{path}/secret"), None).await.json();
    world.call(Method::POST, &format!("{path}/ping"), None).await;
    let message = text(&world.messages(&made, "").await[0]["messageId"]).to_owned();
    world.call(Method::POST, &format!("{path}/messages/{message}/redeliver"), None).await;
    world.call(Method::DELETE, &path, None).await;
    let query = AuditQuery { environment_id: Some(world.app.environment), before: None, limit: 99 };
    let mut events = world.app.store.audit(&query).await.expect("events");
    events.sort_by(|one, other| one.action.cmp(&other.action));
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "webhook.created",
            "webhook.deleted",
            "webhook.pinged",
            "webhook.redelivered",
            "webhook.secret.rotated",
            "webhook.updated"
        ]
    );
    for event in events {
        assert!(event.actor.starts_with("admin:"), "{event:?}");
        let text = format!("{event:?}");
        assert!(text.contains(super::webhooks::text(&made["id"])), "{text}");
        for secret in [&made["secret"], &rotated["secret"]] {
            assert!(!text.contains(super::webhooks::text(secret)), "{text}");
        }
    }
}
