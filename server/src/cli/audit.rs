//! `audit`: what happened.

use super::output::{json, say};
use super::{CliError, Common, database};
use crate::config::FileSettings;
use byoa_server::audit::AuditEvent;
use byoa_server::exchange::environments::Environments;
use byoa_server::store::{AuditQuery, AuditRecord};
use clap::{Args, Subcommand};
use uuid::Uuid;

/// Look at the audit log.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    List(ListArgs),
}

/// Print events, latest first: sign-ins, refusals with their reason, revocations, changes.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// UUID of the environment [default: all of them].
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// Only events older than the one of this id: the last of the page before.
    #[arg(long, value_name = "UUID")]
    before: Option<Uuid>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Print JSON, with everything that is known of each event.
    #[arg(long)]
    json: bool,
}

/// Runs one of them.
pub(super) async fn run(
    command: &AuditCommand,
    common: &Common,
    file: &FileSettings,
) -> Result<(), CliError> {
    let AuditCommand::List(args) = command;
    let store = database::open_existing(common, file).await?;
    let query = AuditQuery { environment_id: args.id, before: args.before, limit: args.limit };
    let events = store.audit(&query).await?;
    if let (Some(id), true) = (args.id, events.is_empty()) {
        Environments::new(store, database::clock(), false, None).show(id).await?;
    }
    if args.json {
        let all: Vec<_> = events.iter().map(AuditEvent::from).collect();
        return say(json(&all)?);
    }
    if events.is_empty() {
        return say("no events");
    }
    say(events.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn line(event: &AuditRecord) -> String {
    let outcome =
        event.refused.as_deref().map_or_else(|| "done".to_owned(), |code| format!("refused: {code}"));
    let id = |name: &str, id: Option<Uuid>| id.map(|id| format!("  {name} {id}")).unwrap_or_default();
    let ip = event.ip.map(|ip| format!("  from {ip}")).unwrap_or_default();
    let detail = event.detail.as_deref().map(|detail| format!("  {detail}")).unwrap_or_default();
    format!(
        "{}  {:22} {outcome}  by {}{}{}{ip}{detail}",
        event.at.rfc3339(),
        event.action,
        event.actor,
        id("user", event.user_id),
        id("session", event.session_id)
    )
}
