//! The flags of `env`.

use super::source::SourceArgs;
use crate::cli::server_args::ServerArgs;
use crate::cli::{CliError, help};
use byoa_server::exchange::environments::EnvironmentSettings;
use byoa_server::store::{ReplayPolicy, SessionAlgorithm};
use clap::Args;
use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser as _};
use uuid::Uuid;

/// Make an environment with its signing key, and print it.
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArgs {
    /// UUID of the environment [default: a new one, which is printed].
    #[arg(long, value_name = "UUID")]
    pub(super) id: Option<Uuid>,
    /// `iss` of the JWTs to trust, byte for byte: a trailing slash counts.
    #[arg(long, value_name = "ISS")]
    issuer: String,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl CreateArgs {
    /// What to make it with.
    pub(super) fn settings(&self) -> Result<EnvironmentSettings, CliError> {
        Ok(EnvironmentSettings {
            issuer: Some(self.issuer.clone()),
            keys: self.source.setting()?,
            ..self.change.settings()
        })
    }
}

/// Change an environment; what is not named stays as it is.
#[derive(Debug, Args)]
#[command(after_long_help = help::ENV_SET)]
pub(in crate::cli) struct SetArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    pub(super) id: Uuid,
    /// `iss` of the JWTs to trust, byte for byte: a trailing slash counts.
    #[arg(long, value_name = "ISS")]
    issuer: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl SetArgs {
    /// What to change.
    pub(super) fn settings(&self) -> Result<EnvironmentSettings, CliError> {
        Ok(EnvironmentSettings {
            issuer: self.issuer.clone(),
            keys: self.source.setting()?,
            ..self.change.settings()
        })
    }
}

/// What both take.
#[derive(Debug, Args)]
struct Change {
    /// sandbox or live: a word for the settings that clients read [default: sandbox].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What `aud` of the JWTs must hold; empty for anything. Set one, so that the issuer's tokens for
    /// other services are refused.
    #[arg(long, value_name = "AUD")]
    audience: Option<String>,
    /// Origin of a page that may sign in, such as `https://app.example.com`; may be repeated.
    #[arg(long, value_name = "ORIGIN")]
    allowed_origin: Vec<String>,
    /// Cookie that carries the JWT where the page cannot read it; empty for none.
    #[arg(long, value_name = "NAME")]
    cookie_name: Option<String>,
    /// Take an `email` without `emailVerified` as verified [default: false].
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new(),
        hide_possible_values = true
    )]
    assume_email_verified: Option<bool>,
    /// What session tokens are signed with [default: ES256].
    #[arg(long, value_name = "ALG", value_parser = session_algorithm())]
    session_alg: Option<SessionAlgorithm>,
    /// How often one JWT signs in: once, or as often as it is shown before it expires (off) [default: off].
    #[arg(long, value_name = "POLICY", value_parser = replay_policy())]
    replay: Option<ReplayPolicy>,
    /// Operations that need an elevated token: user:update, user:delete, or both with a comma; empty for
    /// none [default: none].
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    step_up: Vec<String>,
    /// Keep sessions in the cookie `DYNAMIC_JWT_TOKEN`, which pages cannot read, instead of answering with
    /// tokens; needs HTTPS [default: false].
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new(),
        hide_possible_values = true
    )]
    session_cookie: Option<bool>,
}

impl Change {
    fn settings(&self) -> EnvironmentSettings {
        let origins = self.allowed_origin.iter().filter(|origin| !origin.is_empty()).cloned().collect();
        let step_up = self.step_up.iter().filter(|scope| !scope.is_empty()).cloned().collect();
        EnvironmentSettings {
            name: self.name.clone(),
            audience: self.audience.clone(),
            allowed_origins: Some(origins).filter(|_| !self.allowed_origin.is_empty()),
            cookie_name: self.cookie_name.clone(),
            assume_email_verified: self.assume_email_verified,
            session_algorithm: self.session_alg,
            replay: self.replay,
            session_cookie: self.session_cookie,
            step_up: Some(step_up).filter(|_| !self.step_up.is_empty()),
            ..EnvironmentSettings::default()
        }
    }
}

fn session_algorithm() -> impl clap::builder::TypedValueParser<Value = SessionAlgorithm> {
    PossibleValuesParser::new(["ES256", "RS256"]).try_map(|name| name.parse::<SessionAlgorithm>())
}

fn replay_policy() -> impl clap::builder::TypedValueParser<Value = ReplayPolicy> {
    PossibleValuesParser::new(["off", "once"]).try_map(|name| name.parse::<ReplayPolicy>())
}

/// Print every environment, oldest first.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Print one environment.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    pub(super) id: Uuid,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}
