use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use super::{AddressRefused, CheckedResolver, FetchPolicy, HttpSender, Outgoing, SendProblem, SendWebhook};

/// An endpoint of one raw answer per connection; its URL, and what it was sent.
async fn answering(answer: Vec<u8>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            seen.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
            let _written = stream.write_all(&answer).await;
        }
    });
    (url, requests)
}

fn outgoing(url: &str) -> Outgoing {
    let body = b"{}".to_vec();
    Outgoing { url: url.to_owned(), message_id: Uuid::from_u128(7), signature: "sha256=00".to_owned(), body }
}

async fn send(url: &str, allow_private: bool) -> Result<u16, SendProblem> {
    HttpSender::new(FetchPolicy { allow_private }).unwrap().send(&outgoing(url)).await
}

#[tokio::test]
async fn a_message_is_posted_with_its_signature_and_id() {
    let (url, requests) = answering(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec()).await;
    assert_eq!(send(&url, true).await, Ok(204));
    let request = requests.lock().unwrap().concat();
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    for line in [
        "content-type: application/json\r\n",
        "x-dynamic-signature-256: sha256=00\r\n",
        "x-byoa-message-id: 00000000-0000-0000-0000-000000000007\r\n",
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (target, reached) = answering(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec()).await;
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} X\r\nlocation: {target}\r\nconnection: close\r\n\r\n");
        let (url, _) = answering(head.into_bytes()).await;
        assert_eq!(send(&url, true).await, Ok(status));
    }
    assert!(reached.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_public_or_not_https_is_not_called() {
    let (url, requests) = answering(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let port = url.rsplit(':').next().unwrap().to_owned();
    let refused = |url: String| async move {
        match send(&url, false).await {
            Err(SendProblem::AddressRefused(why)) => why,
            other => panic!("{url}: {other:?}"),
        }
    };
    assert_eq!(refused(url).await, AddressRefused::Scheme);
    for host in
        ["127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "localhost"]
    {
        assert!(matches!(refused(format!("https://{host}:{port}")).await, AddressRefused::NotPublic(_)));
    }
    assert!(requests.lock().unwrap().is_empty());
}

/// A name that was public when the webhook was made and is not any more: the address is judged at the moment
/// of connecting, in the client's own resolver, and there is no second resolution between.
#[tokio::test]
async fn a_name_that_has_moved_into_our_network_is_not_called() {
    let sender = HttpSender::new(FetchPolicy::default()).unwrap();
    // Past the check of the URL's spelling, as a name would be that anybody may register.
    let error = sender.client.post("https://localhost:1/").send().await.unwrap_err();
    let refused = SendProblem::AddressRefused(AddressRefused::NotPublic("loopback"));
    assert_eq!(super::explain(&error), refused);
    let resolver = CheckedResolver::new(FetchPolicy::default());
    let mixed = ["8.8.8.8:0".parse().unwrap(), "192.168.0.1:0".parse().unwrap()];
    assert!(resolver.check(&mixed).is_err(), "one bad address among good ones refuses the name");
}

#[tokio::test]
async fn a_long_answer_is_not_read_to_its_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let endless = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _read = stream.read(&mut request).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut written = 0_usize;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {
            written += 4096;
        }
        written
    });
    assert_eq!(send(&url, true).await, Ok(200));
    // Ends only because the sender has hung up; what was written beyond lay in the system's buffers.
    assert!(endless.await.unwrap() < 64 * 1024 * 1024);
}

/// The clock is tokio's, which moves on by itself where nothing else happens.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_answer_is_waited_for_ten_seconds() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let begun = tokio::time::Instant::now();
    let answer = tokio::time::timeout(crate::webhooks::LEASE, send(&url, true)).await;
    assert_eq!(answer, Ok(Err(SendProblem::Timeout)), "and not for as long as a message is handed out");
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    assert_eq!(send("http://127.0.0.1:1/", true).await, Err(SendProblem::Unreachable));
}
