//! ADM-006: a name that means another address each time it is asked for.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{AddressRefused, FetchJwks, FetchPolicy, HttpFetcher, KeySetUnavailable, LookUp, builder};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));

/// Answers with the next list each time, and in the end with the last again and again.
#[derive(Debug)]
struct Rebinding {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Rebinding {
    fn through(answers: &[&[IpAddr]]) -> Arc<Self> {
        let answers = answers.iter().map(|list| list.to_vec()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl LookUp for Rebinding {
    async fn look_up(&self, _name: &str) -> io::Result<Vec<SocketAddr>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers[number].iter().map(|address| SocketAddr::new(*address, 0)).collect())
    }
}

/// A fetcher that asks `look_up`. Its connections begin at loopback, so that none leaves this machine,
/// whatever address it is told.
fn fetcher(policy: FetchPolicy, look_up: &Arc<Rebinding>) -> HttpFetcher {
    let client = builder(policy, look_up.clone()).local_address(LOOPBACK).build().unwrap();
    HttpFetcher { client, policy }
}

#[tokio::test]
async fn a_name_that_is_public_first_and_loopback_then_reaches_nothing_here() {
    let inside = TcpListener::bind((LOOPBACK, 0)).unwrap();
    inside.set_nonblocking(true).unwrap();
    let url = format!("https://rebinding.example:{}/jwks", inside.local_addr().unwrap().port());
    let names = Rebinding::through(&[&[PUBLIC], &[LOOPBACK], &[PUBLIC, LOOPBACK]]);
    let fetcher = fetcher(FetchPolicy::default(), &names);

    // The address that was judged is the one that is called; were the name asked for again, it would be
    // loopback.
    let first = fetcher.fetch(&url.parse().unwrap()).await;
    assert_eq!((first, names.asked()), (Err(KeySetUnavailable::Unreachable), 1));

    for asked in 2..4 {
        let refused = Err(KeySetUnavailable::HostRefused(AddressRefused::NotPublic("loopback")));
        assert_eq!((fetcher.fetch(&url.parse().unwrap()).await, names.asked()), (refused, asked));
    }
    assert_eq!(inside.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came in");
}

#[tokio::test]
async fn the_address_that_was_judged_is_the_one_that_is_called() {
    let listener = tokio::net::TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let url = format!("http://rebinding.example:{}/jwks", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        assert!(read > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    });
    let names = Rebinding::through(&[&[LOOPBACK], &[PUBLIC]]);
    let fetcher = fetcher(FetchPolicy { allow_private: true }, &names);
    let answer = fetcher.fetch(&url.parse().unwrap()).await.unwrap();
    assert_eq!((answer.body.as_slice(), names.asked()), (b"{}".as_slice(), 1));
}
