//! An environment as it is printed. Never its keys.

use crate::cli::CliError;
use byoa_protocol::paths;
use byoa_server::store::{Environment, KeySource};
use serde::Serialize;
use std::fmt::Write as _;

/// What is shown of an environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvironmentView {
    id: String,
    name: String,
    issuer: Option<String>,
    jwks_url: Option<String>,
    audiences: Vec<String>,
    allowed_origins: Vec<String>,
    cookie_name: Option<String>,
    assume_email_verified: bool,
    session_alg: &'static str,
    replay: &'static str,
    step_up: Vec<String>,
    session_cookie: bool,
    created_at: String,
    updated_at: String,
}

impl EnvironmentView {
    /// The view of `environment`.
    pub(super) fn of(environment: &Environment) -> Self {
        let issuer = environment.issuers.first();
        Self {
            id: environment.id.to_string(),
            name: environment.name.clone(),
            issuer: issuer.map(|issuer| issuer.issuer.clone()),
            jwks_url: issuer.map(|issuer| match &issuer.keys {
                KeySource::JwksUrl(url) => url.to_string(),
                _ => "(kept here)".to_owned(),
            }),
            audiences: issuer.map(|issuer| issuer.audiences.clone()).unwrap_or_default(),
            allowed_origins: environment.allowed_origins.clone(),
            cookie_name: environment.cookie_name.clone(),
            assume_email_verified: environment.assume_email_verified,
            session_alg: environment.session_algorithm.as_str(),
            replay: environment.replay.as_str(),
            step_up: environment.step_up.clone(),
            session_cookie: environment.session_cookie,
            created_at: environment.created_at.rfc3339(),
            updated_at: environment.updated_at.rfc3339(),
        }
    }

    /// One line for each setting.
    pub(super) fn table(&self) -> String {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
        let joined = |list: &[String], none: &str| {
            if list.is_empty() { none.to_owned() } else { list.join(", ") }
        };
        let rows = [
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("issuer", or_none(&self.issuer)),
            ("jwks-url", or_none(&self.jwks_url)),
            ("audience", joined(&self.audiences, "(any)")),
            ("allowed-origin", joined(&self.allowed_origins, "(none: no page can sign in)")),
            ("cookie-name", or_none(&self.cookie_name)),
            ("assume-email-verified", self.assume_email_verified.to_string()),
            ("session-alg", self.session_alg.to_owned()),
            ("replay", self.replay.to_owned()),
            ("step-up", joined(&self.step_up, "(none)")),
            ("session-cookie", self.session_cookie.to_string()),
            ("created", self.created_at.clone()),
            ("changed", self.updated_at.clone()),
            ("path", format!("{}{}", paths::API_BASE, paths::sdk(&self.id, "…"))),
        ];
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let line = |(name, value): &(&str, String)| format!("{name:width$}  {value}");
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// One line for each environment, under a heading.
pub(super) fn list(all: &[EnvironmentView]) -> String {
    if all.is_empty() {
        return "no environment yet; make one with byoa-server env create".to_owned();
    }
    let mut text = format!("{:36}  {:5}  {:7}  issuer", "id", "alg", "origins");
    for view in all {
        let issuer = view.issuer.as_deref().unwrap_or("(none)");
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n{:36}  {:5}  {:7}  {issuer}",
            view.id,
            view.session_alg,
            view.allowed_origins.len()
        );
    }
    text
}

/// `value` as indented JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value)
        .map_err(|cause| CliError::Failed(format!("cannot write JSON: {cause}")))
}
