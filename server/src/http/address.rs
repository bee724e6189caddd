//! The address that a request comes from. `X-Forwarded-For` is believed only where a trusted proxy sends
//! it, and read from its end: what stands before the first stranger, that stranger may have made up.

use crate::AppState;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The caller's address, in every request's extensions where it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// Puts the caller's address into the request.
pub(super) fn resolve(state: &AppState, request: &mut Request) {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let address = caller(peer.ip(), request.headers(), &state.trusted_proxies.get());
        request.extensions_mut().insert(ClientAddress(address));
    }
}

/// Whether the caller holds the connection itself, so that nobody else comes through it.
pub(super) fn is_direct(request: &Extensions) -> bool {
    let peer = request.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    peer.is_some() && peer == request.get::<ClientAddress>().map(|ClientAddress(address)| *address)
}

/// The first address from the end that is not a trusted proxy's; what cannot be read ends the search.
fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut address = peer.to_canonical();
    let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.to_str().unwrap_or("unreadable").rsplit(','));
    while trusted.iter().any(|network| network.contains(&address)) {
        let Some(hop) = hops.next().and_then(|hop| read(hop.trim())) else { break };
        address = hop;
    }
    address
}

/// An address, or an address and a port as some proxies write it.
fn read(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    hop.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|text| text.parse().expect("a network")).collect();
        caller(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_who_it_is() {
        assert_eq!(of("192.0.2.9", &["198.51.100.1"], &[]), "192.0.2.9");
        assert_eq!(of("192.0.2.9", &["198.51.100.1"], &["10.0.0.0/8"]), "192.0.2.9");
        assert_eq!(of("::ffff:192.0.2.9", &["198.51.100.1"], &[]), "192.0.2.9");
    }

    #[test]
    fn a_trusted_proxy_names_the_caller_and_what_the_caller_says_is_ignored() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(of("10.0.0.1", &["198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.1:4711"], &trusted), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["1.1.1.1, 198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"], &trusted), "198.51.100.1");
        assert_eq!(of("fd00::1", &["[2001:db8::1]:443, fd00::2"], &trusted), "2001:db8::1");
        assert_eq!(of("10.0.0.1", &[], &trusted), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, unknown"], &trusted), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &trusted), "10.0.0.3");
    }
}
