//! An environment as it is printed. Never its keys.

use byoa_protocol::paths;
use byoa_server::store::{Environment, IssuerConfig, KeySource};
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
    issuers: Vec<IssuerView>,
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
            jwks_url: issuer.and_then(|issuer| IssuerView::of(issuer).jwks_url),
            audiences: issuer.map(|issuer| issuer.audiences.clone()).unwrap_or_default(),
            issuers: environment.issuers.iter().map(IssuerView::of).collect(),
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
        let mut rows = vec![("id", self.id.clone()), ("name", self.name.clone())];
        if self.issuers.is_empty() {
            rows.push(("issuer", "(none: nobody can sign in)".to_owned()));
        }
        for issuer in &self.issuers {
            rows.push(("issuer", issuer.issuer.clone()));
            rows.extend(issuer.rows());
        }
        rows.extend([
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
        ]);
        aligned(&rows)
    }
}

/// What is shown of an issuer that an environment trusts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssuerView {
    issuer: String,
    keys: &'static str,
    jwks_url: Option<String>,
    audiences: Vec<String>,
    algorithms: Vec<&'static str>,
    leeway_seconds: u64,
    max_lifetime_seconds: Option<u64>,
}

impl IssuerView {
    /// The view of `issuer`.
    pub(super) fn of(issuer: &IssuerConfig) -> Self {
        let (keys, jwks_url) = match &issuer.keys {
            KeySource::JwksUrl(url) => ("jwks-url", Some(url.to_string())),
            KeySource::Discovery => ("discovery", None),
            KeySource::Jwks(_) => ("jwks-file", None),
            KeySource::Pem(_) => ("pem-file", None),
            _ => ("unknown", None),
        };
        Self {
            issuer: issuer.issuer.clone(),
            keys,
            jwks_url,
            audiences: issuer.audiences.clone(),
            algorithms: issuer.algorithms.iter().map(|algorithm| algorithm.as_str()).collect(),
            leeway_seconds: issuer.leeway_seconds,
            max_lifetime_seconds: issuer.max_lifetime_seconds,
        }
    }

    /// One line for each setting.
    pub(super) fn table(&self) -> String {
        let mut rows = vec![("issuer", self.issuer.clone())];
        rows.extend(self.rows());
        aligned(&rows)
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let keys = match &self.jwks_url {
            Some(url) => ("jwks-url", url.clone()),
            None => ("keys", self.keys.to_owned()),
        };
        let audience = if self.audiences.is_empty() { "(any)".to_owned() } else { self.audiences.join(", ") };
        let longest = self.max_lifetime_seconds;
        vec![
            keys,
            ("audience", audience),
            ("algorithm", self.algorithms.join(", ")),
            ("leeway", format!("{} s", self.leeway_seconds)),
            ("max-lifetime", longest.map_or_else(|| "(any)".to_owned(), |seconds| format!("{seconds} s"))),
        ]
    }
}

fn aligned(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {value}");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One line for each environment, under a heading.
pub(super) fn list(all: &[EnvironmentView]) -> String {
    if all.is_empty() {
        return "no environment yet; make one with byoa-server env create".to_owned();
    }
    let mut text = format!("{:36}  {:5}  {:7}  issuer", "id", "alg", "origins");
    for view in all {
        let more = view.issuers.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let issuer = view.issuer.as_deref().unwrap_or("(none)");
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n{:36}  {:5}  {:7}  {issuer}{more}",
            view.id,
            view.session_alg,
            view.allowed_origins.len()
        );
    }
    text
}
