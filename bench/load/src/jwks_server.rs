//! Publishes the issuer's keys on loopback, on a thread of its own that sleeps while nobody asks.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// A listening socket; connections wait in its queue until [`Self::publish`].
#[derive(Debug)]
pub(crate) struct JwksServer {
    listener: TcpListener,
    origin: String,
}

impl JwksServer {
    /// Takes a free port.
    pub(crate) fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let origin = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, origin })
    }

    /// Where it listens.
    pub(crate) fn origin(&self) -> String {
        self.origin.clone()
    }

    /// Answers every request with the keys from now on, and says at which URL.
    pub(crate) fn publish(self, keys: String) -> String {
        let url = format!("{}/jwks.json", self.origin);
        thread::spawn(move || {
            for stream in self.listener.incoming().flatten() {
                // One that breaks off is not this server's trouble: whoever asked asks again.
                let _broken = answer(stream, &keys);
            }
        });
        url
    }
}

fn answer(mut stream: TcpStream, keys: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while memchr::memmem::find(&head, b"\r\n\r\n").is_none() {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => head.extend_from_slice(&buffer[..read]),
        }
    }
    let length = keys.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: max-age=3600\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{keys}"
    )
}
