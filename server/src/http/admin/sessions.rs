//! Sessions of users.

use super::caller::Caller;
use super::query::{Asked, Ids, List, OfSessions};
use super::view::{Message, Sessions};
use crate::exchange::admin::SessionView;
use crate::exchange::admin_scopes::AdminScope::{SessionsWrite, UsersRead};
use crate::http::ApiError;
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use crate::store::SessionQuery;
use axum::http::StatusCode;
use uuid::Uuid;

/// How many sessions a page has where nobody says.
const PAGE: u32 = 100;

/// List a user's sessions, the newest first.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/users/{userId}/sessions", tag = "Admin: users", operation_id = "listSessions",
    params(
        ("offset" = Option<u32>, Query, description = "How many to leave out first."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most: 100 where it is left out. Other numbers are put within 1 and 100."),
        ("revoked" = Option<bool>, Query, description = "Only those that were ended, or only those that were not."),
    ),
    responses((status = 200, body = Sessions, description = "The sessions."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["users:read"]))))]
pub(super) async fn list(
    caller: Caller,
    Ids((environment, user)): Ids<(Uuid, Uuid)>,
    Asked(query): Asked<List<OfSessions>>,
) -> Result<axum::Json<Sessions>, ApiError> {
    caller.may(UsersRead, Some(environment))?;
    let revoked = match query.revoked.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(ApiError::BadRequest("revoked must be true or false".to_owned())),
    };
    let query = SessionQuery { revoked, offset: query.offset()?, limit: query.limit(PAGE)? };
    let page = caller.admin.sessions(environment, user, &query).await?;
    let sessions = page.items.iter().map(SessionView::from).collect();
    Ok(axum::Json(Sessions { count: page.count, sessions }))
}

/// Get a session.
///
/// The path does not name the environment: the session does, and where the
/// token may not look at that one there is no such session.
#[cfg_attr(test, utoipa::path(get, path = "/users/{userId}/sessions/{sessionId}", tag = "Admin: users", operation_id = "getSession",
    responses((status = 200, body = SessionView, description = "The session."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["users:read"]))))]
pub(super) async fn show(
    caller: Caller,
    Ids((user, id)): Ids<(Uuid, Uuid)>,
) -> Result<axum::Json<SessionView>, ApiError> {
    caller.may(UsersRead, caller.environment())?;
    let session = caller.admin.session(id).await?.filter(|session| session.user_id == user);
    let session = session.ok_or(ApiError::NotThere)?;
    caller.may(UsersRead, Some(session.environment_id)).map_err(|_| ApiError::NotThere)?;
    Ok(axum::Json(SessionView::from(&session)))
}

/// End a session.
///
/// The path does not name the environment: the session does, and where the
/// token may not touch that one there is no such session.
#[cfg_attr(test, utoipa::path(put, path = "/sessions/{sessionId}/revoke", tag = "Admin: users", operation_id = "revokeSession",
    responses((status = 200, body = SessionView, description = "The ended session."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["sessions:write"]))))]
pub(super) async fn revoke(caller: Caller, Ids(id): Ids<Uuid>) -> Result<axum::Json<SessionView>, ApiError> {
    caller.may(SessionsWrite, caller.environment())?;
    let session = caller.admin.session(id).await?.ok_or(ApiError::NotThere)?;
    caller.may(SessionsWrite, Some(session.environment_id)).map_err(|_| ApiError::NotThere)?;
    let admin = caller.recording("user.session.revoked", session.environment_id);
    let ended = admin.revoke_session(&session).await?.ok_or(ApiError::NotThere)?;
    Ok(axum::Json(SessionView::from(&ended)))
}

/// End a user's sessions.
///
/// Those that were opened until now.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/users/{userId}/sessions/revoke", tag = "Admin: users", operation_id = "revokeSessionsOfUser",
    responses((status = 204, description = "They have ended."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["sessions:write"]))))]
pub(super) async fn revoke_of_user(
    caller: Caller,
    Ids((environment, user)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(SessionsWrite, Some(environment))?;
    caller.admin.user(environment, user).await?.ok_or(ApiError::NotThere)?;
    let about = |event: &mut crate::store::AuditRecord| event.user_id = Some(user);
    let admin = caller.recording_with("user.session.revoked", environment, about);
    admin.revoke_sessions(environment, Some(user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End the sessions of all users of an environment.
///
/// Those that were opened until now.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/users/sessions/revoke", tag = "Admin: users", operation_id = "revokeAllSessions",
    responses((status = 202, body = Message, description = "They have ended: the status is the original's."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["sessions:write"]))))]
pub(super) async fn revoke_all(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
) -> Result<(StatusCode, axum::Json<Message>), ApiError> {
    caller.may(SessionsWrite, Some(environment))?;
    caller.admin.environment(environment).await?;
    let admin = caller.recording("user.session.revoked", environment);
    let ended = admin.revoke_sessions(environment, None).await?;
    let message = format!("{ended} sessions were revoked");
    Ok((StatusCode::ACCEPTED, axum::Json(Message { message })))
}
