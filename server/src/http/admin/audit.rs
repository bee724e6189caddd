//! The audit log of an environment.

use super::caller::Caller;
use super::query::{Asked, Ids, List, OfEvents};
use super::view::Events;
use crate::audit::AuditEvent;
use crate::exchange::admin_scopes::AdminScope::AuditRead;
use crate::http::ApiError;
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use crate::store::AuditQuery;
use uuid::Uuid;

/// List what happened in an environment, the latest first.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/auditLog", tag = "Admin: environments", operation_id = "auditLog",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most: 100 where it is left out. Other numbers are put within 1 and 100."),
        ("before" = Option<Uuid>, Query, description = "Only events before this one: the last id of the page before."),
    ),
    responses((status = 200, body = Events, description = "The events."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["audit:read"]))))]
pub(super) async fn list(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Asked(query): Asked<List<OfEvents>>,
) -> Result<axum::Json<Events>, ApiError> {
    caller.may(AuditRead, Some(environment))?;
    let limit = query.limit(100)?;
    let before = query.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| ApiError::BadRequest("before must be the id of an event".to_owned()))?;
    let events = caller.admin.audit(&AuditQuery { environment_id: Some(environment), before, limit }).await?;
    Ok(axum::Json(Events { events: events.iter().map(AuditEvent::from).collect() }))
}
