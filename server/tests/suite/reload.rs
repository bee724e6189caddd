//! SIGHUP: a running program follows its configuration file, all or nothing.

use super::common::{Program, Server, client};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const ID: &str = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";

fn write(folder: &Path, settings: &str) {
    let text = format!("database-url = \"sqlite://byoa.db\"\n{settings}\n");
    fs::write(folder.join("byoa.toml"), text).expect("written");
}

fn serve(settings: &str, more: &[&str]) -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), settings);
    let create = ["--config", "byoa.toml", "env", "create", "--id", ID, "--issuer", "https://i.example"];
    let keys = ["--jwks-url", "https://i.example/jwks"];
    Program::new(folder.path(), &[&create[..], &keys].concat()).finish("").ok();
    let arguments = [&["--config", "byoa.toml", "serve"], more].concat();
    let server = Program::new(folder.path(), &arguments).serve();
    (folder, server)
}

async fn status(server: &Server) -> u16 {
    let request = client().get(format!("{}/api/v0/sdk/{ID}/settings", server.url));
    request.send().await.expect("an answer").status().as_u16()
}

/// How many of the next calls are let in.
async fn let_in(server: &Server, calls: usize) -> usize {
    let mut count = 0;
    for _ in 0..calls {
        count += usize::from(status(server).await == 200);
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_quota_holds_without_a_restart() {
    let listen = "listen = \"127.0.0.1:0\"";
    let (folder, server) = serve(&format!("{listen}\nrate-limit-address = \"3/1h\""), &[]);
    assert_eq!(let_in(&server, 6).await, 3);

    write(folder.path(), &format!("{listen}\nrate-limit-address = \"9/1h\"\naudit-retention = 7"));
    server.signal("HUP");
    let log = server.logged(&["the configuration was read again", "changed=2"]);
    let change = log.lines().find(|line| line.contains("rate-limit-address")).expect("the change is told");
    assert!(change.contains("from=\"3/3600s\"") && change.contains("to=\"9/3600s\""), "{change}");
    assert!(log.contains("setting=\"audit-retention\""), "{log}");
    assert_eq!(let_in(&server, 12).await, 9);

    write(folder.path(), &format!("{listen}\nno-rate-limit = true"));
    server.signal("HUP");
    server.logged(&["read again", "changed=6"]);
    assert_eq!(let_in(&server, 80).await, 80);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_changes_nothing() {
    let quota = "listen = \"127.0.0.1:0\"\nrate-limit-address = \"3/1h\"";
    let (folder, server) = serve(quota, &[]);
    let more = "listen = \"127.0.0.1:0\"\nrate-limit-address = \"100/1h\"";
    let cases = [
        (format!("{more}\nrate-limit-admin = \"fast\""), "rate-limit-admin"),
        (format!("{more}\ntrusted-proxy = [\"all\"]"), "is not a network"),
        (format!("{more}\nlog = \"===\""), "the log filter"),
        (format!("{more}\nrefresh-grace = 301"), "the refresh grace"),
        (format!("{more}\nrate-limits = 1"), "unknown key"),
        (format!("{more}\nlog-format = "), "cannot be used at line 4"),
    ];
    for (settings, sentence) in &cases {
        write(folder.path(), settings);
        server.signal("HUP");
        server.logged(&["ERROR", "the configuration stays as it was", sentence]);
    }
    fs::write(folder.path().join("byoa.toml"), vec![b'#'; 2 << 20]).expect("written");
    server.signal("HUP");
    server.logged(&["ERROR", "the configuration stays as it was", "it is longer than 1048576 bytes"]);
    fs::remove_file(folder.path().join("byoa.toml")).expect("removed");
    server.signal("HUP");
    let log = server.logged(&["ERROR", "the configuration stays as it was", "cannot read"]);
    assert!(!log.contains("a setting was changed"), "{log}");
    assert_eq!(let_in(&server, 6).await, 3, "the quota that it started with");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_for_a_configuration_stops_neither_requests_nor_the_end() {
    let listen = "listen = \"127.0.0.1:0\"";
    let (folder, server) = serve(listen, &[]);
    let file = folder.path().join("byoa.toml");
    fs::remove_file(&file).expect("removed");
    let made = Command::new("mkfifo").arg(&file).status().expect("mkfifo");
    assert!(made.success(), "{made}");
    server.signal("HUP");
    server.logged(&["ERROR", "the configuration stays as it was", "it is not a regular file"]);
    assert_eq!(status(&server).await, 200);
    fs::remove_file(&file).expect("removed");
    write(folder.path(), listen);
    server.signal("HUP");
    server.logged(&["the configuration was read again; nothing changed"]);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_restart_is_named_and_flags_stay_above_the_file() {
    let (folder, server) =
        serve("rate-limit-sign-in = \"5/1m\"", &["--listen", "127.0.0.1:0", "--log", "info"]);
    let settings = "public-url = \"https://auth.example.com\"\nlog-format = \"json\"\nlisten = \"127.0.0.1:1\"\n\
                    log = \"off\"\nrate-limit-sign-in = \"6/1m\"\nno-docs = true\n\
                    master-key-file = \"new.key\"\nold-master-key-file = \"old.key\"";
    for _ in 0..2 {
        write(folder.path(), settings);
        let other = "database-url = \"postgres://byoa:hunter2@db.example/byoa\"";
        fs::write(folder.path().join("byoa.toml"), format!("{settings}\n{other}\n")).expect("written");
        server.signal("HUP");
        server.logged(&["the configuration was read again"]);
    }
    server.signal("HUP");
    let log = server.logged(&["the configuration was read again; nothing changed"]);
    for name in
        ["public-url", "log-format", "database-url", "no-docs", "master-key-file", "old-master-key-file"]
    {
        let told = log.lines().filter(|line| line.contains(&format!("setting=\"{name}\"")));
        let told: Vec<_> = told.collect();
        assert!(!told.is_empty() && told.iter().all(|line| line.contains("WARN")), "{name} in {log}");
        assert!(told.iter().all(|line| line.contains("with the next start only")), "{told:?}");
    }
    assert!(!log.contains("hunter2"), "{log}");
    assert!(!log.contains("setting=\"listen\"") && !log.contains("setting=\"log\""), "flags: {log}");
    assert_eq!(log.matches("a setting was changed").count(), 1, "{log}");
    assert_eq!(status(&server).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_says_more_when_it_is_asked_to() {
    let listen = "listen = \"127.0.0.1:0\"";
    let (folder, server) = serve(&format!("{listen}\nlog = \"warn\""), &[]);
    assert_eq!(status(&server).await, 200);
    write(folder.path(), &format!("{listen}\nlog = \"info\""));
    server.signal("HUP");
    server.logged(&["the configuration was read again", "changed=1"]);
    assert_eq!(status(&server).await, 200);
    let log = server.logged(&["answered"]);
    assert_eq!(log.matches("answered").count(), 1, "the first request was not told: {log}");
}
