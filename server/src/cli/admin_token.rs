//! `admin-token`: tokens for administrators of the HTTP API.

use super::output::{remark, say};
use super::{CliError, Common, database, trail};
use crate::config::FileSettings;
use byoa_server::clock::Clock as _;
use byoa_server::exchange::admin_scopes::AdminScopes;
use byoa_server::exchange::admin_tokens::new_admin_token;
use byoa_server::exchange::environments::Environments;
use byoa_server::store::{AdminToken, AuditRecord};
use clap::{Args, Subcommand};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What a token may do where nobody says.
const SCOPE: &str = "admin";
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 100;
const DAY: Duration = Duration::from_hours(24);

/// Make, list and revoke tokens for administrators.
#[derive(Debug, Subcommand)]
pub(super) enum AdminTokenCommand {
    Create(CreateArgs),
    /// Print every token, revoked and expired ones too: its id, when it was made, its end, what it may do, and
    /// its name. The token itself is kept nowhere.
    List,
    Revoke(RevokeArgs),
}

/// Make a token and print it, this once: only its hash is kept.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// What it is for, such as "nightly export".
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do; may be repeated: environments:read, environments:write, keys:read, keys:write,
    /// users:read, users:write, sessions:write, audit:read, webhooks:read, webhooks:write [default: admin, which
    /// is all of them].
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// UUID of the only environment that it may touch [default: all of them].
    #[arg(long, value_name = "UUID")]
    environment: Option<Uuid>,
    /// After how many days it ends [default: never].
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_in: Option<u32>,
}

/// End a token, at once.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// The id that `admin-token list` prints.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
}

/// Runs one of them.
pub(super) async fn run(
    command: &AdminTokenCommand,
    common: &Common,
    file: &FileSettings,
) -> Result<(), CliError> {
    match command {
        AdminTokenCommand::Create(args) => create(args, common, file).await,
        AdminTokenCommand::List => {
            let store = database::open_existing(common, file).await?;
            let tokens = store.admin_tokens().await?;
            if tokens.is_empty() {
                return say("no admin token yet; make one with byoa-server admin-token create");
            }
            say(tokens.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        AdminTokenCommand::Revoke(RevokeArgs { id }) => {
            let store = database::open_existing(common, file).await?;
            let event = trail::event("adminToken.revoked", None);
            let store = store.audited(AuditRecord { detail: Some(format!("token {id}")), ..event });
            if store.revoke_admin_token(*id, database::clock().now()).await? {
                remark("revoked");
                return Ok(());
            }
            Err(CliError::Failed(format!(
                "there is no live admin token {id}; see byoa-server admin-token list"
            )))
        }
    }
}

async fn create(args: &CreateArgs, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let name = args.name.trim();
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(CliError::Usage(format!(
            "--name must say what the token is for, in {MAX_NAME_BYTES} bytes at most"
        )));
    }
    let scope = if args.scope.is_empty() { SCOPE.to_owned() } else { args.scope.join(" ") };
    let scopes: AdminScopes =
        scope.parse().map_err(|cause| CliError::Usage(format!("--scope {scope}: {cause}")))?;
    let scopes = match args.environment {
        Some(environment) => scopes.within(environment),
        None => scopes,
    };
    let lifetime = args.expires_in.map(|days| DAY * days);
    let (_, store) = database::open(common, file).await?;
    if let Some(environment) = args.environment {
        Environments::new(Arc::clone(&store), database::clock(), false, None).show(environment).await?;
    }
    let clock = database::clock();
    let (token, record) = new_admin_token(clock.as_ref(), name, &scopes.to_string(), lifetime);
    let detail = Some(format!("token {} for {scopes}", record.id));
    let event = AuditRecord { detail, ..trail::event("adminToken.created", args.environment) };
    store.audited(event).create_admin_token(&record).await?;
    remark("keep this token now; it is not shown again, and only its hash is stored:");
    say(token.expose())
}

fn line(token: &AdminToken) -> String {
    let end = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", at.rfc3339()),
        (None, Some(at)) => format!("until {}", at.rfc3339()),
        (None, None) => "no end".to_owned(),
    };
    format!("{}  {}  {end}  {}  {}", token.id, token.created_at.rfc3339(), token.scope, token.name)
}
