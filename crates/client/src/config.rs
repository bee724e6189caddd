//! The checked configuration of a client.

use crate::ClientError;
use byoa_protocol::client::{ClientConfig, SessionBinding};

/// A configuration that requests can be built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    environment_id: String,
    api_base_url: String,
    storage_key_suffix: String,
    request_timeout_ms: u32,
    auto_refresh: bool,
    session_binding: SessionBinding,
}

/// How long a request may take unless the app says otherwise.
const DEFAULT_REQUEST_TIMEOUT_MS: u32 = 10_000;

const MAX_SUFFIX_BYTES: usize = 64;

impl Config {
    /// Checks what the app gave: a UUID, and an absolute `http` or `https` URL without query, fragment
    /// or user name. A trailing slash is taken off.
    pub fn new(given: &ClientConfig) -> Result<Self, ClientError> {
        let environment_id = given.environment_id.trim().to_ascii_lowercase();
        if !is_uuid(&environment_id) {
            return Err(ClientError::invalid_argument(
                "environmentId must be the environment's UUID, as `byoa-server env list` shows it",
            ));
        }
        let api_base_url = given.api_base_url.trim().trim_end_matches('/').to_owned();
        if !is_base_url(&api_base_url) {
            return Err(ClientError::invalid_argument(
                "apiBaseUrl must be an absolute URL such as https://auth.example.com/api/v0",
            ));
        }
        let storage_key_suffix = given.storage_key_suffix.clone().unwrap_or_default();
        if !is_suffix(&storage_key_suffix) {
            return Err(ClientError::invalid_argument(
                "storageKeySuffix may have up to 64 letters, digits, dots, dashes and underscores",
            ));
        }
        let request_timeout_ms = given.request_timeout_ms.unwrap_or(DEFAULT_REQUEST_TIMEOUT_MS);
        if request_timeout_ms == 0 {
            return Err(ClientError::invalid_argument("requestTimeoutMs must be above 0"));
        }
        let auto_refresh = given.auto_refresh.unwrap_or(true);
        let session_binding = given.session_binding.unwrap_or_default();
        Ok(Self {
            environment_id,
            api_base_url,
            storage_key_suffix,
            request_timeout_ms,
            auto_refresh,
            session_binding,
        })
    }

    /// UUID in lower case.
    #[must_use]
    pub fn environment_id(&self) -> &str {
        &self.environment_id
    }

    /// Without a trailing slash.
    #[must_use]
    pub fn api_base_url(&self) -> &str {
        &self.api_base_url
    }

    /// Keeps two apps of one origin apart in storage; empty for most.
    #[must_use]
    pub fn storage_key_suffix(&self) -> &str {
        &self.storage_key_suffix
    }

    /// How long a request may take, in milliseconds.
    #[must_use]
    pub const fn request_timeout_ms(&self) -> u32 {
        self.request_timeout_ms
    }

    /// Whether sessions are bound to a key.
    #[must_use]
    pub const fn session_binding(&self) -> SessionBinding {
        self.session_binding
    }

    /// Whether the session is refreshed by itself.
    #[must_use]
    pub const fn auto_refresh(&self) -> bool {
        self.auto_refresh
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_suffix(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    text.len() <= MAX_SUFFIX_BYTES && text.bytes().all(is_allowed)
}

fn is_base_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':', '.'])
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\\"<>".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(environment_id: &str, api_base_url: &str) -> Result<Config, ClientError> {
        Config::new(&ClientConfig {
            environment_id: environment_id.to_owned(),
            api_base_url: api_base_url.to_owned(),
            ..ClientConfig::default()
        })
    }

    const UUID: &str = "11111111-2222-4333-8444-55555555ABCD";

    #[test]
    fn takes_a_uuid_and_a_base_url() {
        let config = config(UUID, "https://auth.example.com/api/v0/").expect("valid");
        assert_eq!(config.environment_id(), UUID.to_ascii_lowercase());
        assert_eq!(config.api_base_url(), "https://auth.example.com/api/v0");
    }

    #[test]
    fn refuses_everything_else() {
        for environment in
            ["", "x", "11111111-2222-4333-8444-55555555ABC/", "../../../../../../../../../../etc"]
        {
            assert_eq!(config(environment, "https://a").expect_err(environment).code, "invalid_argument");
        }
        for base in [
            "",
            "/api/v0",
            "ftp://a",
            "https://",
            "https:///a",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a b",
        ] {
            assert_eq!(config(UUID, base).expect_err(base).code, "invalid_argument");
        }
    }
}
