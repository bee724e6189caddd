//! `env issuer`: whom an environment trusts.

use super::source::SourceArgs;
use super::view::IssuerView;
use super::{print, reader};
use crate::cli::output::{json, say};
use crate::cli::server_args::ServerArgs;
use crate::cli::{CliError, Common, database, help, trail};
use crate::config::FileSettings;
use byoa_jwt::Algorithm;
use byoa_server::exchange::environments::{Environments, IssuerSettings};
use byoa_server::store::AuditRecord;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use uuid::Uuid;

/// Trust further issuers, each with keys and rules of its own. A JWT's `iss` chooses among them; there is
/// no default.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum IssuerCommand {
    /// Trust one more issuer.
    #[command(after_long_help = help::ENV_ISSUER)]
    Add(ChangeArgs),
    /// Change how an issuer is trusted; what is not named stays as it is.
    #[command(after_long_help = help::ENV_ISSUER)]
    Set(ChangeArgs),
    /// Trust an issuer no longer. Its users and their sessions stay.
    Remove(RemoveArgs),
    /// Print the issuers that an environment trusts.
    List(ListArgs),
}

/// Which issuer, and how it is trusted.
#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// `iss` of its JWTs, byte for byte: a trailing slash counts.
    #[arg(long, value_name = "ISS")]
    issuer: String,
    #[command(flatten)]
    source: SourceArgs,
    /// What `aud` of its JWTs must hold one of; may be repeated, replaces the whole list, empty for anything
    /// [default: anything].
    #[arg(long, value_name = "AUD")]
    audience: Vec<String>,
    /// What it may sign with; may be repeated, replaces the whole list [default: all of them].
    #[arg(long, value_name = "ALG", value_delimiter = ',', value_parser = algorithm())]
    algorithm: Vec<Algorithm>,
    /// Seconds by which its clock may differ from ours; 0 to 300 [default: 60].
    #[arg(long, value_name = "SECONDS")]
    leeway: Option<u64>,
    /// The longest that its JWTs may live, from `iat` to `exp`, in seconds; 0 for any [default: any].
    #[arg(long, value_name = "SECONDS")]
    max_lifetime: Option<u64>,
    #[command(flatten)]
    server: ServerArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl ChangeArgs {
    fn settings(&self) -> Result<IssuerSettings, CliError> {
        Ok(IssuerSettings {
            keys: self.source.setting()?,
            audiences: Some(self.audience.clone()).filter(|audiences| !audiences.is_empty()),
            algorithms: Some(self.algorithm.clone()).filter(|algorithms| !algorithms.is_empty()),
            leeway_seconds: self.leeway,
            max_lifetime_seconds: self.max_lifetime,
        })
    }
}

/// Which issuer.
#[derive(Debug, Args)]
pub(in crate::cli) struct RemoveArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// `iss` of its JWTs.
    #[arg(long, value_name = "ISS")]
    issuer: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Whose.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::ALL.map(Algorithm::as_str)).try_map(|name| name.parse::<Algorithm>())
}

/// Runs one of them.
pub(super) async fn run(
    command: IssuerCommand,
    common: &Common,
    file: &FileSettings,
) -> Result<(), CliError> {
    match command {
        IssuerCommand::Add(args) => {
            let settings = args.settings()?;
            let environments = writer(&args.server, common, file).await?;
            let environments = environments.recording(event("issuer.created", args.id, &args.issuer));
            print(&environments.add_issuer(args.id, &args.issuer, &settings).await?, args.json)
        }
        IssuerCommand::Set(args) => {
            let settings = args.settings()?;
            let environments = writer(&args.server, common, file).await?;
            let environments = environments.recording(event("issuer.updated", args.id, &args.issuer));
            print(&environments.set_issuer(args.id, &args.issuer, &settings).await?, args.json)
        }
        IssuerCommand::Remove(args) => {
            let environments = reader(database::open_existing(common, file).await?);
            let environments = environments.recording(event("issuer.deleted", args.id, &args.issuer));
            print(&environments.remove_issuer(args.id, &args.issuer).await?, args.json)
        }
        IssuerCommand::List(args) => {
            let environment = reader(database::open_existing(common, file).await?).show(args.id).await?;
            let all: Vec<_> = environment.issuers.iter().map(IssuerView::of).collect();
            if args.json {
                return say(json(&all)?);
            }
            if all.is_empty() {
                return say("no issuer, so nobody can sign in; trust one with byoa-server env issuer add");
            }
            say(all.iter().map(IssuerView::table).collect::<Vec<_>>().join("\n\n"))
        }
    }
}

async fn writer(server: &ServerArgs, common: &Common, file: &FileSettings) -> Result<Environments, CliError> {
    let (public_url, allow_private) = server.resolve(file)?;
    let store = database::open_existing(common, file).await?;
    Ok(Environments::new(store, database::clock(), allow_private, public_url))
}

fn event(action: &str, environment: Uuid, issuer: &str) -> AuditRecord {
    AuditRecord { issuer: Some(issuer.to_owned()), ..trail::event(action, Some(environment)) }
}
