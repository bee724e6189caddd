//! SIGINT and SIGTERM, SIGHUP, and one that must not end the server.

use super::CliError;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The two signals that ask a server to stop.
#[derive(Debug)]
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Listens from now on; before this, a signal ends the process.
    pub(super) fn listen() -> Result<Self, CliError> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(|cause| failed(&cause))?,
            terminate: signal(SignalKind::terminate()).map_err(|cause| failed(&cause))?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The signal that asks a server to read its configuration again.
#[derive(Debug)]
pub(super) struct Hangup(Signal);

impl Hangup {
    /// Listens from now on; before this, the signal ends the process.
    pub(super) fn listen() -> Result<Self, CliError> {
        Ok(Self(signal(SignalKind::hangup()).map_err(|cause| failed(&cause))?))
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// SIGXFSZ, on Linux, macOS and the BSDs.
const FILE_SIZE_LIMIT: i32 = 25;

/// From now on a write beyond the limit for the size of files (`ulimit -f`, `LimitFSIZE=`) fails, and what
/// was to be written is refused, where otherwise it would end the process.
pub(super) fn survive_file_size_limit() -> Result<Signal, CliError> {
    signal(SignalKind::from_raw(FILE_SIZE_LIMIT)).map_err(|cause| failed(&cause))
}

fn failed(cause: &std::io::Error) -> CliError {
    CliError::Failed(format!("cannot listen for signals: {cause}"))
}
