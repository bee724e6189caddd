//! The keys that sign an environment's session tokens. Never their private halves.

use super::caller::Caller;
use super::query::Ids;
use crate::clock::UnixMillis;
use crate::exchange::admin_scopes::AdminScope::{KeysRead, KeysWrite};
use crate::exchange::environments::SigningKeyInfo;
use crate::http::ApiError;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

fn view(keys: &[SigningKeyInfo]) -> Value {
    let each = keys.iter().map(|key| {
        json!({
            "kid": key.kid,
            "alg": key.algorithm.as_str(),
            "createdAt": key.created_at.rfc3339(),
            "retiredAt": key.retired_at.map(UnixMillis::rfc3339),
            "publishedUntil": key.published_until.map(UnixMillis::rfc3339),
        })
    });
    json!({ "keys": each.collect::<Vec<_>>() })
}

/// `GET keys`: the one that signs first.
pub(super) async fn list(caller: Caller, Ids(environment): Ids<Uuid>) -> Result<axum::Json<Value>, ApiError> {
    caller.may(KeysRead, Some(environment))?;
    Ok(axum::Json(view(&caller.admin.signing_keys(environment).await?)))
}

/// `POST keys`: a new key signs from now on. The one before stays published, so that its tokens live out
/// their time.
pub(super) async fn rotate(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(KeysWrite, Some(environment))?;
    let keys = caller.admin.rotate_signing_key(environment).await?;
    let kid = keys.first().map(|key| key.kid.clone());
    caller.done("key.created", environment, |event| event.kid = kid).await?;
    Ok((StatusCode::CREATED, axum::Json(view(&keys))))
}

/// `DELETE keys/{kid}`: a key that signs no more is forgotten, and what it signed is worth nothing.
pub(super) async fn retire(
    caller: Caller,
    Ids((environment, kid)): Ids<(Uuid, String)>,
) -> Result<StatusCode, ApiError> {
    caller.may(KeysWrite, Some(environment))?;
    caller.admin.retire_signing_key(environment, &kid).await?;
    caller.done("key.deleted", environment, |event| event.kid = Some(kid)).await?;
    Ok(StatusCode::NO_CONTENT)
}
