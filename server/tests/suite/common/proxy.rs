//! A proxy in front of a database, for taking the database away.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// What callers of the proxy meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The database.
    Open,
    /// What a stopped database leaves: no connections, and none to be had.
    Cut,
    /// What a lost machine or a firewall leaves: connections on which nothing comes.
    Silent,
}

/// The proxy. Ends with the test's runtime.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    line: watch::Sender<Line>,
    done: watch::Receiver<Line>,
}

impl Proxy {
    /// An open one in front of `target`.
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (line, wanted) = watch::channel(Line::Open);
        let (tell, done) = watch::channel(Line::Open);
        tokio::spawn(run(listener, target, wanted, tell));
        Self { address, line, done }
    }

    /// Changes what callers meet from now on. Connections that were open before end or fall silent.
    pub(crate) async fn set(&self, line: Line) {
        self.line.send(line).expect("the proxy runs");
        let mut done = self.done.clone();
        done.wait_for(|now| *now == line).await.expect("the proxy runs");
    }
}

async fn run(
    listener: TcpListener,
    target: String,
    mut wanted: watch::Receiver<Line>,
    tell: watch::Sender<Line>,
) {
    let address = listener.local_addr().expect("an address");
    let mut listener = Some(listener);
    loop {
        let line = *wanted.borrow_and_update();
        let mut closed = None;
        if line == Line::Cut {
            drop(listener.take());
            // Bound and not listening: whoever connects is refused, and nobody else gets the port.
            closed = Some(bound(address));
        }
        tell.send_replace(line);
        loop {
            let accepted = async {
                match &listener {
                    Some(listener) => listener.accept().await.expect("accepted").0,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
                stream = accepted => { tokio::spawn(forward(stream, target.clone(), wanted.clone())); }
            }
        }
        if let Some(socket) = closed {
            listener = Some(socket.listen(1024).expect("the port is ours"));
        }
    }
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("set");
    socket.bind(address).expect("the port is ours");
    socket
}

/// Hands on while the line is open. A connection that has been cut or silent is over when that is.
async fn forward(mut stream: TcpStream, target: String, mut line: watch::Receiver<Line>) {
    if *line.borrow() == Line::Open
        && let Ok(mut database) = TcpStream::connect(&target).await
    {
        tokio::select! {
            _ = copy_bidirectional(&mut stream, &mut database) => return,
            _ = line.wait_for(|line| *line != Line::Open) => {}
        }
    }
    // Silent: held, and nothing handed on.
    let _ = line.wait_for(|line| *line != Line::Silent).await;
}
