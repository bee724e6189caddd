//! Two servers on one PostgreSQL, as two processes.

use super::common::{ISSUER, Program, Server, client};
use super::crash::{ID, crash, issuer, serve_on, token};
use byoa_server::testing::PostgresSchema;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use std::path::Path;
use tempfile::TempDir;

/// A database with an environment, and a folder to be in.
async fn database() -> (PostgresSchema, TempDir) {
    let schema = PostgresSchema::make().await;
    let folder = tempfile::tempdir().expect("a folder");
    let jwks = issuer().await;
    let create =
        ["env", "create", "--id", ID, "--issuer", ISSUER, "--jwks-url", &jwks, "--allow-private-jwks"];
    command(folder.path(), &schema, &create);
    (schema, folder)
}

fn command(folder: &Path, schema: &PostgresSchema, arguments: &[&str]) -> String {
    Program::new(folder, arguments).env("BYOA_DATABASE_URL", schema.url()).finish("").ok()
}

fn address(server: &Server, operation: &str) -> String {
    format!("{}/api/v0/sdk/{ID}/{operation}", server.url)
}

async fn sign_in(server: &Server, subject: usize) -> Value {
    let request = client()
        .post(address(server, "externalAuth/signin"))
        .header("content-type", "application/json")
        .body(serde_json::json!({ "jwt": token(subject) }).to_string());
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}

async fn probe(server: &Server, token: &str) -> u16 {
    let request = client().get(address(server, "session")).bearer_auth(token);
    request.send().await.expect("an answer").status().as_u16()
}

fn bearer(signed_in: &Value) -> &str {
    signed_in["minifiedJwt"].as_str().expect("a token")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_at_one_node_is_seen_at_the_other_at_once() {
    let (schema, folder) = database().await;
    let [one, other] = [0, 1].map(|_| serve_on(folder.path(), schema.url()));
    for _ in 0..10 {
        let here = sign_in(&one, 1).await;
        assert_eq!(probe(&other, bearer(&here)).await, 204, "opened there");
        let there = sign_in(&other, 1).await;
        assert_eq!(here["user"]["id"], there["user"]["id"], "one person at both");

        let revoke = client().post(address(&other, "revoke")).bearer_auth(bearer(&here));
        assert_eq!(revoke.send().await.expect("an answer").status(), 204);
        assert_eq!(probe(&one, bearer(&here)).await, 401, "ended there");
        assert_eq!(probe(&one, bearer(&there)).await, 204, "another session lives on");
    }
    let origin = ["env", "set", "--id", ID, "--allowed-origin", "https://new.example"];
    command(folder.path(), &schema, &origin);
    for server in [&one, &other] {
        let request = client().get(address(server, "settings")).header("origin", "https://new.example");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()["access-control-allow-origin"], "https://new.example");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_takes_no_acknowledged_session_with_it() {
    let (schema, folder) = database().await;
    let [mut dies, stays] = [0, 1].map(|_| serve_on(folder.path(), schema.url()));
    let before = sign_in(&stays, 0).await;
    let mut acknowledged = crash(&mut dies).await;
    acknowledged.push(bearer(&before).to_owned());
    for token in &acknowledged {
        assert_eq!(probe(&stays, token).await, 204);
    }
    let mut again = serve_on(folder.path(), schema.url());
    for token in &acknowledged {
        assert_eq!(probe(&again, token).await, 204);
    }
    again.kill();
    sign_in(&stays, 0).await;
}

/// Cuts the servers off from what they announce to one another, as often as they listen.
async fn deafen(schema: &PostgresSchema, servers: usize) {
    let mut connection = PgConnection::connect(schema.url()).await.expect("PostgreSQL answers");
    let killed: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE query = format('LISTEN \"byoa_%s\"', md5(current_schema()))",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the listening connections");
    assert_eq!(killed, vec![true; servers]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_no_node_hears_of_take_effect_at_once() {
    let (schema, folder) = database().await;
    let [one, other] = [0, 1].map(|_| serve_on(folder.path(), schema.url()));
    let signed_in = sign_in(&one, 1).await;
    assert_eq!(probe(&other, bearer(&signed_in)).await, 204);
    let listed = command(folder.path(), &schema, &["keys", "list", "--id", ID]);
    let kid = listed.split_whitespace().find(|word| word.len() == 43).expect("a kid").to_owned();

    deafen(&schema, 2).await;
    command(folder.path(), &schema, &["env", "set", "--id", ID, "--allowed-origin", "https://new.example"]);
    for server in [&one, &other] {
        let request = client().get(address(server, "settings")).header("origin", "https://new.example");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()["access-control-allow-origin"], "https://new.example");
    }
    command(folder.path(), &schema, &["keys", "rotate", "--id", ID]);
    command(folder.path(), &schema, &["keys", "retire", "--id", ID, "--kid", &kid]);
    for server in [&one, &other] {
        assert_eq!(probe(server, bearer(&signed_in)).await, 401, "its key was withdrawn");
        sign_in(server, 1).await;
    }
}
