//! `keys`: what an environment's session tokens are signed with.

use super::output::{json, say};
use super::{CliError, Common, database, trail};
use crate::config::FileSettings;
use byoa_server::exchange::admin::SigningKeyView;
use byoa_server::exchange::environments::{Environments, Resealed, SigningKeyInfo};
use clap::{Args, Subcommand};
use uuid::Uuid;

/// Look at, replace and withdraw the keys that sign session tokens.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Print the keys, the one that signs first.
    List(KeysArgs),
    /// Let a new key sign. The one before stays published for 7 days, so that its tokens live out their
    /// time.
    Rotate(KeysArgs),
    /// Withdraw a key that signs no more, at once: whatever it signed is refused from now on. For a key
    /// that has leaked; others go by themselves.
    Retire(RetireArgs),
    /// Seal every secret in the database, private keys and those of webhooks, under the master key: what is
    /// not sealed yet, and what --old-master-key-file opens. Servers may run meanwhile, if they were given
    /// the master key before.
    Seal(SealArgs),
}

/// Nothing but what every command takes.
#[derive(Debug, Args)]
pub(super) struct SealArgs {}

/// Whose.
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which.
#[derive(Debug, Args)]
pub(super) struct RetireArgs {
    #[command(flatten)]
    keys: KeysArgs,
    /// Name of the key.
    #[arg(long, value_name = "KID")]
    kid: String,
}

/// Runs one of them.
pub(super) async fn run(command: &KeysCommand, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let seal = common.seal(file)?;
    let store = database::open_existing(common, file).await?;
    let master_key = seal.current();
    let environments = Environments::new(store, database::clock(), false, None).with_seal(seal);
    let (keys, args) = match command {
        KeysCommand::Seal(_) => {
            let environments = environments.recording(trail::event("key.sealed", None));
            let Resealed { secrets, changed } = environments.seal_all().await?;
            let under = master_key.map(|id| id.to_string()).unwrap_or_default();
            return say(format!(
                "sealed {changed} of {secrets} secrets under the master key {under}; the others were already"
            ));
        }
        KeysCommand::List(args) => (environments.signing_keys(args.id).await?, args),
        KeysCommand::Rotate(args) => {
            let environments = environments.recording(trail::event("key.created", Some(args.id)));
            (environments.rotate_signing_key(args.id).await?, args)
        }
        KeysCommand::Retire(RetireArgs { keys: args, kid }) => {
            let environments = environments.recording(trail::event("key.deleted", Some(args.id)));
            (environments.retire_signing_key(args.id, kid).await?, args)
        }
    };
    if args.json {
        return say(json(&keys.iter().map(SigningKeyView::from).collect::<Vec<_>>())?);
    }
    say(keys.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn line(key: &SigningKeyInfo) -> String {
    let state = key
        .published_until
        .map_or_else(|| "signs".to_owned(), |until| format!("retired, published until {}", until.rfc3339()));
    format!("{}  {:5}  made {}  {state}", key.kid, key.algorithm.as_str(), key.created_at.rfc3339())
}
