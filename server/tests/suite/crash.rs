//! What was answered survives: the program is killed in the middle of sign-ins and started again.

use super::common::{Program, Server, Token, client, key_set, run};
use axum::Router;
use axum::routing::get;
use byoa_server::testing::PostgresSchema;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use uuid::Uuid;

pub(super) const ID: &str = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";
/// How many callers sign in at once.
const CALLERS: usize = 8;
/// How many subjects they share, so that callers meet.
const SUBJECTS: usize = 5;
/// How many answers there must be before each kill.
const BEFORE_KILL: usize = 25;

/// An issuer on a port of its own.
pub(super) async fn issuer() -> String {
    let keys = key_set().to_string();
    let router = Router::new().route("/jwks", get(async move || keys.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/jwks")
}

fn serve(folder: &Path) -> Server {
    serve_on(folder, "sqlite://byoa.db")
}

/// A server over that database.
pub(super) fn serve_on(folder: &Path, database_url: &str) -> Server {
    // The public URL stays when the port changes, or the tokens would name another issuer.
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "http://127.0.0.1:3333",
        "--allow-private-jwks",
        "--no-rate-limit",
    ];
    Program::new(folder, &arguments).env("BYOA_DATABASE_URL", database_url).serve()
}

/// A token of the real time, since the program has the real clock.
pub(super) fn token(subject: usize) -> String {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs()).expect("a time");
    Token::good().claim("sub", format!("user-{subject}")).claim("iat", now).claim("exp", now + 3600).build()
}

/// Signs in until the server is gone; the bearer tokens of the answers that came whole.
async fn caller(base: String, number: usize, answered: UnboundedSender<()>) -> Vec<String> {
    let client = client();
    let mut acknowledged = Vec::new();
    for round in number.. {
        let request = client
            .post(format!("{base}/externalAuth/signin"))
            .header("content-type", "application/json")
            .body(serde_json::json!({ "jwt": token(round % SUBJECTS) }).to_string());
        let Ok(answer) = request.send().await else { break };
        let status = answer.status();
        let Ok(text) = answer.text().await else { break };
        assert_eq!(status, 200, "{text}");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        acknowledged.push(body["minifiedJwt"].as_str().expect("a token").to_owned());
        // Nobody counts any longer once the server is killed.
        let _ = answered.send(());
    }
    acknowledged
}

/// Lets callers sign in, kills the server in their midst, and gives what it had acknowledged.
pub(super) async fn crash(server: &mut Server) -> Vec<String> {
    let (answered, mut answers) = unbounded_channel();
    let base = format!("{}/api/v0/sdk/{ID}", server.url);
    let callers: Vec<_> =
        (0..CALLERS).map(|number| tokio::spawn(caller(base.clone(), number, answered.clone()))).collect();
    drop(answered);
    for _ in 0..BEFORE_KILL {
        let answer = tokio::time::timeout(Duration::from_mins(1), answers.recv()).await;
        answer.expect("answers in time").expect("callers go on until the kill");
    }
    server.kill();
    let mut acknowledged = Vec::new();
    for caller in callers {
        acknowledged.extend(caller.await.expect("no panic"));
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (issuer, jwks) = (super::common::ISSUER, issuer().await);
    let create =
        ["env", "create", "--id", ID, "--issuer", issuer, "--jwks-url", &jwks, "--allow-private-jwks"];
    run(folder.path(), &create).ok();

    let mut acknowledged = Vec::new();
    let mut server = serve(folder.path());
    for _ in 0..3 {
        acknowledged.extend(crash(&mut server).await);
        server = serve(folder.path());
        let client = client();
        for token in &acknowledged {
            let probe = client.get(format!("{}/api/v0/sdk/{ID}/session", server.url)).bearer_auth(token);
            assert_eq!(probe.send().await.expect("an answer").status(), 204);
        }
    }
    assert!(acknowledged.len() >= 3 * BEFORE_KILL, "{}", acknowledged.len());

    let url = format!("sqlite://{}/byoa.db?mode=ro", folder.path().display());
    let pool = sqlx::SqlitePool::connect(&url).await.expect("the database");
    let identities = "SELECT count(*), count(DISTINCT identifier), (SELECT count(*) FROM users) FROM credentials \
                      WHERE kind = 'externalUser'";
    let counts: (i64, i64, i64) = sqlx::query_as(identities).fetch_one(&pool).await.expect("numbers");
    let subjects = i64::try_from(SUBJECTS).expect("small");
    assert_eq!(counts, (subjects, subjects, subjects), "one user for each subject, and none without one");
    let (sessions,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM sessions").fetch_one(&pool).await.expect("a number");
    assert!(sessions >= i64::try_from(acknowledged.len()).expect("small"));
    let (health,): (String,) =
        sqlx::query_as("PRAGMA integrity_check").fetch_one(&pool).await.expect("a word");
    assert_eq!(health, "ok");
}

/// Signs in and out until the server is gone; what was answered, as the audit log calls it, and of which session.
async fn in_and_out(base: String, number: usize, answered: UnboundedSender<()>) -> Vec<(String, Uuid)> {
    let client = client();
    let mut done = Vec::new();
    for round in number.. {
        let request = client
            .post(format!("{base}/externalAuth/signin"))
            .header("content-type", "application/json")
            .body(serde_json::json!({ "jwt": token(round % SUBJECTS) }).to_string());
        let Ok(answer) = request.send().await else { break };
        let Ok(text) = answer.text().await else { break };
        let body: Value = serde_json::from_str(&text).expect("JSON");
        let session = body["user"]["sessionId"].as_str().and_then(|id| id.parse().ok()).expect("a session");
        done.push(("user.session.created".to_owned(), session));
        // Nobody counts any longer once the server is killed.
        let _ = answered.send(());
        let bearer = body["minifiedJwt"].as_str().expect("a token");
        let Ok(answer) = client.post(format!("{base}/revoke")).bearer_auth(bearer).send().await else {
            break;
        };
        assert_eq!(answer.status(), 204);
        done.push(("user.session.revoked".to_owned(), session));
    }
    done
}

/// Makes users until the server is gone; those that were answered.
async fn administrator(url: String, token: String, life: u32) -> Vec<(String, Uuid)> {
    let client = client();
    let mut done = Vec::new();
    for number in 0.. {
        let request = client
            .post(format!("{url}/api/v0/environments/{ID}/users"))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .body(serde_json::json!({ "externalUserId": format!("made-{life}-{number}") }).to_string());
        let Ok(answer) = request.send().await else { break };
        let Ok(text) = answer.text().await else { break };
        let body: Value = serde_json::from_str(&text).expect("JSON");
        let user = body["user"]["id"].as_str().and_then(|id| id.parse().ok()).expect("a user");
        done.push(("user.created".to_owned(), user));
    }
    done
}

/// Over SQLite and PostgreSQL alike: the row is in the transaction of what it tells of.
async fn the_audit_log_has_what_was_answered(database_url: &str, folder: &Path) {
    let jwks = issuer().await;
    let command = |arguments: &[&str]| {
        Program::new(folder, arguments).env("BYOA_DATABASE_URL", database_url).finish("").ok()
    };
    let of_issuer = ["--issuer", super::common::ISSUER, "--jwks-url", &jwks, "--allow-private-jwks"];
    command(&[&["env", "create", "--id", ID][..], &of_issuer].concat());
    let token = command(&["admin-token", "create", "--name", "n"]).trim().to_owned();
    let mut done = Vec::new();
    for life in 0..3 {
        let mut server = serve_on(folder, database_url);
        let (answered, mut answers) = unbounded_channel();
        let base = format!("{}/api/v0/sdk/{ID}", server.url);
        let mut callers: Vec<_> = (0..CALLERS)
            .map(|number| tokio::spawn(in_and_out(base.clone(), number, answered.clone())))
            .collect();
        drop(answered);
        callers.push(tokio::spawn(administrator(server.url.clone(), token.clone(), life)));
        for _ in 0..BEFORE_KILL {
            let answer = tokio::time::timeout(Duration::from_mins(1), answers.recv()).await;
            answer.expect("answers in time").expect("callers go on until the kill");
        }
        server.kill();
        for caller in callers {
            done.extend(caller.await.expect("no panic"));
        }
    }
    let url = database_url.replace("sqlite://", &format!("sqlite://{}/", folder.display()));
    let store = byoa_server::store::open(&url).await.expect("the database");
    let query = byoa_server::store::AuditQuery { environment_id: None, before: None, limit: 1_000_000 };
    let rows = store.audit(&query).await.expect("the audit log");
    let said: HashSet<_> = rows
        .iter()
        .filter(|row| row.refused.is_none())
        .map(|row| (row.action.clone(), row.session_id.or(row.user_id).unwrap_or_default()))
        .collect();
    for one in &done {
        assert!(said.contains(one), "{one:?} was answered and is not in the log");
    }
    for action in ["user.session.created", "user.session.revoked", "user.created"] {
        assert!(done.iter().any(|(name, _)| name == action), "{action}");
    }
    // And the other way round: the log tells of nothing that is not there.
    for row in rows.iter().filter(|row| row.action == "user.session.created") {
        let session = row.session_id.expect("a session");
        store.find_session(session).await.expect("the session that the log tells of");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_loses_nothing_that_was_answered_when_the_server_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    the_audit_log_has_what_was_answered("sqlite://byoa.db", folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_in_postgres_loses_nothing_that_was_answered_when_the_server_is_killed() {
    let (schema, folder) = (PostgresSchema::make().await, tempfile::tempdir().expect("a folder"));
    the_audit_log_has_what_was_answered(schema.url(), folder.path()).await;
}

/// An issuer that answers when it is told to.
struct SlowIssuer {
    url: String,
    asked: Arc<Notify>,
    release: Arc<Notify>,
}

async fn slow_issuer() -> SlowIssuer {
    let (asked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (on_asked, on_release) = (asked.clone(), release.clone());
    let handler = async move || {
        on_asked.notify_one();
        on_release.notified().await;
        key_set().to_string()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/jwks", get(handler))).await });
    SlowIssuer { url, asked, release }
}

/// A server that was told to stop while a sign-in waits for its issuer, and that sign-in.
async fn stopping(
    folder: &Path,
    issuer: &SlowIssuer,
) -> (Server, tokio::task::JoinHandle<Result<reqwest::Response, reqwest::Error>>) {
    let create = ["env", "create", "--id", ID, "--issuer", super::common::ISSUER, "--jwks-url", &issuer.url];
    run(folder, &[&create[..], &["--allow-private-jwks"]].concat()).ok();
    let server = serve(folder);
    let request = client()
        .post(format!("{}/api/v0/sdk/{ID}/externalAuth/signin", server.url))
        .header("content-type", "application/json")
        .body(serde_json::json!({ "jwt": token(1) }).to_string());
    let answer = tokio::spawn(request.send());
    issuer.asked.notified().await;
    server.signal("TERM");
    let address = server.url.trim_start_matches("http://").to_owned();
    let gone = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("nothing more is accepted");
    (server, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_lets_the_server_finish_what_it_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = slow_issuer().await;
    let (server, answer) = stopping(folder.path(), &issuer).await;
    issuer.release.notify_one();
    assert_eq!(answer.await.expect("no panic").expect("an answer").status(), 200);
    assert_eq!(server.wait().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_the_server_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = slow_issuer().await;
    let (server, answer) = stopping(folder.path(), &issuer).await;
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("second signal"), "{log}");
    assert!(answer.await.expect("no panic").is_err(), "the answer is not waited for");
}
