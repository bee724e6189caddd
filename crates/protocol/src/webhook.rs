//! What a webhook's endpoint is sent: the envelope, what is in it, and how it is signed.

use crate::user::{JwtVerifiedCredential, SdkUser};
use serde::{Deserialize, Serialize};

/// Header with `sha256=` and the HMAC-SHA256 of the body as it was sent, under the webhook's secret, in hex.
pub const SIGNATURE: &str = "x-dynamic-signature-256";
/// What stands before the hex digits in [`SIGNATURE`].
pub const SIGNATURE_SCHEME: &str = "sha256=";
/// Header that repeats [`WebhookEnvelope::message_id`].
pub const MESSAGE_ID: &str = "x-byoa-message-id";

/// A user was made, by its first sign-in or by an administrator. `data` is an [`SdkUser`].
pub const USER_CREATED: &str = "user.created";
/// A profile was changed. `data` is an [`SdkUser`].
pub const USER_UPDATED: &str = "user.updated";
/// A user was removed, and all its sessions with it. `data` is an [`SdkUser`] without its profile.
pub const USER_DELETED: &str = "user.deleted";
/// Somebody signed in. `data` is a [`WebhookSession`] with credentials.
pub const SESSION_CREATED: &str = "user.session.created";
/// A session was ended before its time. `data` is a [`WebhookSession`].
pub const SESSION_REVOKED: &str = "user.session.revoked";
/// A webhook was made, or somebody asked for this. `data` is an empty object.
pub const PING: &str = "ping";

/// The events that a webhook may choose from; [`PING`] comes to all.
pub const EVENTS: [&str; 5] = [USER_CREATED, USER_UPDATED, USER_DELETED, SESSION_CREATED, SESSION_REVOKED];

/// The body of every delivery, which `x-dynamic-signature-256` signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookEnvelope {
    /// UUID of what happened: the same for every webhook that is told of it.
    pub event_id: String,
    /// UUID of this message: the same each time that it is tried. Whoever has seen it may ignore it.
    pub message_id: String,
    /// UUID of the webhook.
    pub webhook_id: String,
    /// UUID of the user that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// That user's `sub` in its external JWTs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_user_id: Option<String>,
    /// What happened, such as `user.created` or `ping`. A newer server may know more words.
    pub event_name: String,
    /// UUID of the environment.
    pub environment_id: String,
    /// Its name: `sandbox` or `live`.
    pub environment_name: String,
    /// When it happened: RFC 3339, milliseconds, UTC.
    pub timestamp: String,
    /// More about it, by the event's name: a user (`SdkUser`), a session (`WebhookSession`), or nothing.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: WebhookData,
}

/// What happened to whom, by the event's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WebhookData {
    /// A user, as it was then.
    User(Box<SdkUser>),
    /// A session, as it was then.
    Session(WebhookSession),
    /// Nothing more.
    Nothing {},
}

/// A session, as the admin API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookSession {
    /// UUID.
    pub id: String,
    /// RFC 3339, milliseconds, UTC.
    pub created_at: String,
    /// Where it was opened from.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub ip_address: Option<String>,
    /// By which browser.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub user_agent: Option<String>,
    /// When it was ended: RFC 3339, milliseconds, UTC.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub revoked_at: Option<String>,
    /// How the user was recognised; where the session is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_credentials: Option<Vec<JwtVerifiedCredential>>,
}

#[cfg(test)]
mod tests {
    use super::{WebhookData, WebhookEnvelope};

    #[test]
    fn an_envelope_is_read_back_as_what_it_was() {
        for data in [
            serde_json::json!({}),
            serde_json::json!({ "id": "s", "createdAt": "2026-11-22T08:39:07.223Z", "ipAddress": null,
                "userAgent": null, "revokedAt": null }),
            serde_json::json!({ "id": "u", "projectEnvironmentId": "e", "verifiedCredentials": [] }),
        ] {
            let body = serde_json::json!({ "eventId": "1", "messageId": "2", "webhookId": "3",
                "eventName": "from.the.future", "environmentId": "e", "environmentName": "live",
                "timestamp": "2026-11-22T08:39:07.223Z", "data": data });
            let read: WebhookEnvelope = serde_json::from_value(body.clone()).expect("additive");
            assert_eq!(matches!(read.data, WebhookData::Nothing {}), data == serde_json::json!({}));
            assert_eq!(serde_json::to_value(&read).expect("plain data"), body);
        }
    }
}
