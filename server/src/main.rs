//! The program `byoa-server`: reads its arguments and configuration, runs one command, and says in one
//! sentence why it cannot.

mod cli;
mod config;

use clap::Parser as _;
use std::process::ExitCode;

/// A request makes some hundreds of small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error, cli::CliError::Told) {
                cli::remark(format!("error: {error}"));
            }
            error.exit_code()
        }
    }
}
