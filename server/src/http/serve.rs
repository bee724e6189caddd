//! Connections: accepting them, bounding their heads, and ending them without losing an answer.

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// How long a peer may take to send a request's head.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long answers in the making are waited for after the first signal.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
/// The most bytes of a request's head; a 16 KiB JWT in a cookie fits several times.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How long to wait after a failed accept, which is mostly "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `stop` resolves; then accepts nothing more and returns when every
/// accepted request is answered, after [`SHUTDOWN_GRACE`], or when `stop_now` resolves.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
    stop_now: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => spawn(&connections, stream, peer, router.clone()),
                Err(cause) => {
                    tracing::warn!(%cause, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = stop_now => tracing::warn!("ended at once by a second signal"),
        () = tokio::time::sleep(SHUTDOWN_GRACE) => tracing::warn!("some answers were not finished in time"),
    }
}

fn spawn(connections: &GracefulShutdown, stream: TcpStream, peer: SocketAddr, router: Router) {
    if let Err(cause) = stream.set_nodelay(true) {
        tracing::debug!(%cause, "a connection is already gone");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { router.oneshot(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection ended early");
        }
    });
}
