//! What `serve` and the commands that reach for an issuer's keys have in common.

use super::{CliError, database, help};
use crate::config::{ConfigError, FileSettings, PublicUrl};
use byoa_server::keys::{FetchPolicy, HttpFetcher, KeySets};
use clap::{Args, builder::BoolishValueParser};
use std::sync::Arc;

/// Facts about the server.
#[derive(Debug, Args)]
pub(super) struct ServerArgs {
    /// Where browsers reach the server: scheme and host, such as `https://auth.example.com` [default: the
    /// address that serve listens on, where that is loopback].
    #[arg(long, env = "BYOA_PUBLIC_URL", help_heading = help::SERVER, value_name = "URL", hide_env_values = true)]
    public_url: Option<String>,
    /// Let JWKS URLs and webhooks be plain HTTP and lead to private addresses. For development: with it,
    /// whoever may change an environment can make the server call into your network.
    #[arg(
        long,
        env = "BYOA_ALLOW_PRIVATE_JWKS",
        help_heading = help::SERVER,
        hide_possible_values = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new(),
        hide_env_values = true
    )]
    allow_private_jwks: Option<bool>,
}

impl ServerArgs {
    /// The flag's or variable's word.
    pub(super) fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    /// The flag's or variable's word.
    pub(super) fn allow_private(&self) -> Option<bool> {
        self.allow_private_jwks
    }

    /// Both, with the file's word where neither flag nor variable has one.
    pub(super) fn resolve(&self, file: &FileSettings) -> Result<(Option<url::Url>, bool), ConfigError> {
        let public_url = self.public_url.as_deref().or(file.public_url.as_deref());
        let public_url = public_url.map(str::parse::<PublicUrl>).transpose()?;
        let allow_private = self.allow_private_jwks.or(file.allow_private_jwks).unwrap_or(false);
        Ok((public_url.map(|url| url.url().clone()), allow_private))
    }
}

/// The issuers' keys, over the network.
pub(super) fn key_sets(allow_private: bool) -> Result<KeySets, CliError> {
    let fetcher = HttpFetcher::new(FetchPolicy { allow_private })
        .map_err(|cause| CliError::Failed(format!("the HTTP client cannot be started: {cause}")))?;
    Ok(KeySets::new(Arc::new(fetcher), database::clock()))
}
