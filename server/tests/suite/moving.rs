//! An environment moves from SQLite to PostgreSQL and back, and who was signed in stays so.

use super::common::{Finished, ISSUER, Program, Server, client};
use super::crash::{ID, issuer, serve_on, token};
use byoa_server::testing::PostgresSchema;
use serde_json::Value;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

const SQLITE: &str = "sqlite://byoa.db";

fn command(folder: &Path, database_url: &str, arguments: &[&str]) -> Finished {
    Program::new(folder, arguments).env("BYOA_DATABASE_URL", database_url).finish("")
}

async fn sign_in(server: &Server, subject: usize) -> Value {
    let request = client()
        .post(format!("{}/api/v0/sdk/{ID}/externalAuth/signin", server.url))
        .header("content-type", "application/json")
        .body(serde_json::json!({ "jwt": token(subject) }).to_string());
    let answer = request.send().await.expect("an answer").text().await.expect("a body");
    serde_json::from_str(&answer).expect("JSON")
}

async fn probe(server: &Server, signed_in: &Value) -> u16 {
    let token = signed_in["minifiedJwt"].as_str().expect("a token");
    let request = client().get(format!("{}/api/v0/sdk/{ID}/session", server.url)).bearer_auth(token);
    request.send().await.expect("an answer").status().as_u16()
}

async fn made(folder: &Path) {
    let jwks = issuer().await;
    let create =
        ["env", "create", "--id", ID, "--issuer", ISSUER, "--jwks-url", &jwks, "--allow-private-jwks"];
    command(folder, SQLITE, &create).ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_users_survive_the_way_to_postgres_and_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    made(folder).await;
    let mut server = serve_on(folder, SQLITE);
    let (stays, ends) = (sign_in(&server, 1).await, sign_in(&server, 2).await);
    let token = ends["minifiedJwt"].as_str().expect("a token");
    let revoke = client().post(format!("{}/api/v0/sdk/{ID}/revoke", server.url)).bearer_auth(token);
    revoke.send().await.expect("an answer");
    server.kill();

    let exported = command(folder, SQLITE, &["env", "export", "--id", ID, "--output", "env.jsonl"]);
    assert!(exported.err.contains("private keys"), "{exported:?}");
    exported.ok();
    let file = folder.join("env.jsonl");
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let schema = PostgresSchema::make().await;
    command(folder, schema.url(), &["env", "import", "env.jsonl"]).ok();
    let mut moved = serve_on(folder, schema.url());
    assert_eq!((probe(&moved, &stays).await, probe(&moved, &ends).await), (204, 401));
    let again = sign_in(&moved, 1).await;
    assert_eq!(again["user"]["id"], stays["user"]["id"]);
    moved.kill();

    let twice = command(folder, schema.url(), &["env", "import", "env.jsonl"]);
    assert!(twice.code == Some(1) && twice.err.contains("already"), "{twice:?}");

    let back = command(folder, schema.url(), &["env", "export", "--id", ID]).ok();
    std::fs::write(folder.join("back.jsonl"), back).expect("written");
    command(folder, "sqlite://back.db", &["env", "import", "back.jsonl"]).ok();
    let home = serve_on(folder, "sqlite://back.db");
    for (session, expected) in [(&stays, 204), (&again, 204), (&ends, 401)] {
        assert_eq!(probe(&home, session).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_was_cut_off_or_changed_is_refused_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    made(folder).await;
    let whole = command(folder, SQLITE, &["env", "export", "--id", ID]).ok();
    let without_end = &whole[..=whole.trim_end().rfind('\n').expect("lines")];
    let half_a_line = &whole[..whole.len() / 2];
    let other_column = whole.replace("cookie_name", "cookie_nome");
    for bent in [without_end, half_a_line, other_column.as_str(), "", "{}"] {
        std::fs::write(folder.join("bent.jsonl"), bent).expect("written");
        let refused = command(folder, "sqlite://other.db", &["env", "import", "bent.jsonl"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("bent.jsonl is not what env export has written"), "{refused:?}");
    }
    assert!(!command(folder, "sqlite://other.db", &["env", "list"]).ok().contains(ID), "nothing in part");
    let nobody = command(folder, SQLITE, &["env", "export", "--id", "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b12"]);
    assert!(nobody.code == Some(1) && nobody.err.contains("there is no environment"), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_makes_a_file_only_of_what_there_is_and_never_over_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    made(folder).await;
    let nobody = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b12";
    let refused = command(folder, SQLITE, &["env", "export", "--id", nobody, "--output", "env.jsonl"]);
    assert!(refused.code == Some(1) && refused.err.contains(nobody), "{refused:?}");
    assert!(!folder.join("env.jsonl").exists());
    let export = ["env", "export", "--id", ID, "--output", "env.jsonl"];
    command(folder, SQLITE, &export).ok();
    let file = || std::fs::read(folder.join("env.jsonl")).expect("the file");
    let before = file();
    let again = command(folder, SQLITE, &export);
    assert!(again.code == Some(1) && again.err.contains("choose another name with --output"), "{again:?}");
    assert_eq!(file(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_from_a_slow_pipe_keeps_nobody_from_writing() {
    const OTHER: &str = "sqlite://other.db";
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    made(folder).await;
    let whole = command(folder, SQLITE, &["env", "export", "--id", ID]).ok();
    command(folder, OTHER, &["migrate"]).ok();
    let (begin, rest) = whole.split_once('\n').expect("lines");
    for input in ["-", "/dev/stdin"] {
        let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_byoa-server"))
            .args(["env", "import", input, "--database-url", OTHER])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = import.stdin.take().expect("piped");
        // More than a pipe holds: when it is written, the program reads. Spaces after a value mean nothing.
        let padding = " ".repeat(1 << 20);
        pipe.write_all(format!("{begin}{padding}\n").as_bytes()).expect("written");
        let token = ["admin-token", "create", "--name", "other", "--scope", "admin"];
        let created = command(folder, OTHER, &token);
        assert_eq!(created.code, Some(0), "{created:?}");
        pipe.write_all(rest.as_bytes()).expect("written");
        drop(pipe);
        let ended = import.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        // The second time it is there already.
        assert_eq!(ended.status.code(), Some(i32::from(input != "-")), "{said}");
    }
    assert!(command(folder, OTHER, &["env", "list"]).ok().contains(ID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_made_when_asked_and_a_server_may_be_told_to_leave_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = PostgresSchema::make().await;
    for url in [SQLITE, schema.url()] {
        let serve = ["serve", "--no-migrate", "--listen", "127.0.0.1:0"];
        let refused = command(folder.path(), url, &serve);
        assert!(refused.code == Some(1) && refused.err.contains("byoa-server migrate"), "{refused:?}");
        for _ in 0..2 {
            command(folder.path(), url, &["migrate"]).ok();
        }
        Program::new(folder.path(), &serve).env("BYOA_DATABASE_URL", url).serve();
    }
}
