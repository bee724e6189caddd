//! Standard output, for what was asked for; everything else goes to standard error.

use super::CliError;
use crate::config::LogFormat;
use byoa_server::clock::{Clock as _, SystemClock};
use serde::Serialize;
use std::io::{ErrorKind, Write as _};

/// Prints `text` and a line end. A reader that went away (`| head`) is no error.
pub(super) fn say(text: impl AsRef<str>) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Failed(format!("cannot write to standard output: {cause}")))
        }
        _ => Ok(()),
    }
}

/// `value` as indented JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value)
        .map_err(|cause| CliError::Failed(format!("cannot write JSON: {cause}")))
}

/// A line of a server in the format of its log: a machine that reads JSON is to meet nothing else.
pub(super) fn line(format: LogFormat, level: &str, text: &str) -> String {
    match format {
        LogFormat::Pretty if level == "WARN" => format!("warning: {text}"),
        LogFormat::Pretty => text.to_owned(),
        LogFormat::Json => {
            let timestamp = SystemClock.now().rfc3339();
            serde_json::json!({ "timestamp": timestamp, "level": level, "message": text }).to_string()
        }
    }
}

/// Prints a remark for people on standard error.
pub(crate) fn remark(text: impl AsRef<str>) {
    // Nobody is left to tell where standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}
