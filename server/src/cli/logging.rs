//! Log lines on standard error. `println!` and standard output are for what a command was asked for.

use super::{CliError, Common};
use crate::config::{FileSettings, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// What is logged where nothing is said.
const DEFAULT_FILTER: &str = "info";

/// Starts logging. Once per process.
pub(super) fn start(common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let filter = common.log.as_deref().or(file.log.as_deref()).unwrap_or(DEFAULT_FILTER);
    let filter = EnvFilter::try_new(filter).map_err(|problem| {
        CliError::Usage(format!(
            "the log filter {filter:?} cannot be read: {problem}; write info, or byoa_server=debug"
        ))
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    // A file or a journal is not a terminal; https://no-color.org for those that are.
    let colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let started = match LogFormat::resolve(common.log_format, file)? {
        LogFormat::Pretty => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|problem| CliError::Failed(format!("logging cannot be started: {problem}")))
}
