//! Webhooks of an environment.

use super::caller::Caller;
use super::query::{Asked, Ids, List};
use crate::exchange::admin_scopes::AdminScope::{WebhooksRead, WebhooksWrite};
use crate::exchange::webhooks::{self, WebhookSettings};
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
use crate::store::webhooks::{MessageQuery, MessageState};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// How many messages a page has where nobody says.
const PAGE: u32 = 100;

/// A new webhook, or a change: what is left out stays, or is as by default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Change {
    url: Option<String>,
    events: Option<Vec<String>>,
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

async fn done(caller: &Caller, action: &str, environment: Uuid, webhook: Uuid) -> Result<(), ApiError> {
    caller.done(action, environment, |event| event.detail = Some(format!("webhook {webhook}"))).await
}

/// `GET webhooks`.
pub(super) async fn list(caller: Caller, Ids(environment): Ids<Uuid>) -> Result<axum::Json<Value>, ApiError> {
    caller.may(WebhooksRead, Some(environment))?;
    let all = caller.admin.webhooks().list(environment).await?;
    Ok(axum::Json(json!({ "webhooks": all.iter().map(webhooks::json).collect::<Vec<_>>() })))
}

/// `POST webhooks`: the only answer with the secret, but for [`rotate_secret`].
pub(super) async fn create(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Json(change): Json<Change>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let made = caller.admin.webhooks().create(environment, change.settings()).await?;
    done(&caller, "webhook.created", environment, made.id).await?;
    Ok((StatusCode::CREATED, axum::Json(webhooks::json_with_secret(&made))))
}

/// `GET webhooks/{id}`.
pub(super) async fn show(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(WebhooksRead, Some(environment))?;
    Ok(axum::Json(webhooks::json(&caller.admin.webhooks().show(environment, id).await?)))
}

/// `PUT webhooks/{id}`.
pub(super) async fn update(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Json(change): Json<Change>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let changed = caller.admin.webhooks().set(environment, id, change.settings()).await?;
    done(&caller, "webhook.updated", environment, id).await?;
    Ok(axum::Json(webhooks::json(&changed)))
}

/// `DELETE webhooks/{id}`.
pub(super) async fn delete(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    caller.admin.webhooks().delete(environment, id).await?;
    done(&caller, "webhook.deleted", environment, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST webhooks/{id}/secret`: another secret, which signs from now on.
pub(super) async fn rotate_secret(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    let changed = caller.admin.webhooks().rotate_secret(environment, id).await?;
    done(&caller, "webhook.secret.rotated", environment, id).await?;
    Ok(axum::Json(webhooks::json_with_secret(&changed)))
}

/// `POST webhooks/{id}/ping`: it is on its way when this is answered.
pub(super) async fn ping(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    caller.admin.webhooks().ping(environment, id).await?;
    done(&caller, "webhook.pinged", environment, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `GET webhooks/{id}/messages`.
pub(super) async fn messages(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Asked(query): Asked<List>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(WebhooksRead, Some(environment))?;
    let state = query.state.as_deref().map(str::parse::<MessageState>).transpose();
    let state =
        state.map_err(|_| ApiError::BadRequest("state must be pending, delivered or failed".to_owned()))?;
    let query = MessageQuery { state, offset: query.offset()?, limit: query.limit(PAGE)? };
    let page = caller.admin.webhooks().messages(environment, id, &query).await?;
    let messages: Vec<_> = page.items.iter().map(webhooks::message_json).collect();
    Ok(axum::Json(json!({ "count": page.count, "messages": messages })))
}

/// `POST webhooks/{id}/messages/{messageId}/redeliver`.
pub(super) async fn redeliver(
    caller: Caller,
    Ids((environment, id, message)): Ids<(Uuid, Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(WebhooksWrite, Some(environment))?;
    caller.admin.webhooks().redeliver(environment, id, message).await?;
    done(&caller, "webhook.redelivered", environment, id).await?;
    Ok(StatusCode::ACCEPTED)
}
