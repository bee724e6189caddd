//! Connections: accepting them, bounding how slow they are, and ending them without losing an answer.

use super::connections::{Held, PerAddress};
use crate::live::Live;
use crate::metrics::{Connected, Metrics};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutWriter;
use tower::ServiceExt as _;

/// How long a peer may take to send a request's head, and to begin with the next request.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a peer may take to send a request's body, however steadily it drips.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a peer may take nothing of an answer that waits for it.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long answers in the making are waited for after the first signal.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
/// The most bytes of a request's head; a 16 KiB JWT in a cookie fits several times.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most header lines of a request; a browser behind two proxies sends some thirty.
const MAX_HEADERS: usize = 100;
/// How long to wait after a failed accept, which is mostly "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a peer may take for its part.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// [`HEAD_TIMEOUT`].
    pub head: Duration,
    /// [`BODY_TIMEOUT`].
    pub body: Duration,
    /// [`WRITE_TIMEOUT`].
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { head: HEAD_TIMEOUT, body: BODY_TIMEOUT, write: WRITE_TIMEOUT }
    }
}

/// How many connections there may be at once, how slow they may be, and who counts them.
#[derive(Clone, Debug)]
pub struct Connections {
    /// The most. Further ones wait in the system's queue until one ends, which every idle or slow one
    /// does within its [`Timeouts`] or the request's time limit.
    pub max: usize,
    /// The most of one address, an IPv6 address counting as its /64 network. Further ones are closed.
    pub per_address: Live<usize>,
    /// Networks of proxies, which hold as many as they need: everybody comes through them.
    pub trusted_proxies: Live<Arc<[IpNet]>>,
    /// How long a peer may take.
    pub timeouts: Timeouts,
    /// Where the open ones are counted.
    pub metrics: Arc<Metrics>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            max: 8192,
            per_address: Live::new(512),
            trusted_proxies: Live::new(Arc::new([])),
            timeouts: Timeouts::default(),
            metrics: Arc::default(),
        }
    }
}

impl Connections {
    /// The most that this peer may have.
    fn most_of(&self, peer: IpAddr) -> usize {
        let peer = peer.to_canonical();
        let is_proxy = self.trusted_proxies.get().iter().any(|network| network.contains(&peer));
        if is_proxy { usize::MAX } else { self.per_address.get() }
    }
}

/// What an open connection takes up, given back when it ends.
#[derive(Debug)]
struct Counted {
    _permit: Option<OwnedSemaphorePermit>,
    _connected: Connected,
    _held: Held,
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
    let open = Arc::new(PerAddress::default());
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
                    let Some(held) = open.enter(peer.ip(), limits.most_of(peer.ip())) else {
                        // Dropped, which closes it: an answer would cost what is to be saved.
                        limits.metrics.connection_refused();
                        continue;
                    };
                    let connected = limits.metrics.connected();
                    let counted = Counted { _permit: permit, _connected: connected, _held: held };
                    spawn(&connections, stream, peer, router.clone(), limits.timeouts, counted);
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
    timeouts: Timeouts,
    counted: Counted,
) {
    if let Err(cause) = stream.set_nodelay(true) {
        tracing::debug!(%cause, "a connection is already gone");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(timeouts);
        let router = router.clone();
        async move { router.oneshot(request).await }
    });
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(timeouts.write));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection ended early");
        }
        drop(counted);
    });
}
