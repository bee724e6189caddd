//! NET-002: the disk is full, and the database is gone, under a real server: it says so within a bound,
//! keeps what it acknowledged, and goes on by itself afterwards.

use super::common::proxy::{Line, Proxy};
use super::common::{ISSUER, Program, Server, client};
use super::crash::{ID, issuer, serve_on, token};
use byoa_server::testing::PostgresSchema;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// How long any answer may take, whatever has happened to the database.
const BOUND: Duration = Duration::from_secs(20);

/// The status and the code of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Said(u16, String);

fn unavailable() -> Said {
    Said(503, "service_unavailable".to_owned())
}

fn done(status: u16) -> Said {
    Said(status, String::new())
}

async fn said(request: reqwest::RequestBuilder) -> (Said, Value) {
    let answer = request.timeout(BOUND).send().await.expect("an answer within the bound");
    let (status, wait) = (answer.status().as_u16(), answer.headers().get("retry-after").is_some());
    assert_eq!(status == 503, wait, "a 503 says when to come back");
    let body: Value = serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default();
    (Said(status, body["code"].as_str().unwrap_or_default().to_owned()), body)
}

fn url(server: &Server, operation: &str) -> String {
    format!("{}/api/v0/sdk/{ID}/{operation}", server.url)
}

/// Signs a subject in: what was said, and the bearer token where there is one.
async fn sign_in(server: &Server, subject: usize) -> (Said, Option<String>) {
    let body = json!({ "jwt": token(subject) }).to_string();
    let request = client().post(url(server, "externalAuth/signin"));
    let (said, body) = said(request.header("content-type", "application/json").body(body)).await;
    (said, body["minifiedJwt"].as_str().map(str::to_owned))
}

async fn signed_in(server: &Server, subject: usize) -> String {
    let (said, bearer) = sign_in(server, subject).await;
    assert_eq!(said, done(200));
    bearer.expect("a token")
}

async fn probe(server: &Server, bearer: &str) -> Said {
    said(client().get(url(server, "session")).bearer_auth(bearer)).await.0
}

async fn refresh(server: &Server, bearer: &str) -> (Said, Option<String>) {
    let (said, body) = said(client().post(url(server, "refresh")).bearer_auth(bearer)).await;
    (said, body["minifiedJwt"].as_str().map(str::to_owned))
}

async fn rename(server: &Server, bearer: &str, alias: &str) -> Said {
    let body = json!({ "alias": alias }).to_string();
    let request = client().put(url(server, "users")).bearer_auth(bearer);
    said(request.header("content-type", "application/json").body(body)).await.0
}

/// `healthz` and `readyz`.
async fn health(server: &Server) -> [u16; 2] {
    let ask = async |path: &str| said(client().get(format!("{}/{path}", server.url))).await.0.0;
    [ask("healthz").await, ask("readyz").await]
}

async fn create(folder: &Path, database_url: &str) {
    let jwks = issuer().await;
    let create =
        ["env", "create", "--id", ID, "--issuer", ISSUER, "--jwks-url", &jwks, "--allow-private-jwks"];
    Program::new(folder, &create).env("BYOA_DATABASE_URL", database_url).finish("").ok();
}

#[cfg(target_os = "linux")]
mod disk {
    use super::*;
    use crate::common::run;
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

    /// From now on no file of the server grows beyond `bytes`; without a number, as far as it likes.
    fn limit(server: &Server, bytes: Option<u64>) {
        let process = Pid::from_raw(server.id().try_into().expect("an id"));
        let maximum = getrlimit(Resource::Fsize).maximum;
        prlimit(process, Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).expect("limited");
    }

    async fn numbers(folder: &Path) -> (i64, i64, i64) {
        let url = format!("sqlite://{}/byoa.db?mode=ro", folder.display());
        let pool = sqlx::SqlitePool::connect(&url).await.expect("the database");
        let (health,): (String,) =
            sqlx::query_as("PRAGMA integrity_check").fetch_one(&pool).await.expect("a word");
        assert_eq!(health, "ok");
        let count = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions),
                     (SELECT count(*) FROM credentials WHERE kind = 'externalUser')";
        sqlx::query_as(count).fetch_one(&pool).await.expect("numbers")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing_that_was_acknowledged() {
        let folder = tempfile::tempdir().expect("a folder");
        create(folder.path(), "sqlite://byoa.db").await;
        let server = serve_on(folder.path(), "sqlite://byoa.db");
        let mut acknowledged = Vec::new();
        for subject in 0..5 {
            acknowledged.push(signed_in(&server, subject).await);
        }
        assert_eq!(health(&server).await, [200, 200]);

        // Written until the limit and not beyond, as a disk is until it is full.
        let log = folder.path().join("byoa.db-wal");
        limit(&server, Some(std::fs::metadata(&log).expect("the log").len() + 6_000));
        let mut refused = 0;
        for subject in 100..140 {
            match sign_in(&server, subject).await {
                (said, Some(bearer)) => {
                    assert_eq!(said, done(200));
                    acknowledged.push(bearer);
                }
                (said, None) => {
                    assert_eq!(said, unavailable());
                    refused += 1;
                }
            }
        }
        assert!(refused >= 35, "{refused}");
        // What little room is left, small changes may use.
        let mut renamed = 0;
        let said = loop {
            match rename(&server, &acknowledged[0], "Ada").await {
                Said(200, _) if renamed < 10 => renamed += 1,
                said => break said,
            }
        };
        assert_eq!(said, unavailable());
        assert_eq!(sign_in(&server, 200).await, (unavailable(), None));
        assert_eq!(refresh(&server, &acknowledged[1]).await, (unavailable(), None));
        assert_eq!(health(&server).await, [200, 503], "it lives, and should get no requests");
        for bearer in &acknowledged {
            assert_eq!(probe(&server, bearer).await, done(204), "what is there can be read");
        }

        // The last that fails is not of the group that the server gives a new connection to.
        assert_eq!(rename(&server, &acknowledged[0], "Ada").await, unavailable());
        limit(&server, None);
        assert_eq!(health(&server).await, [200, 200], "found out without a sign-in");
        assert_eq!(rename(&server, &acknowledged[0], "Ada").await, done(200));
        let (said, newest) = refresh(&server, &acknowledged[1]).await;
        assert_eq!(said, done(200), "what failed did not use the token up");
        acknowledged[1] = newest.expect("a token");
        acknowledged.push(signed_in(&server, 200).await);
        server.signal("TERM");
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");

        let server = serve_on(folder.path(), "sqlite://byoa.db");
        for bearer in &acknowledged {
            assert_eq!(probe(&server, bearer).await, done(204));
        }
        let sessions = i64::try_from(acknowledged.len()).expect("small");
        assert_eq!(numbers(folder.path()).await, (sessions, sessions, sessions), "nothing by halves");
        let events = run(folder.path(), &["audit", "list", "--limit", "1", "--json"]).ok();
        let latest: Value = serde_json::from_str(&events).expect("JSON");
        assert_eq!(latest[0]["action"], "user.session.created", "the audit log goes on as well");
    }
}

/// A server whose way to PostgreSQL can be cut.
struct Remote {
    _schema: PostgresSchema,
    folder: TempDir,
    proxy: Proxy,
    database_url: String,
}

async fn remote() -> Remote {
    let schema = PostgresSchema::make().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut url: Url = schema.url().parse().expect("a URL");
    let target = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
    let proxy = Proxy::start(target).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(proxy.address.port())).expect("a port");
    let database_url = url.to_string();
    create(folder.path(), &database_url).await;
    Remote { _schema: schema, folder, proxy, database_url }
}

/// Every session that was acknowledged, asked for at once, so that many connections to the database are used.
async fn probe_all(server: &Server, bearers: &[String]) -> Vec<Said> {
    futures_util::future::join_all(bearers.iter().map(|bearer| probe(server, bearer))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_stopped_ends_no_session_and_is_found_again_without_a_restart() {
    let Remote { _schema, folder, proxy, database_url } = remote().await;
    let server = serve_on(folder.path(), &database_url);
    let mut bearers = Vec::new();
    for subject in 0..30 {
        bearers.push(signed_in(&server, subject).await);
    }
    assert!(probe_all(&server, &bearers).await.iter().all(|said| *said == done(204)));

    proxy.set(Line::Cut).await;
    let (refreshed, signed, renamed, probed, health_now) = tokio::join!(
        refresh(&server, &bearers[0]),
        sign_in(&server, 100),
        rename(&server, &bearers[1], "Ada"),
        probe(&server, &bearers[2]),
        health(&server),
    );
    assert_eq!([refreshed.0, signed.0, renamed, probed], [(); 4].map(|()| unavailable()));
    assert_eq!(health_now, [200, 503]);

    // The first requests that come: none of them meets what is left of the connections from before.
    proxy.set(Line::Open).await;
    let all = probe_all(&server, &bearers).await;
    assert!(all.iter().all(|said| *said == done(204)), "{all:?}");
    assert_eq!(health(&server).await, [200, 200]);
    assert_eq!(refresh(&server, &bearers[0]).await.0, done(200));
    assert_eq!(rename(&server, &bearers[1], "Ada").await, done(200));
    signed_in(&server, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_holds_nobody_for_longer_than_the_bound() {
    let Remote { _schema, folder, proxy, database_url } = remote().await;
    let server = serve_on(folder.path(), &database_url);
    let mut bearers = Vec::new();
    for subject in 0..30 {
        bearers.push(signed_in(&server, subject).await);
    }
    probe_all(&server, &bearers).await;

    // More requests than there are connections to the database.
    proxy.set(Line::Silent).await;
    let (all, signed, health_now) =
        tokio::join!(probe_all(&server, &bearers), sign_in(&server, 100), health(&server));
    assert!(all.iter().all(|said| *said == unavailable()), "{all:?}");
    assert_eq!((signed.0, health_now), (unavailable(), [200, 503]));

    proxy.set(Line::Open).await;
    let all = probe_all(&server, &bearers).await;
    assert!(all.iter().all(|said| *said == done(204)), "{all:?}");
    signed_in(&server, 100).await;

    // Nor does it hold the server's end up.
    proxy.set(Line::Silent).await;
    server.signal("TERM");
    let ended = tokio::task::spawn_blocking(|| server.wait());
    let (code, log) = tokio::time::timeout(BOUND, ended).await.expect("in time").expect("no panic");
    assert_eq!(code, Some(0), "{log}");
}
