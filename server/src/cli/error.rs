//! How a command fails: one sentence with its mend, and an exit code.

use crate::config::ConfigError;
use byoa_server::exchange::ExchangeError;
use byoa_server::exchange::environments::EnvironmentError;
use byoa_server::exchange::webhooks::WebhookError;
use byoa_server::store::{OpenError, StoreError};
use std::error::Error;
use std::process::ExitCode;

/// Why a command did not do what it was asked to. `Display` is the sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An argument cannot be used, which clap could not know.
    #[error("{0}")]
    Usage(String),
    /// The database cannot be opened.
    #[error("{}", with_causes(.0))]
    Open(#[from] OpenError),
    /// An environment's settings were refused, or there is none.
    #[error("{}", with_causes(.0))]
    Environment(#[from] EnvironmentError),
    /// A webhook was refused, or there is none.
    #[error("{}", with_causes(.0))]
    Webhook(#[from] WebhookError),
    /// A use case failed.
    #[error("{}", with_causes(.0))]
    Exchange(#[from] ExchangeError),
    /// The store failed.
    #[error("{}", with_causes(.0))]
    Store(#[from] StoreError),
    /// Something of the operating system failed; the sentence is whole.
    #[error("{0}")]
    Failed(String),
    /// Everything is said already.
    #[error("refused")]
    Told,
}

impl CliError {
    /// 2 where the command line or the configuration has to change, 1 otherwise.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_)
            | Self::Usage(_)
            | Self::Environment(EnvironmentError::Invalid { .. } | EnvironmentError::SeveralIssuers)
            | Self::Webhook(WebhookError::Invalid { .. }) => ExitCode::from(2),
            _ => ExitCode::from(1),
        }
    }
}

/// The error and everything under it in one line; a cause that repeats what is said is left out.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
