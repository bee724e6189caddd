//! SIGINT and SIGTERM.

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
        let failed = |cause| CliError::Failed(format!("cannot listen for signals: {cause}"));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
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
