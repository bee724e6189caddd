//! The audit log of an environment.

use super::caller::Caller;
use super::query::{Asked, Ids, List};
use crate::exchange::admin_scopes::AdminScope::AuditRead;
use crate::http::ApiError;
use crate::store::AuditQuery;
use serde_json::{Value, json};
use uuid::Uuid;

/// `GET auditLog`: the latest first; `before` is the id of the last event of the page before.
pub(super) async fn list(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Asked(query): Asked<List>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(AuditRead, Some(environment))?;
    let limit = query.limit(100)?;
    let before = query.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| ApiError::BadRequest("before must be the id of an event".to_owned()))?;
    let events = caller.admin.audit(&AuditQuery { environment_id: Some(environment), before, limit }).await?;
    Ok(axum::Json(json!({ "events": events.iter().map(crate::audit::json).collect::<Vec<_>>() })))
}
