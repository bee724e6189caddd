//! Which addresses and URLs a key set may be fetched from, and a webhook sent to. A tenant writes the URL, so
//! without this the server would call into its own network for anyone (SSRF).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

/// Why a host may not be fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressRefused {
    /// Neither `https` nor, where private addresses are allowed, `http`.
    #[error("it must be https (http only with --allow-private-jwks)")]
    Scheme,
    /// A user, a password or a fragment in the URL, or no host.
    #[error("it must be an absolute URL without user, password and fragment")]
    Form,
    /// An address that is not public.
    #[error("it leads to a {0} address (allowed only with --allow-private-jwks)")]
    NotPublic(&'static str),
    /// The name has no address.
    #[error("its name has no address")]
    NoAddress,
}

/// Whether a URL is one to fetch keys from, as far as its spelling says. Names are judged when they are
/// resolved; addresses here, in whatever spelling: `127.1`, `0x7f000001` and `[::ffff:127.0.0.1]` are all
/// read as what they are by the `url` crate.
pub fn check_url(url: &Url, allow_private: bool) -> Result<(), AddressRefused> {
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Err(AddressRefused::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(AddressRefused::Form);
    }
    match url.host().ok_or(AddressRefused::Form)? {
        _ if allow_private => Ok(()),
        Host::Ipv4(address) => check_address(address.into()),
        Host::Ipv6(address) => check_address(address.into()),
        Host::Domain(name) => check_name(name),
    }
}

/// Names that mean this machine or its neighbours whatever a resolver says (RFC 6761 6.3, RFC 6762 3).
fn check_name(name: &str) -> Result<(), AddressRefused> {
    let name = name.trim_end_matches('.');
    let top = name.rsplit('.').next().unwrap_or_default();
    match top {
        "" => Err(AddressRefused::Form),
        "localhost" => Err(AddressRefused::NotPublic("loopback")),
        "local" | "internal" => Err(AddressRefused::NotPublic("private")),
        _ => Ok(()),
    }
}

/// Whether an address is one of the public Internet, by the IANA special-purpose registries. An IPv4
/// address inside an IPv6 one is judged as well.
pub fn check_address(address: IpAddr) -> Result<(), AddressRefused> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
    .map_or(Ok(()), |kind| Err(AddressRefused::NotPublic(kind)))
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = address.octets();
    match (a, b, c, d) {
        (0, ..) => Some("unspecified"),
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => Some("private"),
        (100, 64..=127, ..) => Some("shared (carrier NAT)"),
        (127, ..) => Some("loopback"),
        (169, 254, ..) => Some("link-local or metadata"),
        // The metadata service of one cloud is at a public-looking address.
        (168, 63, 129, 16) => Some("metadata"),
        (192, 0, 0, _) | (192, 88, 99, _) | (240..=255, ..) => Some("reserved"),
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => Some("documentation"),
        (198, 18..=19, ..) => Some("benchmarking"),
        (224..=239, ..) => Some("multicast"),
        _ => None,
    }
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    let embedded = || {
        let [.., first, second, third, fourth] = address.octets();
        Ipv4Addr::new(first, second, third, fourth)
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("loopback"),
        // NAT64 leads to that IPv4 address; a network without IPv4 reaches all of them so (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => special_v4(embedded()),
        // Mapped and compatible forms would reach it too, and no resolver has a reason to answer so.
        [0, 0, 0, 0, 0, ..] => Some("mapped"),
        [0x64, 0xff9b, ..] => Some("translated"),
        [0x100, ..] => Some("discard-only"),
        [0x2001, 0, ..] => Some("tunnel (Teredo)"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("documentation"),
        [0x2001, 1..=0x1ff, ..] => Some("reserved"),
        [0x2002, ..] => Some("tunnel (6to4)"),
        [0xfc00..=0xfdff, ..] => Some("private"),
        [0xfe80..=0xfebf, ..] => Some("link-local or metadata"),
        [0xfec0..=0xfeff, ..] => Some("site-local"),
        [0xff00..=0xffff, ..] => Some("multicast"),
        // Global unicast is 2000::/3; nothing else is handed out.
        [0x2000..=0x3fff, ..] => None,
        _ => Some("reserved"),
    }
}

#[cfg(test)]
mod tests {
    use super::{check_address, check_url};

    #[test]
    fn refuses_every_address_that_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.0.1",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2001:10::1",
            "2002:7f00:1::",
            "2002:0808:0808::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "5f00::1",
        ] {
            assert!(check_address(address.parse().unwrap()).is_err(), "{address}");
        }
    }

    #[test]
    fn lets_public_addresses_pass() {
        for address in [
            "8.8.8.8",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "128.0.0.1",
            "169.253.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "192.1.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::8.8.8.8",
            "2001:4860::8888",
        ] {
            assert!(check_address(address.parse().unwrap()).is_ok(), "{address}");
        }
    }

    #[test]
    fn refuses_urls_in_every_spelling_of_here() {
        for url in [
            "http://issuer.example/jwks",
            "ftp://issuer.example/jwks",
            "file:///etc/passwd",
            "data:,x",
            "javascript:1",
            "https://127.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://①②⑦.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://0/",
            "https://localhost/",
            "https://localhost./",
            "https://a.LOCALHOST/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://169.254.169.254/latest",
            "https://[fd00:ec2::254]/",
            "https://user@issuer.example/",
            "https://user:pw@issuer.example/",
            "https://issuer.example/#x",
        ] {
            let parsed = url.parse();
            assert!(parsed.is_err() || check_url(&parsed.unwrap(), false).is_err(), "{url}");
        }
        for url in ["https://issuer.example/jwks", "https://issuer.example.:8443/a?b", "https://8.8.8.8/jwks"]
        {
            assert_eq!(check_url(&url.parse().unwrap(), false), Ok(()), "{url}");
        }
    }

    #[test]
    fn development_may_stay_at_home() {
        for url in ["http://127.0.0.1:4000/jwks", "http://localhost:1/", "https://10.0.0.1/"] {
            assert_eq!(check_url(&url.parse().unwrap(), true), Ok(()), "{url}");
        }
        assert!(check_url(&"file:///etc/passwd".parse().unwrap(), true).is_err());
    }
}
