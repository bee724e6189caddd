//! A message of the outbox as it goes over the wire.

use byoa_protocol::webhook::{WebhookData, WebhookEnvelope, WebhookSession};

use crate::{
    clock::UnixMillis,
    exchange::{sdk_user, verified_credentials},
    store::webhooks::{Delivery, SessionSnapshot, Snapshot},
};

/// The body, byte for byte as it is signed and sent; `None` where what it was about cannot be read.
#[must_use]
pub fn body(delivery: &Delivery) -> Option<Vec<u8>> {
    let message = &delivery.message;
    let envelope = WebhookEnvelope {
        event_id: message.event_id.to_string(),
        message_id: message.id.to_string(),
        webhook_id: message.webhook_id.to_string(),
        user_id: message.user_id.map(|id| id.to_string()),
        external_user_id: message.external_user_id.clone(),
        event_name: message.event.clone(),
        environment_id: message.environment_id.to_string(),
        environment_name: delivery.environment_name.clone(),
        timestamp: message.created_at.rfc3339(),
        data: data(message.data.as_ref()?),
    };
    serde_json::to_vec(&envelope).ok()
}

/// A user alone is about the user; with a session, the user says how it was recognised.
fn data(snapshot: &Snapshot) -> WebhookData {
    match snapshot {
        Snapshot { session: Some(session), user } => {
            let verified_credentials = user.as_ref().map(verified_credentials);
            WebhookData::Session(WebhookSession { verified_credentials, ..view(session) })
        }
        Snapshot { user: Some(user), session: None } => WebhookData::User(Box::new(sdk_user(user))),
        Snapshot { user: None, session: None } => WebhookData::Nothing {},
    }
}

fn view(session: &SessionSnapshot) -> WebhookSession {
    WebhookSession {
        id: session.id.to_string(),
        created_at: session.created_at.rfc3339(),
        ip_address: session.ip.map(|ip| ip.to_string()),
        user_agent: session.user_agent.clone(),
        revoked_at: session.revoked_at.map(UnixMillis::rfc3339),
        verified_credentials: None,
    }
}
