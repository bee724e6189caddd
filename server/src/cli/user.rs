//! `user` and `session`: who is known in an environment, and what they have open.

use super::output::{json, remark, say};
use super::{CliError, Common, database, server_args, trail};
use crate::config::FileSettings;
use byoa_protocol::user::SdkUser;
use byoa_server::exchange::admin::{Admin, MAX_BULK, ProfileFields, SessionView, UserDescription};
use byoa_server::exchange::environments::Environments;
use byoa_server::exchange::{Exchange, ExchangeConfig};
use byoa_server::store::{AuditRecord, SessionQuery, UserQuery};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};
use uuid::Uuid;

/// Look at users, make, change and remove them.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Print users, the newest first.
    List(ListArgs),
    /// Print one user with its profile and credentials, as JSON.
    Show(OneArgs),
    /// Make a user before its first sign-in, which finds it.
    Create(CreateArgs),
    /// Make users from a file, all or none, 50 at a time.
    Import(ImportArgs),
    /// Change a profile; what is not named stays as it is, an empty text clears it.
    Set(SetArgs),
    /// Remove a user, its credentials and its sessions.
    Delete(OneArgs),
}

/// Look at sessions and end them.
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Print a user's sessions, the newest first.
    List(SessionsArgs),
    /// End one session.
    Revoke(RevokeArgs),
    /// End every session of a user, or of everybody, that was opened until now.
    RevokeAll(RevokeAllArgs),
}

/// Which environment.
#[derive(Debug, Args)]
pub(super) struct Of {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, Args)]
struct Part {
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// How many to leave out.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u32,
}

/// Which users.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    of: Of,
    /// Only those with this e-mail address, username or external id.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    #[command(flatten)]
    part: Part,
}

/// Which user.
#[derive(Debug, Args)]
pub(super) struct OneArgs {
    #[command(flatten)]
    of: Of,
    /// UUID of the user.
    #[arg(long, value_name = "UUID")]
    user: Uuid,
}

/// Whom to make.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    #[command(flatten)]
    of: Of,
    /// `sub` of the user's external JWTs.
    #[arg(long, value_name = "SUB")]
    external_user_id: String,
    /// Their `iss` [default: the environment's first issuer].
    #[arg(long, value_name = "ISS")]
    issuer: Option<String>,
    /// The profile, such as '{"alias": "Ada", "metadata": {"plan": "free"}}'.
    #[arg(long, value_name = "JSON", value_parser = profile, default_value = "{}", hide_default_value = true)]
    profile: ProfileFields,
}

/// Whom to make.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    of: Of,
    /// File with a JSON array such as `[{"externalUserId": "user-42", "alias": "Ada"}]`; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Change users that exist instead of refusing.
    #[arg(long)]
    upsert: bool,
}

/// What to change.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    #[command(flatten)]
    one: OneArgs,
    /// What changes, such as '{"alias": "Ada", "team": ""}'.
    #[arg(long, value_name = "JSON", value_parser = profile)]
    profile: ProfileFields,
}

/// Whose sessions.
#[derive(Debug, Args)]
pub(super) struct SessionsArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Only those that were ended, or with `=false` only those that were not.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    revoked: Option<bool>,
    #[command(flatten)]
    part: Part,
}

/// Which session.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    of: Of,
    /// UUID of the session, the claim `sid` of its tokens.
    #[arg(long, value_name = "UUID")]
    session: Uuid,
}

/// Whose.
#[derive(Debug, Args)]
pub(super) struct RevokeAllArgs {
    #[command(flatten)]
    of: Of,
    /// UUID of the user; or `--everybody`.
    #[arg(long, value_name = "UUID", required_unless_present = "everybody")]
    user: Option<Uuid>,
    /// All of the environment.
    #[arg(long, conflicts_with = "user")]
    everybody: bool,
}

fn profile(text: &str) -> Result<ProfileFields, String> {
    let value: Value = serde_json::from_str(text).map_err(|cause| format!("it is not JSON: {cause}"))?;
    serde_json::from_value(value).map_err(|cause| format!("it is not a profile: {cause}"))
}

/// The users of a file, as the admin API takes them.
fn described(file: &Path) -> Result<Vec<UserDescription>, CliError> {
    let shown = file.display();
    let text =
        if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) };
    let text = text.map_err(|cause| CliError::Failed(format!("{shown} cannot be read: {cause}")))?;
    let users: Vec<Value> = serde_json::from_str(&text).map_err(|cause| {
        CliError::Failed(format!(
            "{shown} is not a JSON array of users, such as [{{\"externalUserId\": \"…\"}}]: {cause}"
        ))
    })?;
    let read = |(at, user)| {
        serde_json::from_value(user)
            .map_err(|cause| CliError::Failed(format!("user {} of {shown}: {cause}", at + 1)))
    };
    users.into_iter().enumerate().map(read).collect()
}

/// The use cases of the admin API over the database.
async fn open(common: &Common, file: &FileSettings) -> Result<Admin, CliError> {
    let store = database::open_existing(common, file).await?;
    let nowhere = "http://localhost".parse().map_err(|cause| CliError::Failed(format!("{cause}")))?;
    // Nothing is verified or signed here.
    let keys = server_args::key_sets(false)?;
    let exchange = Exchange::new(Arc::clone(&store), keys, database::clock(), ExchangeConfig::new(nowhere));
    let environments = Environments::new(store, database::clock(), false, None);
    Ok(Admin::new(exchange, environments))
}

/// Runs the command.
pub(super) async fn run(command: &UserCommand, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let admin = open(common, file).await?;
    let recording = |action: &str, of: &Of| admin.recording(&trail::event(action, Some(of.id)));
    match command {
        UserCommand::List(ListArgs { of, filter, part }) => {
            let query = UserQuery {
                filter: filter.clone(),
                newest_first: true,
                offset: part.offset,
                limit: part.limit,
            };
            let page = admin.users(of.id, &query).await?;
            list(of, page.count, &page.items, user_line, "no user yet")
        }
        UserCommand::Show(OneArgs { of, user }) => {
            let shown = admin.user(of.id, *user).await?.ok_or_else(|| no_user(*user))?;
            print(&shown)
        }
        UserCommand::Create(CreateArgs { of, external_user_id, issuer, profile }) => {
            let described = UserDescription {
                external_user_id: external_user_id.clone(),
                issuer: issuer.clone(),
                fields: profile.0.clone(),
            };
            let made = recording("user.created", of).create_users(of.id, vec![described], false).await?;
            let user = made.first().ok_or_else(|| CliError::Failed("no user was made".to_owned()))?;
            print(user)
        }
        UserCommand::Import(ImportArgs { of, file, upsert }) => {
            let described = described(file)?;
            if described.is_empty() || described.len() > MAX_BULK {
                return Err(CliError::Failed(format!(
                    "{} has {} users; give 1 to {MAX_BULK} at a time",
                    file.display(),
                    described.len()
                )));
            }
            let detail = Some(format!("{} users", described.len()));
            let event = AuditRecord { detail, ..trail::event("user.created", Some(of.id)) };
            let made = admin.recording(&event).create_users(of.id, described, *upsert).await?;
            list(of, made.len() as u64, &made, user_line, "nobody")
        }
        UserCommand::Set(SetArgs { one: OneArgs { of, user }, profile }) => {
            let admin = recording("user.updated", of);
            let changed = admin.update_user(of.id, *user, profile.0.clone()).await?;
            let changed = changed.ok_or_else(|| no_user(*user))?;
            print(&changed)
        }
        UserCommand::Delete(OneArgs { of, user }) => {
            if !recording("user.deleted", of).delete_user(of.id, *user).await? {
                return Err(no_user(*user));
            }
            say(format!("removed the user {user}, its credentials and its sessions"))
        }
    }
}

/// Runs the command.
pub(super) async fn run_sessions(
    command: &SessionCommand,
    common: &Common,
    file: &FileSettings,
) -> Result<(), CliError> {
    let admin = open(common, file).await?;
    let event = |of: &Of| trail::event("user.session.revoked", Some(of.id));
    match command {
        SessionCommand::List(SessionsArgs { one: OneArgs { of, user }, revoked, part }) => {
            let query = SessionQuery { revoked: *revoked, offset: part.offset, limit: part.limit };
            let page = admin.sessions(of.id, *user, &query).await?;
            let shown: Vec<_> = page.items.iter().map(SessionView::from).collect();
            list(of, page.count, &shown, session_line, "no session")
        }
        SessionCommand::Revoke(RevokeArgs { of, session }) => {
            let found = admin.session(*session).await?.filter(|found| found.environment_id == of.id);
            let found = found.ok_or_else(|| {
                CliError::Failed(format!(
                    "the environment has no session {session}; see byoa-server session list"
                ))
            })?;
            let ended = admin.recording(&event(of)).revoke_session(&found).await?;
            print(&SessionView::from(ended.as_ref().unwrap_or(&found)))
        }
        SessionCommand::RevokeAll(RevokeAllArgs { of, user, everybody: _ }) => {
            admin.users(of.id, &UserQuery { limit: 1, ..UserQuery::default() }).await?;
            let event = AuditRecord { user_id: *user, ..event(of) };
            let ended = admin.recording(&event).revoke_sessions(of.id, *user).await?;
            say(format!("ended {ended} session{}", if ended == 1 { "" } else { "s" }))
        }
    }
}

fn no_user(user: Uuid) -> CliError {
    CliError::Failed(format!("the environment has no user {user}; see byoa-server user list"))
}

fn list<T: Serialize>(
    of: &Of,
    count: u64,
    items: &[T],
    line: impl Fn(&T) -> String,
    none: &str,
) -> Result<(), CliError> {
    if of.json {
        return print(&serde_json::json!({ "count": count, "items": items }));
    }
    if items.is_empty() {
        remark(none);
        return Ok(());
    }
    if count > items.len() as u64 {
        remark(format!("{} of {count}; more with --offset", items.len()));
    }
    say(items.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn print(value: &impl Serialize) -> Result<(), CliError> {
    say(json(value)?)
}

fn user_line(user: &SdkUser) -> String {
    let mut named = user.verified_credentials.iter();
    let external = named.find_map(|one| one.public_identifier.clone()).unwrap_or_default();
    format!("{}  {external}  {}", user.id, user.email.as_deref().unwrap_or("no e-mail address"))
}

fn session_line(session: &SessionView) -> String {
    let ended = session.revoked_at.as_ref().map_or_else(|| "live".to_owned(), |at| format!("ended {at}"));
    let address = session.ip_address.map(|address| address.to_string()).unwrap_or_default();
    format!("{}  opened {}  {ended}  {address}", session.id, session.created_at)
}
