//! `check-jwt`: why a JWT is refused, rule by rule.

use super::output::{json, remark, say};
use super::server_args::{ServerArgs, key_sets};
use super::{CliError, Common, database, help};
use crate::config::FileSettings;
use byoa_server::exchange::{CheckStep, Exchange, ExchangeConfig};
use byoa_server::secret::Secret;
use clap::Args;
use serde_json::Value;
use std::io::Read as _;
use uuid::Uuid;

/// The most bytes that are read; a longer JWT is refused for its length whatever follows.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// Say rule by rule whether an environment would accept a JWT. Exits with 1 where it would not.
#[derive(Debug, Args)]
#[command(after_long_help = help::CHECK_JWT)]
pub(super) struct CheckJwtArgs {
    /// UUID of the environment.
    #[arg(long, value_name = "UUID")]
    id: Uuid,
    /// The JWT, or - to read it from standard input (better: an argument stays in the shell's history
    /// and is visible in the list of processes).
    #[arg(value_name = "JWT", default_value = "-", hide_default_value = true)]
    jwt: Jwt,
    #[command(flatten)]
    server: ServerArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A JWT on the command line. `Debug` does not tell it.
#[derive(Debug, Clone)]
struct Jwt(Secret<String>);

impl From<&str> for Jwt {
    fn from(text: &str) -> Self {
        Self(Secret::new(text.to_owned()))
    }
}

/// Checks.
pub(super) async fn run(args: &CheckJwtArgs, common: &Common, file: &FileSettings) -> Result<(), CliError> {
    let (public_url, allow_private) = args.server.resolve(file)?;
    let store = database::open_existing(common, file).await?;
    let jwt = read(&args.jwt)?;
    let config = ExchangeConfig::new(public_url.map_or_else(nowhere, Ok)?);
    let exchange = Exchange::new(store, key_sets(allow_private)?, database::clock(), config);
    let steps = exchange.check_jwt(args.id, jwt.expose().trim()).await?;
    say(if args.json {
        json(&shown(&steps))?
    } else {
        steps.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    match steps.iter().find(|step| step.passed == Some(false)) {
        None => {
            remark("accepted");
            Ok(())
        }
        Some(step) => {
            remark(format!("refused: {}", step.code.unwrap_or(step.rule)));
            Err(CliError::Told)
        }
    }
}

/// Checking signs nothing, so that our own URL does not matter where nobody names it.
fn nowhere() -> Result<url::Url, CliError> {
    "http://localhost".parse().map_err(|_| CliError::Failed("no public URL".to_owned()))
}

fn read(Jwt(given): &Jwt) -> Result<Secret<String>, CliError> {
    if given.expose() != "-" {
        return Ok(given.clone());
    }
    let mut text = String::new();
    match std::io::stdin().lock().take(MAX_INPUT_BYTES).read_to_string(&mut text) {
        Ok(_) => Ok(Secret::new(text)),
        Err(cause) => Err(CliError::Failed(format!("cannot read a JWT from standard input: {cause}"))),
    }
}

fn line(step: &CheckStep) -> String {
    let mark = match step.passed {
        Some(true) => '✓',
        Some(false) => '✗',
        None => '·',
    };
    let code = step.code.map(|code| format!("{code}: ")).unwrap_or_default();
    format!("{mark} {:12} {code}{}", step.rule, step.detail).trim_end().to_owned()
}

fn shown(steps: &[CheckStep]) -> Vec<Value> {
    let shown = |step: &CheckStep| {
        serde_json::json!({
            "rule": step.rule, "passed": step.passed, "reason": step.code, "detail": step.detail,
        })
    };
    steps.iter().map(shown).collect()
}
