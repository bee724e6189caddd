//! `env`: environments, each with the issuers that it trusts.

mod args;
mod issuer;
mod moving;
mod source;
mod view;
mod whole;

use super::output::{json, remark, say};
use super::{CliError, Common, database, trail};
use crate::config::FileSettings;
use args::{CreateArgs, ListArgs, SetArgs, ShowArgs};
use byoa_server::exchange::environments::{EnvironmentSettings, Environments};
use byoa_server::ids;
use byoa_server::store::{Environment, Store};
use clap::Subcommand;
use moving::{ExportArgs, ImportArgs};
use std::sync::Arc;
use view::EnvironmentView;

/// Make, change and look at environments: each trusts issuers of its own and has users of its own.
#[derive(Debug, Subcommand)]
pub(super) enum EnvCommand {
    Create(CreateArgs),
    Set(SetArgs),
    List(ListArgs),
    Show(ShowArgs),
    Export(ExportArgs),
    Import(ImportArgs),
    #[command(subcommand)]
    Issuer(issuer::IssuerCommand),
}

/// Runs one of them.
pub(super) async fn run(command: EnvCommand, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    match command {
        EnvCommand::Create(args) => {
            let (settings, seal) = (args.settings()?, common.seal(file)?);
            let (public_url, allow_private) = args.server.resolve(file)?;
            let (_, store) = database::open(common, file).await?;
            let environments =
                Environments::new(store, database::clock(), allow_private, public_url).with_seal(seal);
            let id = args.id.unwrap_or_else(ids::unguessable);
            let event = trail::event("environment.created", Some(id));
            let made = environments.recording(event).create(id, settings).await?;
            print(&made, args.json)
        }
        EnvCommand::Set(args) => {
            let (settings, seal) = (args.settings()?, common.seal(file)?);
            let (public_url, allow_private) = args.server.resolve(file)?;
            let store = database::open_existing(common, file).await?;
            let environments =
                Environments::new(store, database::clock(), allow_private, public_url).with_seal(seal);
            if settings == EnvironmentSettings::default() {
                let environment = environments.show(args.id).await?;
                remark("nothing to change: no setting was named; see byoa-server env set --help");
                return print(&environment, args.json);
            }
            let event = trail::event("environment.updated", Some(args.id));
            let changed = environments.recording(event).set(args.id, settings).await?;
            print(&changed, args.json)
        }
        EnvCommand::Export(args) => moving::export(&args, common, file).await,
        EnvCommand::Import(args) => moving::import(&args, common, file).await,
        EnvCommand::List(args) => {
            let all = reader(database::open_existing(common, file).await?).list().await?;
            let all: Vec<_> = all.iter().map(EnvironmentView::of).collect();
            if args.json { say(json(&all)?) } else { say(view::list(&all)) }
        }
        EnvCommand::Show(args) => {
            let environment = reader(database::open_existing(common, file).await?).show(args.id).await?;
            print(&environment, args.json)
        }
        EnvCommand::Issuer(command) => issuer::run(command, common, file).await,
    }
}

/// The use cases for looking only, to which it does not matter what may be set.
fn reader(store: Arc<dyn Store>) -> Environments {
    Environments::new(store, database::clock(), false, None)
}

fn print(environment: &Environment, as_json: bool) -> Result<(), CliError> {
    let view = EnvironmentView::of(environment);
    if as_json { say(json(&view)?) } else { say(view.table()) }
}
