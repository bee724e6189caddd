//! What the admin API shows. What is not there is `null`.

use crate::audit::AuditEvent;
use crate::exchange::CheckStep;
use crate::exchange::admin::{SessionView, SigningKeyView};
use crate::exchange::environments::SigningKeyInfo;
use crate::exchange::webhooks::{MessageView, WebhookView};
use crate::store::{Environment, IssuerConfig, KeySource};
use byoa_protocol::settings::ExternalAuthSettings;
use byoa_protocol::user::SdkUser;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// An environment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = Environment))]
pub(super) struct EnvironmentView {
    /// Its id, in the paths of its operations.
    id: Uuid,
    /// `sandbox` or `live`.
    name: String,
    /// Origins of pages that may call.
    allowed_origins: Vec<String>,
    /// What session tokens are signed with: `ES256` or `RS256`.
    session_alg: &'static str,
    /// Its first issuer.
    #[cfg_attr(test, schema(required))]
    external_auth: Option<ExternalAuthSettings>,
    /// RFC 3339, milliseconds, UTC.
    created_at: String,
    /// RFC 3339, milliseconds, UTC.
    updated_at: String,
}

impl From<&Environment> for EnvironmentView {
    fn from(environment: &Environment) -> Self {
        Self {
            id: environment.id,
            name: environment.name.clone(),
            allowed_origins: environment.allowed_origins.clone(),
            session_alg: environment.session_algorithm.as_str(),
            external_auth: crate::exchange::external_auth_settings(environment),
            created_at: environment.created_at.rfc3339(),
            updated_at: environment.updated_at.rfc3339(),
        }
    }
}

/// Environments, the oldest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Environments {
    /// Those that the token may see.
    pub(super) environments: Vec<EnvironmentView>,
}

/// How an issuer is trusted, with one of `jwksUrl`, `discovery`, `jwks` and `pem`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = Issuer))]
pub(super) struct IssuerView {
    /// `iss` of its JWTs.
    iss: String,
    /// Where it publishes its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_url: Option<String>,
    /// `true`: its discovery document says where.
    #[serde(skip_serializing_if = "Option::is_none")]
    discovery: Option<bool>,
    /// Its keys, a JWK set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(value_type = Option<Object>))]
    jwks: Option<Value>,
    /// Its one public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
    /// What a JWT's `aud` must hold one of. Empty: anything.
    audiences: Vec<String>,
    /// What it may sign with.
    algorithms: Vec<&'static str>,
    /// How far its clock may differ from the server's, in seconds.
    leeway_seconds: u64,
    /// The longest `exp` − `iat`, in seconds; `null`: any.
    #[cfg_attr(test, schema(required))]
    max_lifetime_seconds: Option<u64>,
}

impl From<&IssuerConfig> for IssuerView {
    fn from(issuer: &IssuerConfig) -> Self {
        let mut view = Self {
            iss: issuer.issuer.clone(),
            jwks_url: None,
            discovery: None,
            jwks: None,
            pem: None,
            audiences: issuer.audiences.clone(),
            algorithms: issuer.algorithms.iter().map(|algorithm| algorithm.as_str()).collect(),
            leeway_seconds: issuer.leeway_seconds,
            max_lifetime_seconds: issuer.max_lifetime_seconds,
        };
        match &issuer.keys {
            KeySource::JwksUrl(url) => view.jwks_url = Some(url.to_string()),
            KeySource::Discovery => view.discovery = Some(true),
            KeySource::Jwks(text) => view.jwks = Some(serde_json::from_str(text).unwrap_or_default()),
            KeySource::Pem(text) => view.pem = Some(text.clone()),
        }
        view
    }
}

/// The issuers that an environment trusts.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Issuers {
    /// In the order in which they were added.
    pub(super) issuers: Vec<IssuerView>,
}

/// Keys of an environment.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = SigningKeys))]
pub(super) struct Keys {
    /// The one that signs, then the latest retired.
    keys: Vec<SigningKeyView>,
}

impl From<&[SigningKeyInfo]> for Keys {
    fn from(keys: &[SigningKeyInfo]) -> Self {
        Self { keys: keys.iter().map(SigningKeyView::from).collect() }
    }
}

/// What a sign-in would say of a JWT.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = JwtCheck))]
pub(super) struct Checked {
    /// Whether it would be accepted.
    pub(super) valid: bool,
    /// The rules that it broke: each its reason and a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<String>,
    /// Every rule, in the order in which they are asked.
    pub(super) trace: Vec<StepView>,
}

/// What one rule said.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = JwtCheckStep))]
pub(super) struct StepView {
    /// The rule's name.
    rule: &'static str,
    /// Whether it held; `null` where an earlier one failed.
    #[cfg_attr(test, schema(required))]
    passed: Option<bool>,
    /// The reason's code where it failed.
    #[cfg_attr(test, schema(required))]
    reason: Option<&'static str>,
    /// What was found, or what was expected and the mend.
    detail: String,
}

impl From<CheckStep> for StepView {
    fn from(step: CheckStep) -> Self {
        Self { rule: step.rule, passed: step.passed, reason: step.code, detail: step.detail }
    }
}

/// A part of a user's sessions, the newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Sessions {
    /// How many there are in all.
    pub(super) count: u64,
    /// The part.
    pub(super) sessions: Vec<SessionView>,
}

/// What was done.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Message {
    /// A sentence.
    pub(super) message: String,
}

/// A user, with its sessions where they were asked for.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = UserWithSessions))]
pub(super) struct UserView {
    /// Without a session, so without its members.
    #[serde(flatten)]
    pub(super) user: SdkUser,
    /// The newest 100; only where `includeSessions` is `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sessions: Option<Vec<SessionView>>,
}

/// A user that was asked for.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct ShownUser {
    /// It.
    pub(super) user: UserView,
}

/// A part of an environment's users.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct UserPage {
    /// How many there are in all.
    pub(super) count: u64,
    /// The part.
    pub(super) users: Vec<UserView>,
}

/// Users.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Users {
    /// In the order in which they were described.
    pub(super) users: Vec<SdkUser>,
}

/// One user.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct OneUser {
    /// Without a session, so without its members.
    pub(super) user: SdkUser,
}

/// Webhooks, the oldest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Webhooks {
    /// Each, without its secret.
    pub(super) webhooks: Vec<WebhookView>,
}

/// A part of a webhook's messages, the newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct WebhookMessages {
    /// How many there are in all.
    pub(super) count: u64,
    /// The part.
    pub(super) messages: Vec<MessageView>,
}

/// Events, the latest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Events {
    /// Each.
    pub(super) events: Vec<AuditEvent>,
}
