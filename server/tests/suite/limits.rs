//! Who calls too often, too slowly or from too many connections, over real sockets where that matters.

use super::common::{Answer, ORIGIN, Program, TestApp, Token, client, get, post, run};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use byoa_server::http::{Connections, serve};
use byoa_server::limits::{LimitSettings, Limits};
use byoa_server::live::Live;
use serde_json::json;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An app with these sign-in quotas, behind proxies of 10.0.0.0/8.
async fn limited(sign_in: &str) -> TestApp {
    let app = TestApp::start().await;
    let settings = LimitSettings { sign_in: sign_in.parse().expect("quotas"), ..LimitSettings::default() };
    let limits = Limits::new(&settings, app.clock.clone());
    let proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    app.changed(|state| state.with_limits(limits).with_trusted_proxies(proxies))
}

async fn from(app: &TestApp, mut request: Request<Body>, peer: &str, forwarded: Option<&str>) -> Answer {
    let peer: SocketAddr = format!("{peer}:4711").parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(forwarded) = forwarded {
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
    }
    app.call(request).await
}

fn sign_in(app: &TestApp, jwt: &str) -> Request<Body> {
    let body = Body::from(json!({ "jwt": jwt }).to_string());
    post(&app.path("externalAuth/signin")).body(body).expect("a request")
}

#[tokio::test]
async fn one_request_too_many_is_told_when_to_come_back() {
    let app = limited("1000/60s").await;
    for number in 0..60 {
        let answer = from(&app, get(&app.path("settings")), "192.0.2.1", None).await;
        assert_eq!(answer.status, StatusCode::OK, "{number}");
    }
    let request = Request::get(app.path("settings")).header("origin", ORIGIN).body(Body::empty());
    let answer = from(&app, request.expect("a request"), "192.0.2.1", None).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        answer.json(),
        json!({ "error": "Too many requests. Please try again later.", "code": "too_many_requests" })
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "a page can read it");
    assert_eq!(answer.header("connection"), Some("close"));
    let wait: u64 = answer.header("retry-after").expect("when").parse().expect("seconds");
    assert!((1..=11).contains(&wait), "{wait}");
    assert_eq!(from(&app, get(&app.path("settings")), "192.0.2.2", None).await.status, StatusCode::OK);
    assert_eq!(from(&app, get("/healthz"), "192.0.2.1", None).await.status, StatusCode::OK);
    app.clock.advance(Duration::from_secs(wait));
    assert_eq!(from(&app, get(&app.path("settings")), "192.0.2.1", None).await.status, StatusCode::OK);
    assert!(app.state.metrics.text().contains("byoa_rate_limited_total{scope=\"address\"} 1"));
}

#[tokio::test]
async fn tim_005_a_forged_forwarded_for_does_not_dodge_the_limit() {
    let app = limited("3/60s").await;
    let bad = Token::good().claim("exp", 1).build();
    for number in 0..20 {
        let forged = format!("198.51.100.{number}");
        let answer = from(&app, sign_in(&app, &bad), "192.0.2.1", Some(&forged)).await;
        let expected = if number < 3 { 422 } else { 429 };
        assert_eq!(answer.status.as_u16(), expected, "{number}: {}", answer.text());
    }
    assert_eq!(app.rows().await, (0, 0));
    // A trusted proxy is believed, about the last address that is not its own and no other.
    for number in 0..20 {
        let chain = format!("198.51.100.{number}, 203.0.113.7");
        let answer = from(&app, sign_in(&app, &bad), "10.0.0.1", Some(&chain)).await;
        assert_eq!(answer.status.as_u16(), if number < 3 { 422 } else { 429 }, "{number}");
        assert_eq!(answer.header("connection"), None, "others come over it as well");
    }
    let answer = from(&app, sign_in(&app, &Token::good().build()), "10.0.0.1", Some("203.0.113.8")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn a_preflight_is_not_counted() {
    let app = limited("60/60s").await;
    for _ in 0..100 {
        let request = Request::options(app.path("settings"))
            .header("origin", ORIGIN)
            .header("access-control-request-method", "GET");
        let answer = from(&app, request.body(Body::empty()).expect("a request"), "192.0.2.1", None).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(from(&app, get(&app.path("settings")), "192.0.2.1", None).await.status, StatusCode::OK);
}

/// Serves the app on a socket; where.
async fn listening(app: &TestApp, max: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let metrics = app.state.metrics.clone();
    // All of a test's callers have one address.
    let connections = Connections { max, per_address: Live::new(max), metrics, ..Connections::default() };
    tokio::spawn(serve(listener, app.router.clone(), connections, pending(), pending()));
    address
}

/// Signs the good token's user in over a socket; the status.
async fn good(app: &TestApp, address: SocketAddr) -> StatusCode {
    let request = client()
        .post(format!("http://{address}{}", app.path("externalAuth/signin")))
        .header("content-type", "application/json")
        .body(json!({ "jwt": Token::good().build() }).to_string());
    request.timeout(Duration::from_secs(10)).send().await.expect("an answer").status()
}

/// What a raw message is answered with.
async fn raw(address: SocketAddr, message: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The server may close before it has read all of it.
    let _ = stream.write_all(message.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_015_half_sent_requests_stop_nobody() {
    let app = TestApp::start().await;
    let address = listening(&app, 8192).await;
    let mut held = Vec::new();
    for number in 0..50 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let path = app.path("externalAuth/signin");
        let lines = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n");
        let more = if number % 2 == 0 { "content-length: 1000\r\n\r\n{" } else { "content-le" };
        stream.write_all(format!("{lines}{more}").as_bytes()).await.expect("sent");
        held.push(stream);
    }
    assert_eq!(good(&app, address).await, StatusCode::OK);
    assert!(app.state.metrics.text().contains("byoa_connections 5"), "{}", app.state.metrics.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn net_004_a_thousand_idle_connections_stop_nobody() {
    const IDLE: usize = 1_000;
    allow_open_files(2 * IDLE as u64 + 100);
    let app = TestApp::start().await;
    let address = listening(&app, 8192).await;
    let mut held = Vec::new();
    for _ in 0..IDLE {
        held.push(TcpStream::connect(address).await.expect("a connection"));
    }
    let all_open = format!("byoa_connections {IDLE}\n");
    let opened = async {
        while !app.state.metrics.text().contains(&all_open) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), opened).await.expect("the server holds them all");
    for _ in 0..10 {
        assert_eq!(good(&app, address).await, StatusCode::OK);
    }
    assert_eq!(held.len(), IDLE);
}

/// Both ends of each connection are this process's, and many systems begin with 1,024 open files.
fn allow_open_files(needed: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let more = Rlimit { current: Some(needed), ..limit };
        setrlimit(Resource::Nofile, more).expect("this system lets a process open 2,100 files");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_over_the_limit_wait_for_room() {
    let app = TestApp::start().await;
    let address = listening(&app, 2).await;
    let held = [TcpStream::connect(address).await, TcpStream::connect(address).await];
    let waiting = tokio::spawn(async move { raw(address, "GET /healthz HTTP/1.0\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    drop(held);
    let answer =
        tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("in time").expect("no panic");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_have_bounds() {
    let app = TestApp::start().await;
    let address = listening(&app, 100).await;
    let many = "x-a: b\r\n".repeat(101);
    let long = format!("x-a: {}\r\n", "b".repeat(512 * 1024));
    let answer = raw(address, &format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    // The connection may be reset before the answer is read, since the rest is not.
    let answer = raw(address, &format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{long}\r\n")).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(good(&app, address).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_016_a_message_with_two_lengths_is_refused_and_its_connection_closed() {
    let app = TestApp::start().await;
    let address = listening(&app, 100).await;
    let path = app.path("externalAuth/signin");
    let body = json!({ "jwt": Token::good().build() }).to_string();
    let message = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n",
        body.len(),
        body.len()
    );
    let answer = raw(address, &message).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn the_program_limits_unless_told_otherwise_and_tells_its_metrics_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";
    run(
        folder.path(),
        &[
            "env",
            "create",
            "--id",
            id,
            "--issuer",
            "https://i.example",
            "--jwks-url",
            "https://i.example/jwks",
        ],
    )
    .ok();
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let serve = |more: &[&str]| {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        Program::new(folder.path(), &arguments).env("BYOA_DATABASE_URL", "sqlite://byoa.db").serve()
    };
    let metrics = free.to_string();
    for (more, expected) in [(&["--metrics-listen", &metrics][..], 429), (&["--no-rate-limit"], 200)] {
        let server = serve(more);
        let client = client();
        let mut last = 0;
        for _ in 0..61 {
            let url = format!("{}/api/v0/sdk/{id}/settings", server.url);
            last = client.get(url).send().await.expect("an answer").status().as_u16();
        }
        assert_eq!(last, expected);
        let own = client.get(format!("{}/metrics", server.url)).send().await.expect("an answer");
        assert_eq!(own.status(), 404, "metrics are not for everybody");
        let elsewhere = client.get(format!("http://{metrics}/metrics")).send().await;
        assert_eq!(elsewhere.is_ok(), expected == 429);
        if let Ok(elsewhere) = elsewhere {
            let text = elsewhere.text().await.expect("text");
            assert!(text.contains("byoa_rate_limited_total{scope=\"address\"} 1"), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_a_host_or_with_two_is_refused_and_its_connection_closed() {
    let app = TestApp::start().await;
    let address = listening(&app, 100).await;
    for hosts in ["", "host: a\r\nhost: b\r\n"] {
        let answer = raw(address, &format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("connection: close"), "{answer}");
        assert!(answer.contains("bad_request") && answer.contains("one Host header"), "{answer}");
    }
    let answer = raw(address, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "HTTP/1.0 knows no Host: {answer}");
}
