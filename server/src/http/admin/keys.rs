//! The keys that sign an environment's session tokens. Never their private halves.

use super::caller::Caller;
use super::query::Ids;
use super::view::Keys;
use crate::exchange::admin_scopes::AdminScope::{KeysRead, KeysWrite};
use crate::http::ApiError;
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use axum::http::StatusCode;
use uuid::Uuid;

/// List the keys that sign session tokens, the one that signs first.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/keys", tag = "Admin: environments", operation_id = "listKeys",
    responses((status = 200, body = Keys, description = "The keys."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["keys:read"]))))]
pub(super) async fn list(caller: Caller, Ids(environment): Ids<Uuid>) -> Result<axum::Json<Keys>, ApiError> {
    caller.may(KeysRead, Some(environment))?;
    Ok(axum::Json(Keys::from(&*caller.admin.signing_keys(environment).await?)))
}

/// Let a new key sign from now on.
///
/// The one before stays published for seven days, so that its tokens live out
/// their time. Refused while 50 keys are published; withdraw one that nobody needs.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/keys", tag = "Admin: environments", operation_id = "rotateKey",
    responses((status = 201, body = Keys, description = "All keys, the new one first."), Refused<(refused::Admin, refused::Named, refused::Settings)>),
    security(("admin" = ["keys:write"]))))]
pub(super) async fn rotate(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
) -> Result<(StatusCode, axum::Json<Keys>), ApiError> {
    caller.may(KeysWrite, Some(environment))?;
    let keys = caller.recording("key.created", environment).rotate_signing_key(environment).await?;
    Ok((StatusCode::CREATED, axum::Json(Keys::from(&*keys))))
}

/// Withdraw a key that signs no more.
///
/// It is forgotten, and what it signed is worth nothing. The key that signs cannot go.
#[cfg_attr(test, utoipa::path(delete, path = "/environments/{environmentId}/keys/{kid}", tag = "Admin: environments", operation_id = "retireKey",
    responses((status = 204, description = "It is gone."), Refused<(refused::Admin, refused::Named, refused::Settings)>),
    security(("admin" = ["keys:write"]))))]
pub(super) async fn retire(
    caller: Caller,
    Ids((environment, kid)): Ids<(Uuid, String)>,
) -> Result<StatusCode, ApiError> {
    caller.may(KeysWrite, Some(environment))?;
    caller.recording("key.deleted", environment).retire_signing_key(environment, &kid).await?;
    Ok(StatusCode::NO_CONTENT)
}
