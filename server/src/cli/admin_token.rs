//! `admin-token`: tokens for administrators of the HTTP API.

use super::output::{remark, say};
use super::{CliError, Common, database};
use crate::config::FileSettings;
use byoa_server::exchange::admin_tokens::create_admin_token;
use clap::{Args, Subcommand};

/// What every token may do until there are narrower ones.
const SCOPE: &str = "admin";
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// Make tokens for administrators.
#[derive(Debug, Subcommand)]
pub(super) enum AdminTokenCommand {
    Create(CreateArgs),
}

/// Make a token and print it, this once: only its hash is kept.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// What it is for, such as "nightly export".
    #[arg(long, value_name = "NAME")]
    name: String,
}

/// Runs one of them.
pub(super) async fn run(
    command: &AdminTokenCommand,
    common: &Common,
    file: &FileSettings,
) -> Result<(), CliError> {
    let AdminTokenCommand::Create(CreateArgs { name }) = command;
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(CliError::Usage(format!(
            "--name must say what the token is for, in {MAX_NAME_BYTES} bytes at most"
        )));
    }
    let (_, store) = database::open(common, file).await?;
    let token =
        create_admin_token(store.as_ref(), database::clock().as_ref(), name.trim(), SCOPE, None).await?;
    remark("keep this token now; it is not shown again, and only its hash is stored:");
    say(token.expose())
}
