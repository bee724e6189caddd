//! Sessions of users.

use super::caller::Caller;
use super::query::{Asked, Ids, List};
use crate::clock::UnixMillis;
use crate::exchange::admin_scopes::AdminScope::{SessionsWrite, UsersRead};
use crate::http::ApiError;
use crate::store::{SessionQuery, SessionRecord};
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

/// How many sessions a page has where nobody says.
const PAGE: u32 = 100;

/// A session as it is shown.
pub(super) fn view(session: &SessionRecord) -> Value {
    json!({
        "id": session.id,
        "createdAt": session.created_at.rfc3339(),
        "ipAddress": session.origin.ip,
        "userAgent": session.origin.user_agent,
        "revokedAt": session.revoked_at.map(UnixMillis::rfc3339),
    })
}

/// `GET users/{id}/sessions`.
pub(super) async fn list(
    caller: Caller,
    Ids((environment, user)): Ids<(Uuid, Uuid)>,
    Asked(query): Asked<List>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(UsersRead, Some(environment))?;
    let revoked = match query.revoked.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(ApiError::BadRequest("revoked must be true or false".to_owned())),
    };
    let query = SessionQuery { revoked, offset: query.offset()?, limit: query.limit(PAGE)? };
    let page = caller.admin.sessions(environment, user, &query).await?;
    let sessions: Vec<_> = page.items.iter().map(view).collect();
    Ok(axum::Json(json!({ "count": page.count, "sessions": sessions })))
}

/// `GET users/{id}/sessions/{id}`. The path does not name the environment: the session does, and where the
/// token may not look at that one there is no such session.
pub(super) async fn show(
    caller: Caller,
    Ids((user, id)): Ids<(Uuid, Uuid)>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(UsersRead, caller.environment())?;
    let session = caller.admin.session(id).await?.filter(|session| session.user_id == user);
    let session = session.ok_or(ApiError::NotThere)?;
    caller.may(UsersRead, Some(session.environment_id)).map_err(|_| ApiError::NotThere)?;
    Ok(axum::Json(view(&session)))
}

/// `PUT sessions/{id}/revoke`. The path does not name the environment: the session does, and where the
/// token may not touch that one there is no such session.
pub(super) async fn revoke(caller: Caller, Ids(id): Ids<Uuid>) -> Result<axum::Json<Value>, ApiError> {
    caller.may(SessionsWrite, caller.environment())?;
    let session = caller.admin.session(id).await?.ok_or(ApiError::NotThere)?;
    caller.may(SessionsWrite, Some(session.environment_id)).map_err(|_| ApiError::NotThere)?;
    let ended = caller.admin.revoke_session(&session).await?.ok_or(ApiError::NotThere)?;
    let complete = |event: &mut crate::store::AuditRecord| {
        (event.session_id, event.user_id) = (Some(id), Some(session.user_id));
    };
    caller.done("user.session.revoked", session.environment_id, complete).await?;
    Ok(axum::Json(view(&ended)))
}

/// `POST users/{id}/sessions/revoke`: what was opened until now.
pub(super) async fn revoke_of_user(
    caller: Caller,
    Ids((environment, user)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(SessionsWrite, Some(environment))?;
    caller.admin.user(environment, user).await?.ok_or(ApiError::NotThere)?;
    let ended = caller.admin.revoke_sessions(environment, Some(user)).await?;
    let complete = |event: &mut crate::store::AuditRecord| {
        (event.user_id, event.detail) = (Some(user), Some(format!("{ended} sessions")));
    };
    caller.done("user.session.revoked", environment, complete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST users/sessions/revoke`: what was opened until now, of everybody. Done when it is answered; the
/// status is the original's.
pub(super) async fn revoke_all(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(SessionsWrite, Some(environment))?;
    caller.admin.environment(environment).await?;
    let ended = caller.admin.revoke_sessions(environment, None).await?;
    let detail = format!("{ended} sessions");
    caller.done("user.session.revoked", environment, |event| event.detail = Some(detail)).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(json!({ "message": format!("{ended} sessions were revoked") }))))
}
