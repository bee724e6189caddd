//! `migrate`: the tables as this version needs them.

use super::output::remark;
use super::{CliError, Common, database};
use crate::config::FileSettings;
use clap::Args;

/// Bring the database's tables up to date, and end. Does nothing where they are.
///
/// `serve` and the other commands do the same when they start, one of several at a time; `serve
/// --no-migrate` expects it to be done.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {}

/// Migrates.
pub(super) async fn run(_: &MigrateArgs, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let (url, _) = database::open(common, file).await?;
    remark(format!("the tables of {} are up to date", database::shown(&url)));
    Ok(())
}
