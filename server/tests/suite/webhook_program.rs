//! Webhooks of the program itself: what is owed survives a kill, nodes share the work, and a receiver in
//! another language, as the documentation has it, finds the signature good.

use super::common::{ISSUER, Program, Server, client, run};
use super::crash::{ID, issuer, serve_on, token};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use byoa_server::testing::PostgresSchema;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const SQLITE: &str = "sqlite://byoa.db";

/// A message as it came, and its signature.
pub(super) struct Came {
    body: Bytes,
    signature: String,
}

impl Came {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Whether it is signed with that secret.
    pub(super) fn is_signed_with(&self, secret: &Value) -> bool {
        self.signature == self.signature_by_node(secret.as_str().expect("a secret"))
    }

    /// HMAC-SHA256 as Node's `crypto` makes it.
    fn signature_by_node(&self, secret: &str) -> String {
        let script = "const { createHmac } = require('node:crypto'); \
                      process.stdout.write('sha256=' + createHmac('sha256', process.argv[1]) \
                      .update(Buffer.from(process.argv[2], 'base64')).digest('hex'))";
        let body = data_encoding::BASE64.encode(&self.body);
        let output = Command::new("node").args(["-e", script, secret, &body]).output().expect("node runs");
        String::from_utf8(output.stdout).expect("text")
    }
}

/// An endpoint on a port of its own. It is silent until told to answer.
pub(super) struct Endpoint {
    pub(super) url: String,
    came: UnboundedReceiver<Came>,
    answers: Arc<AtomicBool>,
}

impl Endpoint {
    pub(super) async fn open(answers: bool) -> Self {
        let (sender, came) = unbounded_channel();
        let answers = Arc::new(AtomicBool::new(answers));
        let router = Router::new().route("/hook", post(receive)).with_state((sender, answers.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, came, answers }
    }

    pub(super) async fn next(&mut self) -> Came {
        let next = tokio::time::timeout(Duration::from_mins(1), self.came.recv()).await;
        next.expect("a message in time").expect("the endpoint is open")
    }
}

async fn receive(
    State((came, answers)): State<(UnboundedSender<Came>, Arc<AtomicBool>)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if !answers.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let signature = headers["x-dynamic-signature-256"].to_str().expect("text").to_owned();
    // The test may be over.
    let _ = came.send(Came { body, signature });
    StatusCode::NO_CONTENT
}

fn command(folder: &Path, database_url: &str, arguments: &[&str]) -> String {
    Program::new(folder, arguments).env("BYOA_DATABASE_URL", database_url).finish("").ok()
}

/// An environment with a webhook; the webhook as it was printed.
async fn listening(folder: &Path, database_url: &str, url: &str) -> Value {
    let jwks = issuer().await;
    let create =
        ["env", "create", "--id", ID, "--issuer", ISSUER, "--jwks-url", &jwks, "--allow-private-jwks"];
    command(folder, database_url, &create);
    let create = ["webhook", "create", "--id", ID, "--url", url, "--allow-private-jwks", "--json"];
    serde_json::from_str(&command(folder, database_url, &create)).expect("JSON")
}

async fn sign_in(server: &Server, subject: usize) {
    let request = client()
        .post(format!("{}/api/v0/sdk/{ID}/externalAuth/signin", server.url))
        .header("content-type", "application/json")
        .body(serde_json::json!({ "jwt": token(subject) }).to_string());
    assert_eq!(request.send().await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_owed_when_the_server_is_killed_arrives_after_it_is_started_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut endpoint = Endpoint::open(false).await;
    let made = listening(folder.path(), SQLITE, &endpoint.url).await;
    let mut server = serve_on(folder.path(), SQLITE);
    sign_in(&server, 1).await;
    server.kill();
    assert!(endpoint.came.try_recv().is_err(), "nothing was taken before the kill");

    // What the killed one had in hand is its own for a minute: the minute is taken away.
    let url = format!("sqlite://{}/byoa.db", folder.path().display());
    let pool = sqlx::SqlitePool::connect(&url).await.expect("the database");
    let owed: (i64,) = sqlx::query_as("SELECT count(*) FROM webhook_messages WHERE state = 'pending'")
        .fetch_one(&pool)
        .await
        .expect("a number");
    assert_eq!(owed.0, 3, "the ping, the user and the session");
    sqlx::query("UPDATE webhook_messages SET due_at = 0").execute(&pool).await.expect("done");
    pool.close().await;

    endpoint.answers.store(true, Ordering::SeqCst);
    let _server = serve_on(folder.path(), SQLITE);
    let secret = made["secret"].as_str().expect("a secret");
    let mut names = Vec::new();
    for _ in 0..3 {
        let came = endpoint.next().await;
        assert_eq!(came.signature, came.signature_by_node(secret));
        names.push(came.json()["eventName"].as_str().expect("a name").to_owned());
    }
    names.sort();
    assert_eq!(names, ["ping", "user.created", "user.session.created"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_deliver_each_message_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = PostgresSchema::make().await;
    let mut endpoint = Endpoint::open(true).await;
    listening(folder.path(), schema.url(), &endpoint.url).await;
    let servers = [0, 1].map(|_| serve_on(folder.path(), schema.url()));
    for number in 0..20 {
        sign_in(&servers[number % 2], number % 5).await;
    }
    let mut ids = Vec::new();
    for _ in 0..26 {
        let came = endpoint.next().await.json();
        ids.push(came["messageId"].as_str().expect("an id").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 26, "a ping, five users and twenty sessions, each once");
    for server in &servers {
        server.signal("TERM");
    }
    for server in servers {
        assert_eq!(server.wait().0, Some(0));
    }
    assert!(endpoint.came.try_recv().is_err(), "and nothing more");
}

/// A program that is ended with the test.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first block of JavaScript under the heading.
fn documented(heading: &str) -> String {
    let page = include_str!("../../../docs/OPERATIONS.md");
    let section = page.split(heading).nth(1).expect("the heading");
    let block = section.split("```js\n").nth(1).expect("a block");
    block.split("```").next().expect("its end").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_receiver_finds_a_message_good() {
    let folder = tempfile::tempdir().expect("a folder");
    // Free a moment ago; the receiver takes it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it").port();
    let made = listening(folder.path(), SQLITE, &format!("http://127.0.0.1:{port}/hook")).await;
    std::fs::write(folder.path().join("receiver.mjs"), documented("## Webhooks")).expect("written");
    let mut receiver = Command::new("node")
        .arg("receiver.mjs")
        .current_dir(folder.path())
        .env("PORT", port.to_string())
        .env("WEBHOOK_SECRET", made["secret"].as_str().expect("a secret"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let out = receiver.stdout.take().expect("piped");
    let _receiver = Receiver(receiver);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        tokio::task::yield_now().await;
    }
    let unsigned = client().post(format!("http://127.0.0.1:{port}/hook")).body("{}").send().await;
    assert_eq!(unsigned.expect("an answer").status(), 401);
    let _server = serve_on(folder.path(), SQLITE);
    let line = tokio::task::spawn_blocking(move || BufReader::new(out).lines().next());
    let line = tokio::time::timeout(Duration::from_mins(1), line).await.expect("in time").expect("no panic");
    let line = line.expect("a line").expect("text");
    assert!(line.contains("ping"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_makes_shows_changes_and_removes_webhooks() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let made = listening(folder, SQLITE, "http://127.0.0.1:1/hook").await;
    let (webhook, secret) = (made["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    let one = |verb: &str, more: &[&str]| {
        run(folder, &[&["webhook", verb, "--id", ID, "--webhook", webhook], more].concat())
    };
    assert!(secret.starts_with("byoa_whsec_"));
    let listed = run(folder, &["webhook", "list", "--id", ID]).ok();
    assert!(listed.contains(webhook) && listed.contains("enabled") && !listed.contains(secret), "{listed}");
    let set = ["--event", "user.deleted,user.created", "--enabled=false", "--json"];
    let changed: Value = serde_json::from_str(&one("set", &set).ok()).expect("JSON");
    assert_eq!(changed["events"], serde_json::json!(["user.created", "user.deleted"]));
    let refused = one("ping", &[]);
    assert!(refused.code == Some(1) && refused.err.contains("enable it first"), "{refused:?}");
    one("set", &["--enabled"]).ok();
    one("ping", &[]).ok();
    let shown = one("messages", &["--json"]).ok();
    let messages: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((messages.as_array().map(Vec::len), shown.contains(secret)), (Some(2), false));
    let message = messages[0]["messageId"].as_str().expect("an id");
    one("redeliver", &["--message", message]).ok();
    assert!(one("messages", &["--state", "pending"]).ok().contains("not tried yet"));
    assert!(one("messages", &["--state", "failed"]).ok().contains("no message"));
    let rotated = one("rotate-secret", &[]);
    assert!(rotated.err.contains("not shown again"), "{rotated:?}");
    assert!(rotated.out.contains("byoa_whsec_") && !rotated.out.contains(secret));
    let private = ["webhook", "create", "--id", ID, "--url", "http://127.0.0.1:1/hook"];
    let refused = run(folder, &private);
    assert!(refused.code == Some(2) && refused.err.contains("https"), "{refused:?}");
    let nowhere = ["webhook", "list", "--id", "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b12"];
    assert!(run(folder, &nowhere).err.contains("no such environment"));
    one("delete", &[]).ok();
    assert_eq!(one("show", &[]).code, Some(1));
    assert!(run(folder, &["webhook", "list", "--id", ID]).ok().contains("no webhook yet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_moves_to_postgres_with_what_it_is_owed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut endpoint = Endpoint::open(true).await;
    let made = listening(folder, SQLITE, &endpoint.url).await;
    command(folder, SQLITE, &["env", "export", "--id", ID, "--output", "env.jsonl"]);
    let schema = PostgresSchema::make().await;
    command(folder, schema.url(), &["env", "import", "env.jsonl"]);
    let _server = serve_on(folder, schema.url());
    let came = endpoint.next().await;
    assert_eq!(came.json()["webhookId"], made["id"]);
    assert_eq!(came.signature, came.signature_by_node(made["secret"].as_str().expect("a secret")));
}
