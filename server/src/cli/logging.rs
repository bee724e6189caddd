//! Log lines on standard error. `println!` and standard output are for what a command was asked for.

use super::{CliError, Common};
use crate::config::{FileSettings, LogFormat};
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
    let lines = fmt::layer().with_writer(std::io::stderr);
    let started = match LogFormat::resolve(common.log_format, file)? {
        LogFormat::Pretty => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|problem| CliError::Failed(format!("logging cannot be started: {problem}")))
}
