//! The checked configuration of a client.

use crate::ClientError;
use byoa_protocol::client::ClientConfig;

/// A configuration that requests can be built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    environment_id: String,
    api_base_url: String,
}

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
        Ok(Self { environment_id, api_base_url })
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
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
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
