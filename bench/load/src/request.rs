//! The bytes of requests, alike for every server: what the published client sends, less what is about
//! its own device.

use byoa_protocol::{headers, paths};

/// Writes requests to one environment of one server.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    sign_in: String,
    refresh: String,
    session: String,
}

impl Requests {
    pub(crate) fn new(address: &str, environment: &str, minimal: bool) -> Self {
        let prefer = if minimal { "prefer: return=minimal\r\n" } else { "" };
        let head = |method: &str, operation: &str| {
            let path = paths::sdk(environment, operation);
            format!(
                "{method} {base}{path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n{version}: \
                 {VERSION}\r\n{sdk}: ClientSDK/1.27.1\r\n{request}: 0b6f3f5e-8c5b-4a50-9d5c-1f6f0a4f7c11\r\n{prefer}",
                base = paths::API_BASE,
                version = headers::API_VERSION,
                sdk = headers::SDK_VERSION,
                request = headers::REQUEST_ID,
            )
        };
        Self {
            sign_in: head("POST", paths::EXTERNAL_AUTH_SIGN_IN) + "content-type: application/json\r\n",
            refresh: head("POST", paths::REFRESH) + "content-length: 0\r\n",
            session: head("GET", paths::SESSION),
        }
    }

    /// Exchange of an external token.
    pub(crate) fn sign_in(&self, into: &mut Vec<u8>, token: &str) {
        const AROUND: usize = r#"{"jwt":""}"#.len();
        let length = (token.len() + AROUND).to_string();
        fill(into, &[&self.sign_in, "content-length: ", &length, "\r\n\r\n{\"jwt\":\"", token, "\"}"]);
    }

    /// A new token for a session.
    pub(crate) fn refresh(&self, into: &mut Vec<u8>, bearer: &str) {
        fill(into, &[&self.refresh, "authorization: Bearer ", bearer, "\r\n\r\n"]);
    }

    /// Whether a session lives.
    pub(crate) fn session(&self, into: &mut Vec<u8>, bearer: &str) {
        fill(into, &[&self.session, "authorization: Bearer ", bearer, "\r\n\r\n"]);
    }
}

const VERSION: &str = "API/0.40.0";

fn fill(into: &mut Vec<u8>, parts: &[&str]) {
    into.clear();
    for part in parts {
        into.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_sign_in_is_that_of_its_body() {
        let mut bytes = Vec::new();
        Requests::new("127.0.0.1:1", "env", false).sign_in(&mut bytes, "a.b.c");
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("POST /api/v0/sdk/env/externalAuth/signin HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert_eq!(body, r#"{"jwt":"a.b.c"}"#);
    }
}
