//! Peers that take their time, each over a real socket with a short time bound: in a head, in a body, in
//! reading, and by holding many connections.

use super::common::{TestApp, Token, client};
use axum::http::StatusCode;
use byoa_server::http::{Connections, Timeouts, serve};
use byoa_server::live::Live;
use serde_json::json;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};

/// The bound that a test is about.
const SHORT: Duration = Duration::from_millis(300);
/// The bounds that it is not about, and how long a test waits for what must come.
const LONG: Duration = Duration::from_mins(1);
/// How often a slow peer does its least.
const DRIP: Duration = Duration::from_millis(20);

const PATIENT: Timeouts = Timeouts { head: LONG, body: LONG, write: LONG };

/// Serves the app on a socket; where.
async fn listening(app: &TestApp, connections: Connections) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let connections = Connections { metrics: app.state.metrics.clone(), ..connections };
    tokio::spawn(serve(listener, app.router.clone(), connections, pending(), pending()));
    address
}

async fn within(app: &TestApp, timeouts: Timeouts) -> SocketAddr {
    listening(app, Connections { timeouts, ..Connections::default() }).await
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// What is answered until the connection ends, while a byte is sent now and then.
async fn dripping(stream: TcpStream, byte: u8) -> String {
    let (mut reading, mut writing) = stream.into_split();
    let drip = async move {
        let mut drops = interval(DRIP);
        loop {
            drops.tick().await;
            if writing.write_all(&[byte]).await.is_err() {
                // Gone; what it answered is still to be read.
                pending::<()>().await;
            }
        }
    };
    let read = async move {
        let mut answer = Vec::new();
        // A connection that is reset has ended as well.
        let _ = reading.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    let ended = async {
        tokio::select! { answer = read => answer, () = drip => String::new() }
    };
    timeout(LONG, ended).await.expect("the server ends it")
}

/// Signs the good token's user in; the status.
async fn good(app: &TestApp, address: SocketAddr) -> StatusCode {
    let request = client()
        .post(format!("http://{address}{}", app.path("externalAuth/signin")))
        .header("content-type", "application/json")
        .body(json!({ "jwt": Token::good().build() }).to_string());
    request.timeout(LONG).send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_drips_ends_its_connection() {
    let app = TestApp::start().await;
    let address = within(&app, Timeouts { head: SHORT, ..PATIENT }).await;
    let mut stream = connect(address).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nx-a: ").await.expect("sent");
    let answer = dripping(stream, b'b').await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(good(&app, address).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_not_used_again_ends() {
    let app = TestApp::start().await;
    let address = within(&app, Timeouts { head: SHORT, ..PATIENT }).await;
    let mut stream = connect(address).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    timeout(LONG, stream.read_to_end(&mut answer)).await.expect("in time").expect("a proper end");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("connection: close"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_drips_is_answered_408_and_its_connection_closed() {
    let app = TestApp::start().await;
    let address = within(&app, Timeouts { body: SHORT, ..PATIENT }).await;
    for path in [app.path("externalAuth/signin"), app.path("externalAuth/signin?again")] {
        let mut stream = connect(address).await;
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n");
        let body = "content-length: 60000\r\n\r\n{";
        stream.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
        let answer = dripping(stream, b' ').await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("connection: close") && answer.contains("\"request_timeout\""), "{answer}");
    }
    assert_eq!(app.rows().await, (0, 0));
    assert_eq!(good(&app, address).await, StatusCode::OK);
    let text = app.state.metrics.text();
    assert!(text.contains("status=\"408\"} 2") && !text.contains("status=\"503\""), "{text}");
}

/// Requests without end on one connection until the server ends it, reading a byte now and then or none.
async fn asks_and_does_not_read(app: &TestApp, address: SocketAddr, reads: bool) {
    let request = format!("GET {} HTTP/1.1\r\nhost: a\r\n\r\n", app.path("settings")).repeat(100);
    let (mut reading, mut writing) = connect(address).await.into_split();
    let drip = tokio::spawn(async move {
        let mut drops = interval(DRIP);
        while reads && reading.read_u8().await.is_ok() {
            drops.tick().await;
        }
        // Not closed: it is there, and reads nothing.
        pending::<()>().await;
        drop(reading);
    });
    let asking = async { while writing.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(LONG, asking).await.expect("the server ends it");
    drip.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_no_answers_or_hardly_any_loses_the_connection() {
    let app = TestApp::start().await;
    let address = within(&app, Timeouts { write: SHORT, ..PATIENT }).await;
    tokio::join!(
        asks_and_does_not_read(&app, address, false),
        asks_and_does_not_read(&app, address, true),
        async { assert_eq!(good(&app, address).await, StatusCode::OK) },
    );
}

/// Whether the server keeps this connection and answers on it.
async fn is_kept(stream: &mut TcpStream) -> bool {
    let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut start = [0; 12];
    stream.write_all(request).await.is_ok()
        && timeout(LONG, stream.read_exact(&mut start)).await.expect("in time").is_ok()
        && &start == b"HTTP/1.1 200"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_holds_no_more_connections_than_it_may_and_a_proxy_as_many_as_it_needs() {
    let app = TestApp::start().await;
    let limits = Connections { per_address: Live::new(2), ..Connections::default() };
    let (per_address, proxies) = (limits.per_address.clone(), limits.trusted_proxies.clone());
    let address = listening(&app, limits).await;
    let mut held = [connect(address).await, connect(address).await];
    for stream in &mut held {
        assert!(is_kept(stream).await);
    }
    assert!(!is_kept(&mut connect(address).await).await);
    assert!(app.state.metrics.text().contains("byoa_connections_refused_total 1"));
    let [gone, stays] = held;
    drop(gone);
    let room = async { while !is_kept(&mut connect(address).await).await {} };
    timeout(LONG, room).await.expect("what ended makes room");

    per_address.set(0);
    assert!(!is_kept(&mut connect(address).await).await, "a change holds from the next connection on");
    proxies.set(Arc::new(["127.0.0.0/8".parse().expect("a network")]));
    assert!(is_kept(&mut connect(address).await).await);
    drop(stays);
}
