//! One HTTP/1.1 connection, kept alive: a request, its whole answer, the next request. It reads what the
//! servers under load send, and says so where they send something else.

use memchr::memmem;
use std::{io, ops::Range};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum ConnectionError {
    /// The socket failed.
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    /// The server closed in the middle.
    #[error("connection: closed before the answer was complete")]
    Closed,
    /// Not an answer that this reader knows.
    #[error("answer: {0}")]
    Malformed(&'static str),
}

/// A connection that is opened when first used, and again after it broke.
#[derive(Debug)]
pub(crate) struct Connection {
    address: String,
    stream: Option<TcpStream>,
    answer: Vec<u8>,
}

/// An answer, borrowed from the connection until its next request.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
    /// Head and body.
    pub(crate) bytes: usize,
}

impl Connection {
    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, answer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, ConnectionError> {
        // Taken, not borrowed: after an error, or a drop half-way, the next request opens a new one.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(&self.address).await?,
        };
        stream.write_all(request).await?;
        let head = read(&mut stream, &mut self.answer).await?;
        if !head.closes {
            self.stream = Some(stream);
        }
        let bytes = head.body.end;
        Ok(Answer { status: head.status, body: self.answer.get(head.body).unwrap_or_default(), bytes })
    }
}

async fn open(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn read(stream: &mut TcpStream, into: &mut Vec<u8>) -> Result<Head, ConnectionError> {
    into.clear();
    let mut head: Option<Head> = None;
    loop {
        if stream.read_buf(into).await? == 0 {
            return Err(ConnectionError::Closed);
        }
        if head.is_none() {
            head = Head::parse(into).map_err(ConnectionError::Malformed)?;
        }
        match &head {
            Some(known) if into.len() > known.body.end => {
                return Err(ConnectionError::Malformed("more bytes than it announced"));
            }
            Some(known) if into.len() == known.body.end => break,
            _ => {}
        }
    }
    head.ok_or(ConnectionError::Closed)
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body lies in the answer.
    body: Range<usize>,
    closes: bool,
}

impl Head {
    /// `None` while the head is not complete.
    fn parse(answer: &[u8]) -> Result<Option<Self>, &'static str> {
        let Some(end) = memmem::find(answer, b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&answer[..end]).map_err(|_| "head is not text")?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|rest| rest.get(..3)?.parse::<u16>().ok())
            .ok_or("not an HTTP/1.1 status line")?;
        let mut length = (status == 204 || status == 304).then_some(0);
        let mut closes = false;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse().map_err(|_| "content-length is not a number")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err("chunked, which this reader does not know");
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.eq_ignore_ascii_case("close");
            }
        }
        let start = end + 4;
        let length = length.ok_or("no content-length")?;
        Ok(Some(Self { status, body: start..start + length, closes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_when_its_announced_body_is() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: Close\r\n\r\nhello";
        let head = Head::parse(answer).expect("readable").expect("complete");
        assert_eq!((head.status, head.closes), (200, true));
        assert_eq!(&answer[head.body], b"hello");
        assert_eq!(Head::parse(&answer[..30]), Ok(None));
    }

    #[test]
    fn no_content_has_no_body_and_no_length() {
        let head =
            Head::parse(b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n").expect("readable").expect("complete");
        assert_eq!((head.status, head.body.len()), (204, 0));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for answer in [
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        ] {
            assert!(Head::parse(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
