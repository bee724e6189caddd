//! Connections: accepting them, bounding their heads, and ending them without losing an answer.

use crate::metrics::{Connected, Metrics};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

/// How long a peer may take to send a request's head.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long answers in the making are waited for after the first signal.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
/// The most bytes of a request's head; a 16 KiB JWT in a cookie fits several times.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most header lines of a request; a browser behind two proxies sends some thirty.
const MAX_HEADERS: usize = 100;
/// How long to wait after a failed accept, which is mostly "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections there may be at once, and who counts them.
#[derive(Clone, Debug)]
pub struct Connections {
    /// The most. Further ones wait in the system's queue until one ends, which every idle or slow one
    /// does within [`HEAD_TIMEOUT`] or the request's time limit.
    pub max: usize,
    /// Where the open ones are counted.
    pub metrics: Arc<Metrics>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { max: 8192, metrics: Arc::default() }
    }
}

/// Serves `router` on `listener` until `stop` resolves; then accepts nothing more and returns when every
/// accepted request is answered, after [`SHUTDOWN_GRACE`], or when `stop_now` resolves.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Connections,
    stop: impl Future<Output = ()>,
    stop_now: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.max.clamp(1, Semaphore::MAX_PERMITS)));
    let mut stop = pin!(stop);
    loop {
        let accept = async {
            // Never closed, so there is always a permit in the end.
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => break,
            (permit, accepted) = accept => match accepted {
                Ok((stream, peer)) => {
                    let counted = (permit, limits.metrics.connected());
                    spawn(&connections, stream, peer, router.clone(), counted);
                }
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

fn spawn(
    connections: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    counted: (Option<OwnedSemaphorePermit>, Connected),
) {
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
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection ended early");
        }
        drop(counted);
    });
}
