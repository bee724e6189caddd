//! The command line. Each command has its file; all of them work while a server runs on the database.

mod admin_token;
mod audit;
mod check_jwt;
mod database;
mod env;
mod error;
mod help;
mod keys;
mod logging;
mod migrate;
mod operations_args;
mod output;
mod serve;
mod server_args;
mod signals;
mod webhook;

use crate::config::{FileSettings, LogFormat};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

pub(crate) use error::CliError;
pub(crate) use output::remark;

/// The exchange: takes a JWT from an issuer you trust and hands out a session.
#[derive(Debug, Parser)]
#[command(name = "byoa-server", version, propagate_version = true, long_about = help::ABOUT, after_long_help = help::EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Where everything is kept: `sqlite://PATH`, relative to the current folder, whose file is made where
    /// there is none; or `postgres://USER:PASSWORD@HOST:PORT/NAME`, a database that exists.
    #[arg(long, env = "BYOA_DATABASE_URL", global = true, help_heading = help::EVERYWHERE, value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// A TOML file with settings. Its keys are the names of flags without the dashes.
    #[arg(long, env = "BYOA_CONFIG", global = true, help_heading = help::EVERYWHERE, value_name = "FILE", hide_env_values = true)]
    config: Option<PathBuf>,
    /// How log lines look on standard error [default: pretty].
    #[arg(
        long,
        env = "BYOA_LOG_FORMAT",
        global = true,
        value_enum,
        value_name = "FORMAT",
        hide_env_values = true
    )]
    log_format: Option<LogFormat>,
    /// What is logged, such as info, debug, or `byoa_server=debug,warn` [default: info].
    #[arg(long, env = "BYOA_LOG", global = true, help_heading = help::EVERYWHERE, value_name = "FILTER", hide_env_values = true)]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Migrate(migrate::MigrateArgs),
    #[command(subcommand)]
    Env(env::EnvCommand),
    CheckJwt(check_jwt::CheckJwtArgs),
    #[command(subcommand)]
    AdminToken(admin_token::AdminTokenCommand),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
}

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<(), CliError> {
    let Cli { common, command } = cli;
    let file = FileSettings::read(common.config.as_deref())?;
    logging::start(&common, &file)?;
    match command {
        Command::Serve(args) => serve::run(&args, &common, &file).await,
        Command::Migrate(args) => migrate::run(&args, &common, &file).await,
        Command::Env(command) => env::run(command, &common, &file).await,
        Command::CheckJwt(args) => check_jwt::run(&args, &common, &file).await,
        Command::Keys(command) => keys::run(&command, &common, &file).await,
        Command::Audit(command) => audit::run(&command, &common, &file).await,
        Command::Webhook(command) => webhook::run(&command, &common, &file).await,
        Command::AdminToken(command) => admin_token::run(&command, &common, &file).await,
    }
}
