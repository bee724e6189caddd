//! The command line. Each command has its file; all of them work while a server runs on the database.

mod admin_token;
mod audit;
mod check_jwt;
mod database;
mod env;
mod error;
mod first_environment;
mod help;
mod keys;
mod logging;
mod migrate;
mod operations_args;
mod output;
mod reload;
mod serve;
mod server_args;
mod signals;
mod trail;
mod user;
mod webhook;

use crate::config::{ConfigError, FileSettings, LogFormat, MasterKeyFlags};
use byoa_server::seal::Seal;
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
    /// File with the master key that secrets in the database are sealed under: 32 random bytes, such as
    /// `openssl rand -base64 32` prints, readable by its owner only. Or set `BYOA_MASTER_KEY` to the key itself.
    #[arg(long, env = "BYOA_MASTER_KEY_FILE", global = true, help_heading = help::EVERYWHERE, value_name = "FILE", hide_env_values = true)]
    master_key_file: Option<PathBuf>,
    /// File with the master key before, while `keys seal` has not replaced it everywhere. It only opens.
    #[arg(long, env = "BYOA_OLD_MASTER_KEY_FILE", global = true, help_heading = help::EVERYWHERE, value_name = "FILE", hide_env_values = true)]
    old_master_key_file: Option<PathBuf>,
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

impl Common {
    /// What secrets are sealed and opened with.
    fn seal(&self, file: &FileSettings) -> Result<Seal, ConfigError> {
        self.master_keys(file).resolve()
    }

    /// Where the master keys are.
    fn master_keys<'a>(&'a self, file: &'a FileSettings) -> MasterKeyFlags<'a> {
        let (current, old) = (self.master_key_file.as_deref(), self.old_master_key_file.as_deref());
        MasterKeyFlags { current, old }.or(file)
    }
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
    #[command(subcommand)]
    User(user::UserCommand),
    #[command(subcommand)]
    Session(user::SessionCommand),
}

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<(), CliError> {
    let Cli { common, command } = cli;
    let file = FileSettings::read(common.config.as_deref())?;
    let log = logging::start(&common, &file)?;
    match command {
        Command::Serve(args) => serve::run(&args, &common, &file, log).await,
        Command::Migrate(args) => migrate::run(&args, &common, &file).await,
        Command::Env(command) => env::run(command, &common, &file).await,
        Command::CheckJwt(args) => check_jwt::run(&args, &common, &file).await,
        Command::Keys(command) => keys::run(&command, &common, &file).await,
        Command::Audit(command) => audit::run(&command, &common, &file).await,
        Command::Webhook(command) => webhook::run(&command, &common, &file).await,
        Command::User(command) => user::run(&command, &common, &file).await,
        Command::Session(command) => user::run_sessions(&command, &common, &file).await,
        Command::AdminToken(command) => admin_token::run(&command, &common, &file).await,
    }
}
