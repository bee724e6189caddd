//! Webhooks of an environment.

use super::caller::Caller;
use super::query::{Asked, Ids, List, OfMessages};
use super::view::{WebhookMessages, Webhooks};
use crate::exchange::admin_scopes::AdminScope::{WebhooksRead, WebhooksWrite};
use crate::exchange::webhooks::{MessageView, WebhookSettings, WebhookView, WebhookWithSecret};
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use crate::store::webhooks::{MessageQuery, MessageState};
use axum::http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

/// How many messages a page has where nobody says.
const PAGE: u32 = 100;

/// A new webhook, or a change: what is left out stays, or is as by default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = WebhookChange))]
pub(super) struct Change {
    /// Where messages go: HTTPS and a public address, at most 2048 bytes.
    url: Option<String>,
    /// Some of `user.created`, `user.updated`, `user.deleted`, `user.session.created` and `user.session.revoked`;
    /// replaces the whole list. By default all of them.
    events: Option<Vec<String>>,
    /// Whether it is told anything, by default yes. Enabling also lets out what has waited.
    is_enabled: Option<bool>,
}

impl RequestBody for Change {
    const SHAPE: &'static str = "an object of url, events and isEnabled and nothing else";
}

impl Change {
    fn settings(self) -> WebhookSettings {
        WebhookSettings { url: self.url, events: self.events, enabled: self.is_enabled }
    }
}

/// List the webhooks of an environment.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/webhooks", tag = "Admin: webhooks", operation_id = "listWebhooks",
    responses((status = 200, body = Webhooks, description = "The webhooks."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["webhooks:read"]))))]
pub(super) async fn list(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
) -> Result<axum::Json<Webhooks>, ApiError> {
    caller.may(WebhooksRead, Some(environment))?;
    let all = caller.admin.webhooks().list(environment).await?;
    Ok(axum::Json(Webhooks { webhooks: all.iter().map(WebhookView::from).collect() }))
}

/// Make a webhook.
///
/// `url` must be there. The answer has its secret, this once, and a ping is on its way. An environment has at most ten.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/webhooks", tag = "Admin: webhooks", operation_id = "createWebhook",
    request_body(content = Change, example = json!({ "url": "https://app.example.com/hooks", "events": ["user.created", "user.deleted"] })),
    responses((status = 201, body = WebhookWithSecret, description = "The new webhook and its secret."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Endpoint)>),
    security(("admin" = ["webhooks:write"]))))]
pub(super) async fn create(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Json(change): Json<Change>,
) -> Result<(StatusCode, axum::Json<WebhookWithSecret>), ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let admin = caller.recording("webhook.created", environment);
    let made = admin.webhooks().create(environment, change.settings()).await?;
    Ok((StatusCode::CREATED, axum::Json(WebhookWithSecret::from(&made))))
}

/// Get a webhook.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/webhooks/{webhookId}", tag = "Admin: webhooks", operation_id = "getWebhook",
    responses((status = 200, body = WebhookView, description = "The webhook, without its secret."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["webhooks:read"]))))]
pub(super) async fn show(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<axum::Json<WebhookView>, ApiError> {
    caller.may(WebhooksRead, Some(environment))?;
    Ok(axum::Json(WebhookView::from(&caller.admin.webhooks().show(environment, id).await?)))
}

/// Change a webhook.
///
/// What is left out stays.
#[cfg_attr(test, utoipa::path(put, path = "/environments/{environmentId}/webhooks/{webhookId}", tag = "Admin: webhooks", operation_id = "updateWebhook",
    request_body(content = Change, example = json!({ "events": ["user.session.revoked"], "isEnabled": true })),
    responses((status = 200, body = WebhookView, description = "The changed webhook."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Endpoint)>),
    security(("admin" = ["webhooks:write"]))))]
pub(super) async fn update(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Json(change): Json<Change>,
) -> Result<axum::Json<WebhookView>, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let admin = caller.recording("webhook.updated", environment);
    let changed = admin.webhooks().set(environment, id, change.settings()).await?;
    Ok(axum::Json(WebhookView::from(&changed)))
}

/// Delete a webhook.
///
/// Its messages go with it, also those that wait.
#[cfg_attr(test, utoipa::path(delete, path = "/environments/{environmentId}/webhooks/{webhookId}", tag = "Admin: webhooks", operation_id = "deleteWebhook",
    responses((status = 204, description = "It is gone."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["webhooks:write"]))))]
pub(super) async fn delete(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let admin = caller.recording("webhook.deleted", environment);
    admin.webhooks().delete(environment, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret.
///
/// It signs from now on, also what waits already. The answer has it, this once.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/webhooks/{webhookId}/secret", tag = "Admin: webhooks", operation_id = "rotateWebhookSecret",
    responses((status = 200, body = WebhookWithSecret, description = "The webhook and its new secret."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["webhooks:write"]))))]
pub(super) async fn rotate_secret(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<axum::Json<WebhookWithSecret>, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let admin = caller.recording("webhook.secret.rotated", environment);
    let changed = admin.webhooks().rotate_secret(environment, id).await?;
    Ok(axum::Json(WebhookWithSecret::from(&changed)))
}

/// Send a webhook a ping.
///
/// It is on its way when this is answered.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/webhooks/{webhookId}/ping", tag = "Admin: webhooks", operation_id = "pingWebhook",
    responses((status = 202, description = "It is on its way."), Refused<(refused::Admin, refused::Named, refused::Endpoint)>),
    security(("admin" = ["webhooks:write"]))))]
pub(super) async fn ping(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let admin = caller.recording("webhook.pinged", environment);
    admin.webhooks().ping(environment, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// List what became of a webhook's messages, the newest first.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/webhooks/{webhookId}/messages", tag = "Admin: webhooks", operation_id = "listWebhookMessages",
    params(
        ("offset" = Option<u32>, Query, description = "How many to leave out first."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most: 100 where it is left out. Other numbers are put within 1 and 100."),
        ("state" = Option<String>, Query, pattern = "^(pending|delivered|failed)$", description = "Only those that are `pending`, `delivered` or `failed`."),
    ),
    responses((status = 200, body = WebhookMessages, description = "The messages, without what is in them."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["webhooks:read"]))))]
pub(super) async fn messages(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Asked(query): Asked<List<OfMessages>>,
) -> Result<axum::Json<WebhookMessages>, ApiError> {
    caller.may(WebhooksRead, Some(environment))?;
    let state = query.state.as_deref().map(str::parse::<MessageState>).transpose();
    let state =
        state.map_err(|_| ApiError::BadRequest("state must be pending, delivered or failed".to_owned()))?;
    let query = MessageQuery { state, offset: query.offset()?, limit: query.limit(PAGE)? };
    let page = caller.admin.webhooks().messages(environment, id, &query).await?;
    let messages = page.items.iter().map(MessageView::from).collect();
    Ok(axum::Json(WebhookMessages { count: page.count, messages }))
}

/// Send a message once more, whatever became of it.
///
/// All tries anew, with the same `messageId`.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/webhooks/{webhookId}/messages/{messageId}/redeliver", tag = "Admin: webhooks", operation_id = "redeliverWebhookMessage",
    responses((status = 202, description = "It is on its way."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["webhooks:write"]))))]
pub(super) async fn redeliver(
    caller: Caller,
    Ids((environment, id, message)): Ids<(Uuid, Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let admin = caller.recording("webhook.redelivered", environment);
    admin.webhooks().redeliver(environment, id, message).await?;
    Ok(StatusCode::ACCEPTED)
}
