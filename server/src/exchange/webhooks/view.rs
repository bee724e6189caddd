//! How a webhook and its messages are shown, by the API and the command line alike. What is not there is `null`.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::IssuedSecret;
use crate::{
    clock::UnixMillis,
    secret::Secret,
    store::webhooks::{MessageState, Webhook, WebhookMessage},
};

/// A webhook, without its secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = Webhook))]
pub struct WebhookView {
    /// Its id, in the paths of its operations.
    pub id: Uuid,
    /// Where messages go.
    pub url: String,
    /// Names of the events that it is told of.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub is_enabled: bool,
    /// Why it is disabled, where nobody asked for that: `failing`.
    #[cfg_attr(test, schema(required))]
    pub disabled_reason: Option<String>,
    /// RFC 3339, milliseconds, UTC.
    pub created_at: String,
    /// RFC 3339, milliseconds, UTC.
    pub updated_at: String,
}

impl From<&Webhook> for WebhookView {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url.clone(),
            events: webhook.events.clone(),
            is_enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason.clone(),
            created_at: webhook.created_at.rfc3339(),
            updated_at: webhook.updated_at.rfc3339(),
        }
    }
}

/// A webhook with its secret, for the one time that it is shown.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct WebhookWithSecret {
    /// All but the secret.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What its messages are signed with, as `byoa_whsec_…`: the whole text is the key. Not shown again.
    #[serde(serialize_with = "shown_once")]
    #[cfg_attr(test, schema(value_type = String))]
    pub secret: Secret<String>,
}

impl From<&IssuedSecret> for WebhookWithSecret {
    fn from(issued: &IssuedSecret) -> Self {
        Self { webhook: WebhookView::from(&issued.webhook), secret: issued.secret.clone() }
    }
}

fn shown_once<S: Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}

/// What became of a message, without what is in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = WebhookMessage))]
pub struct MessageView {
    /// Its id: the same each time that it is tried.
    pub message_id: Uuid,
    /// What happened: the same for every webhook.
    pub event_id: Uuid,
    /// The event's name.
    pub event_name: String,
    /// The user that it is about.
    #[cfg_attr(test, schema(required))]
    pub user_id: Option<Uuid>,
    /// `pending`, `delivered` or `failed`.
    pub state: &'static str,
    /// How often delivery was begun.
    pub tries: u32,
    /// When it happened: RFC 3339, milliseconds, UTC.
    pub created_at: String,
    /// When it may be tried next, where it is pending.
    #[cfg_attr(test, schema(required))]
    pub next_try_at: Option<String>,
    /// When it was delivered, or given up.
    #[cfg_attr(test, schema(required))]
    pub finished_at: Option<String>,
    /// Status of the last answer.
    #[cfg_attr(test, schema(required))]
    pub last_status: Option<u16>,
    /// What went wrong last: `status`, `timeout`, `unreachable` or `address_refused`.
    #[cfg_attr(test, schema(required))]
    pub last_error: Option<String>,
}

impl From<&WebhookMessage> for MessageView {
    fn from(message: &WebhookMessage) -> Self {
        let is_pending = message.state == MessageState::Pending;
        Self {
            message_id: message.id,
            event_id: message.event_id,
            event_name: message.event.clone(),
            user_id: message.user_id,
            state: message.state.as_str(),
            tries: message.tries,
            created_at: message.created_at.rfc3339(),
            next_try_at: is_pending.then(|| message.due_at.rfc3339()),
            finished_at: message.finished_at.map(UnixMillis::rfc3339),
            last_status: message.last_status,
            last_error: message.last_error.clone(),
        }
    }
}
