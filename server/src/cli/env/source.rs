//! Where an issuer's keys come from, as flags.

use crate::cli::CliError;
use byoa_server::exchange::environments::KeySourceSetting;
use clap::Args;
use std::path::{Path, PathBuf};

/// Where its keys come from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SourceArgs {
    /// Where the issuer publishes its keys.
    #[arg(long, value_name = "URL")]
    jwks_url: Option<String>,
    /// Read where the keys are from `ISS/.well-known/openid-configuration`, which must name the same issuer.
    #[arg(long)]
    discovery: bool,
    /// A JWK set in a file. It is kept as it is now; nothing is fetched, so give it again when keys change.
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// One public key in a PEM file (`BEGIN PUBLIC KEY`), good for any `kid`. Kept likewise.
    #[arg(long, value_name = "FILE")]
    pem_file: Option<PathBuf>,
}

impl SourceArgs {
    /// What it says; `None` where nothing is named.
    pub(super) fn setting(&self) -> Result<Option<KeySourceSetting>, CliError> {
        if self.discovery {
            return Ok(Some(KeySourceSetting::Discovery));
        }
        if let Some(path) = &self.jwks_file {
            return Ok(Some(KeySourceSetting::Jwks(read(path)?)));
        }
        if let Some(path) = &self.pem_file {
            return Ok(Some(KeySourceSetting::Pem(read(path)?)));
        }
        Ok(self.jwks_url.clone().map(KeySourceSetting::JwksUrl))
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|cause| CliError::Usage(format!("cannot read the keys in {}: {cause}", path.display())))
}
