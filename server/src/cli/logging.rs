//! Log lines on standard error. `println!` and standard output are for what a command was asked for.

use super::{CliError, Common};
use crate::config::{FileSettings, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::{
    EnvFilter, Registry, fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

/// What is logged where nothing is said.
const DEFAULT_FILTER: &str = "info";

/// The filter of the running log, for changing it.
#[derive(Clone, Debug)]
pub(super) struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// Filters by this one from now on.
    pub(super) fn set(&self, filter: EnvFilter) -> Result<(), CliError> {
        let changed = self.0.reload(filter);
        changed.map_err(|problem| CliError::Failed(format!("the log's filter cannot be changed: {problem}")))
    }
}

/// What is to be logged, in words.
pub(super) fn words<'a>(common: &'a Common, file: &'a FileSettings) -> &'a str {
    common.log.as_deref().or(file.log.as_deref()).unwrap_or(DEFAULT_FILTER)
}

/// What is to be logged.
pub(super) fn filter(common: &Common, file: &FileSettings) -> Result<EnvFilter, CliError> {
    let words = words(common, file);
    EnvFilter::try_new(words).map_err(|problem| {
        CliError::Usage(format!(
            "the log filter {words:?} cannot be read: {problem}; write info, or byoa_server=debug"
        ))
    })
}

/// Starts logging. Once per process.
pub(super) fn start(common: &Common, file: &FileSettings) -> Result<LogFilter, CliError> {
    let (filter, handle) = reload::Layer::new(filter(common, file)?);
    let registry = tracing_subscriber::registry().with(filter);
    // A file or a journal is not a terminal; https://no-color.org for those that are.
    let colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let started = match LogFormat::resolve(common.log_format, file)? {
        LogFormat::Pretty => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|problem| CliError::Failed(format!("logging cannot be started: {problem}")))?;
    Ok(LogFilter(handle))
}
