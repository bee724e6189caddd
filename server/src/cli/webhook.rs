//! `webhook`: endpoints that are told what happens in an environment.

use super::output::{json, remark, say};
use super::server_args::ServerArgs;
use super::{CliError, Common, database, help, trail};
use crate::config::FileSettings;
use byoa_protocol::webhook::EVENTS;
use byoa_server::exchange::webhooks::{
    IssuedSecret, MessageView, WebhookSettings, WebhookView, WebhookWithSecret, Webhooks,
};
use byoa_server::store::webhooks::{MessageQuery, MessageState, Webhook, WebhookMessage};
use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// Tell endpoints of yours what happens: users made, changed and removed, sessions opened and ended.
#[derive(Debug, Subcommand)]
pub(super) enum WebhookCommand {
    /// Make a webhook, print its secret, this once, and send it a ping.
    #[command(after_long_help = help::WEBHOOK)]
    Create(CreateArgs),
    /// Print every webhook of an environment, oldest first.
    List(ListArgs),
    /// Print one webhook.
    Show(OneArgs),
    /// Change a webhook; what is not named stays as it is.
    Set(SetArgs),
    /// Remove a webhook and its messages, also those that wait.
    Delete(OneArgs),
    /// Have a server send a ping.
    Ping(OneArgs),
    /// Print a webhook's messages and what became of them, the newest first.
    Messages(MessagesArgs),
    /// Have a server send a message once more.
    Redeliver(RedeliverArgs),
    /// Print a new secret, which signs everything from now on.
    RotateSecret(OneArgs),
}

/// Which environment.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which webhook.
#[derive(Debug, Args)]
pub(super) struct OneArgs {
    #[command(flatten)]
    of: ListArgs,
    /// UUID of the webhook.
    #[arg(long, value_name = "UUID")]
    webhook: Uuid,
}

/// What both take.
#[derive(Debug, Args)]
struct Change {
    /// What it is told of; with commas, or repeated; replaces the whole list [default: all of them].
    #[arg(long, value_name = "EVENTS", value_delimiter = ',', value_parser = PossibleValuesParser::new(EVENTS))]
    event: Vec<String>,
    /// Whether it is told anything [default: true].
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new(),
        hide_possible_values = true
    )]
    enabled: Option<bool>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Change {
    fn settings(&self, url: Option<&String>) -> WebhookSettings {
        WebhookSettings {
            url: url.cloned(),
            events: Some(self.event.clone()).filter(|events| !events.is_empty()),
            enabled: self.enabled,
        }
    }
}

/// What to make.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    #[command(flatten)]
    of: ListArgs,
    /// Where messages go: https, and an address of the public Internet.
    #[arg(long, value_name = "URL")]
    url: String,
    #[command(flatten)]
    change: Change,
}

/// What to change.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Where messages go: https, and an address of the public Internet.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    change: Change,
}

/// Which messages.
#[derive(Debug, Args)]
pub(super) struct MessagesArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Only those in this state.
    #[arg(long, value_name = "STATE", value_parser = state())]
    state: Option<MessageState>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// How many to leave out.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u32,
}

/// Which message.
#[derive(Debug, Args)]
pub(super) struct RedeliverArgs {
    #[command(flatten)]
    one: OneArgs,
    /// UUID of the message.
    #[arg(long, value_name = "UUID")]
    message: Uuid,
}

fn state() -> impl TypedValueParser<Value = MessageState> {
    PossibleValuesParser::new(["pending", "delivered", "failed"]).try_map(|name| name.parse::<MessageState>())
}

/// Runs one of them.
pub(super) async fn run(
    command: &WebhookCommand,
    common: &Common,
    file: &FileSettings,
) -> Result<(), CliError> {
    let allow_private = match command {
        WebhookCommand::Create(CreateArgs { change, .. }) | WebhookCommand::Set(SetArgs { change, .. }) => {
            change.server.resolve(file)?.1
        }
        _ => false,
    };
    let seal = common.seal(file)?;
    let store = database::open_existing(common, file).await?;
    // A server that runs looks into the outbox by itself.
    let own = Webhooks::new(Arc::clone(&store), database::clock(), allow_private, Arc::new(Notify::new()))
        .with_seal(seal);
    let recording = |action, of: &ListArgs| own.recording(trail::event(action, Some(of.id)));
    match command {
        WebhookCommand::Create(CreateArgs { of, url, change }) => {
            let made = recording("webhook.created", of).create(of.id, change.settings(Some(url))).await?;
            shown_once(&made, of.json)
        }
        WebhookCommand::RotateSecret(OneArgs { of, webhook }) => {
            let changed = recording("webhook.secret.rotated", of).rotate_secret(of.id, *webhook).await?;
            shown_once(&changed, of.json)
        }
        WebhookCommand::List(of) => {
            let all = own.list(of.id).await?;
            if of.json {
                return say(json(&all.iter().map(WebhookView::from).collect::<Vec<_>>())?);
            }
            if all.is_empty() {
                return say("no webhook yet; make one with byoa-server webhook create");
            }
            say(all.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        WebhookCommand::Show(OneArgs { of, webhook }) => print(&own.show(of.id, *webhook).await?, of.json),
        WebhookCommand::Set(SetArgs { one: OneArgs { of, webhook }, url, change }) => {
            let changed =
                recording("webhook.updated", of).set(of.id, *webhook, change.settings(url.as_ref())).await?;
            print(&changed, of.json)
        }
        WebhookCommand::Delete(OneArgs { of, webhook }) => {
            recording("webhook.deleted", of).delete(of.id, *webhook).await?;
            say(format!("deleted {webhook}"))
        }
        WebhookCommand::Ping(OneArgs { of, webhook }) => {
            recording("webhook.pinged", of).ping(of.id, *webhook).await?;
            say("a ping is in the outbox; `byoa-server webhook messages` tells what becomes of it")
        }
        WebhookCommand::Redeliver(RedeliverArgs { one: OneArgs { of, webhook }, message }) => {
            recording("webhook.redelivered", of).redeliver(of.id, *webhook, *message).await?;
            say(format!("{message} is in the outbox again"))
        }
        WebhookCommand::Messages(MessagesArgs { one: OneArgs { of, webhook }, state, limit, offset }) => {
            let query = MessageQuery { state: *state, offset: *offset, limit: *limit };
            let page = own.messages(of.id, *webhook, &query).await?;
            if of.json {
                return say(json(&page.items.iter().map(MessageView::from).collect::<Vec<_>>())?);
            }
            if page.items.is_empty() {
                return say("no message");
            }
            say(page.items.iter().map(message_line).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn shown_once(made: &IssuedSecret, as_json: bool) -> Result<(), CliError> {
    if as_json {
        return say(json(&WebhookWithSecret::from(made))?);
    }
    print(&made.webhook, false)?;
    remark("keep this secret now; it is not shown again:");
    say(made.secret.expose())
}

fn print(webhook: &Webhook, as_json: bool) -> Result<(), CliError> {
    if as_json { say(json(&WebhookView::from(webhook))?) } else { say(line(webhook)) }
}

fn line(webhook: &Webhook) -> String {
    let state = match (webhook.enabled, webhook.disabled_reason.as_deref()) {
        (true, _) => "enabled".to_owned(),
        (false, None) => "disabled".to_owned(),
        (false, Some(reason)) => format!("disabled: {reason}"),
    };
    format!("{}  {state}  {}  {}", webhook.id, webhook.url, webhook.events.join(","))
}

fn message_line(message: &WebhookMessage) -> String {
    let last = match (message.last_status, message.last_error.as_deref()) {
        (Some(status), _) => format!("answered {status}"),
        (None, Some(error)) => error.to_owned(),
        (None, None) => "not tried yet".to_owned(),
    };
    let next = match message.state {
        MessageState::Pending if message.tries > 0 => format!(", next try {}", message.due_at.rfc3339()),
        _ => String::new(),
    };
    let tries = if message.tries == 1 { "1 try".to_owned() } else { format!("{} tries", message.tries) };
    format!(
        "{}  {}  {:20}  {:9}  {tries}, {last}{next}",
        message.id,
        message.created_at.rfc3339(),
        message.event,
        message.state.as_str()
    )
}
