//! Log lines on standard error. `println!` and standard output are for what a command was asked for.

use super::{CliError, Common};
use crate::config::{FileSettings, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::{
    EnvFilter, Registry, filter::Directive, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

/// What is logged where nothing is said.
const DEFAULT_FILTER: &str = "info";

/// Who logs each certificate that it refuses as an error, with names that the peer has chosen. What was wrong with
/// a connection is told by whoever made it.
const NOISY: &str = "rustls_platform_verifier";

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
    read(words(common, file))
}

/// Where the words do not name [`NOISY`], it is off.
fn read(words: &str) -> Result<EnvFilter, CliError> {
    let quiet = (!words.contains(NOISY)).then(|| format!("{NOISY}=off").parse::<Directive>()).transpose();
    let filter = EnvFilter::try_new(words).and_then(|filter| {
        Ok(match quiet? {
            Some(quiet) => filter.add_directive(quiet),
            None => filter,
        })
    });
    filter.map_err(|problem| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("lock").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of a refused certificate, and of something of ours.
    fn logged(words: &str) -> (bool, bool) {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(read(words).expect("a filter")).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(target: "rustls_platform_verifier::verification::others", "a certificate");
            tracing::error!("something of ours");
        });
        let text = String::from_utf8(lines.0.lock().expect("lock").clone()).expect("text");
        (text.contains("a certificate"), text.contains("something of ours"))
    }

    #[test]
    fn what_a_peer_writes_into_a_certificate_is_logged_only_where_it_is_asked_for() {
        for words in [DEFAULT_FILTER, "debug", "byoa_server=debug,warn"] {
            assert_eq!(logged(words), (false, true), "{words:?}");
        }
        assert_eq!(logged("info,rustls_platform_verifier=error"), (true, true));
        assert!(read("===").is_err());
    }
}
