//! Comparing `htu` with a request's URL (RFC 9449 4.3, rule 9): without query and fragment, after the
//! syntax- and scheme-based normalisation of RFC 3986 6.2.2 and 6.2.3. Repairs nothing: a text that is no
//! absolute `http` or `https` URL by the RFC's grammar is the same as no other, not even as itself.

use std::net::Ipv6Addr;

/// Whether both mean the same resource.
pub(super) fn same(one: &str, other: &str) -> bool {
    Target::read(one).is_some_and(|one| Target::read(other) == Some(one))
}

/// A URL's text up to its query or fragment, which may hold secrets.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[derive(Debug, PartialEq, Eq)]
struct Target {
    is_https: bool,
    host: String,
    port: u16,
    path: String,
}

impl Target {
    fn read(url: &str) -> Option<Self> {
        let (scheme, rest) = without_query(url).split_once("://")?;
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_authority(authority)?;
        let port = match port {
            "" if is_https => 443,
            "" => 80,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            _ => return None,
        };
        Some(Self { is_https, host: read_host(host)?, port, path: read_path(path)? })
    }
}

/// Host and port, the latter empty when there is none. User information (`@`) fails later, as a host.
fn split_authority(authority: &str) -> Option<(&str, &str)> {
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    let (host, port) =
        authority.split_at(authority.get(end..)?.find(':').map_or(authority.len(), |at| end + at));
    Some((host, port.strip_prefix(':').unwrap_or_default()))
}

fn read_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]"));
    }
    let is_name = |byte: u8| is_unreserved(byte) || is_sub_delimiter(byte);
    (!host.is_empty() && host.bytes().all(is_name)).then(|| host.to_ascii_lowercase())
}

/// Escapes in one spelling, then without dot segments; an empty path is `/`.
fn read_path(path: &str) -> Option<String> {
    let path = read_escapes(path)?;
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        } else if !is_dots {
            kept.push(segment);
        }
        if is_dots && segments.peek().is_none() {
            kept.push("");
        }
    }
    Some(format!("/{}", kept.join("/")))
}

/// RFC 3986 6.2.2.1 and 6.2.2.2: escapes of unreserved characters decoded, the others in capitals.
fn read_escapes(path: &str) -> Option<String> {
    let mut bytes = path.bytes();
    let mut text = String::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(char::from);
                let [high, low] = digits.map(|digit| digit.to_digit(16));
                let value = u8::try_from(high? * 16 + low?).ok()?;
                if is_unreserved(value) {
                    text.push(char::from(value));
                } else {
                    text.push('%');
                    text.extend(digits.map(|digit| digit.to_ascii_uppercase()));
                }
            }
            b'/' | b':' | b'@' => text.push(char::from(byte)),
            _ if is_unreserved(byte) || is_sub_delimiter(byte) => text.push(char::from(byte)),
            _ => return None,
        }
    }
    Some(text)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn is_sub_delimiter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

#[cfg(test)]
mod tests {
    use super::{read_path, same};

    #[test]
    fn removes_dot_segments_as_the_rfc_does() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/a/b/c/./../../g", "/a/g"),
            ("/mid/content=5/../6", "/mid/6"),
            ("/..", "/"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/../../a", "/a"),
            ("/a//b", "/a//b"),
            ("/%2e%2E/a/%7eb%2fc", "/a/~b%2Fc"),
            ("/...", "/..."),
        ] {
            assert_eq!(read_path(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn is_the_same_only_as_what_is_a_url() {
        for url in
            ["", "a", "https://", "https:///a", "ftp://a/", "https://a b/", "https://a/%", "https://ä/"]
        {
            assert!(!same(url, url), "{url}");
        }
    }
}
