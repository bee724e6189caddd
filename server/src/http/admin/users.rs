//! Users, also before their first sign-in.

use super::caller::Caller;
use super::query::{Asked, Ids, List, OfUser, OfUsers, Parameters};
use super::view::{OneUser, ShownUser, UserPage, UserView, Users};
use crate::exchange::admin::{MAX_BULK, ProfileFields, SessionView, UserDescription};
use crate::exchange::admin_scopes::AdminScope::{UsersRead, UsersWrite};
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
#[cfg(test)]
use crate::http::openapi::refused::{self, Refused};
use crate::store::{SessionQuery, UserQuery};
use axum::http::StatusCode;
use byoa_protocol::user::SdkUser;
use serde::Deserialize;
use uuid::Uuid;

/// How many users a page has where nobody says.
const PAGE: u32 = 20;
/// The longest filter, in characters.
const MAX_FILTER: usize = 255;
/// How many sessions of a user come with it.
const SESSIONS: u32 = 100;
impl RequestBody for ProfileFields {
    const SHAPE: &'static str = "an object of profile fields and nothing else";
    const IS_OPEN: bool = true;
}

impl RequestBody for UserDescription {
    const SHAPE: &'static str =
        r#"{"externalUserId": "…"} with iss and profile fields where needed and nothing else"#;
    const IS_OPEN: bool = true;
}

/// Users to make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = NewUsers))]
pub(super) struct Bulk {
    /// 1 to 50.
    #[cfg_attr(test, schema(min_items = 1, max_items = 50))]
    users: Vec<UserDescription>,
}

impl RequestBody for Bulk {
    const SHAPE: &'static str = r#"{"users": [{"externalUserId": "…"}, …]}"#;
    const IS_OPEN: bool = true;
}

/// The query of `bulk`.
#[derive(Deserialize)]
pub(super) struct Upsert {
    upsert: Option<bool>,
}

impl Parameters for Upsert {
    const NAMES: &'static [&'static str] = &["upsert"];
}

/// List users.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/users", tag = "Admin: users", operation_id = "listUsers",
    params(
        ("offset" = Option<u32>, Query, description = "How many to leave out first."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most: 20 where it is left out. Other numbers are put within 1 and 100."),
        ("filter" = Option<String>, Query, max_length = 255, description = "An external id, e-mail address or username, whole."),
        ("orderBy" = Option<String>, Query, pattern = "^-?createdAt$", description = "`createdAt` or `-createdAt`: the oldest or the newest first."),
        ("includeSessions" = Option<bool>, Query, description = "Whether each comes with its sessions."),
    ),
    responses((status = 200, body = UserPage, description = "The users."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["users:read"]))))]
pub(super) async fn list(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Asked(query): Asked<List<OfUsers>>,
) -> Result<axum::Json<UserPage>, ApiError> {
    caller.may(UsersRead, Some(environment))?;
    let newest_first = match query.order_by.as_deref() {
        None | Some("createdAt") => false,
        Some("-createdAt") => true,
        Some(_) => return Err(ApiError::BadRequest("orderBy must be createdAt or -createdAt".to_owned())),
    };
    if query.filter.as_ref().is_some_and(|filter| filter.chars().count() > MAX_FILTER) {
        return Err(ApiError::BadRequest(format!("filter may have {MAX_FILTER} characters")));
    }
    let (offset, limit) = (query.offset()?, query.limit(PAGE)?);
    let filter = query.filter.filter(|filter| !filter.is_empty());
    let page = caller.admin.users(environment, &UserQuery { filter, newest_first, offset, limit }).await?;
    let with_sessions = query.include_sessions.unwrap_or(false);
    let mut users = Vec::with_capacity(page.items.len());
    for user in page.items {
        users.push(shown(&caller, environment, user, with_sessions).await?);
    }
    Ok(axum::Json(UserPage { count: page.count, users }))
}

/// A user, with its sessions where they are asked for: the newest, as many as a list has at most.
async fn shown(
    caller: &Caller,
    environment: Uuid,
    user: SdkUser,
    with_sessions: bool,
) -> Result<UserView, ApiError> {
    if !with_sessions {
        return Ok(UserView { user, sessions: None });
    }
    let query = SessionQuery { limit: SESSIONS, ..SessionQuery::default() };
    let id = user.id.parse().map_err(|_| ApiError::NotThere)?;
    let page = caller.admin.sessions(environment, id, &query).await?;
    Ok(UserView { user, sessions: Some(page.items.iter().map(SessionView::from).collect()) })
}

/// Make a user before its first sign-in, which finds it.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/users", tag = "Admin: users", operation_id = "createUser",
    request_body(content = UserDescription, example = json!({ "externalUserId": "user-42", "email": "ada@example.com", "alias": "Ada" })),
    responses((status = 201, body = OneUser, description = "The new user."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Profile)>),
    security(("admin" = ["users:write"]))))]
pub(super) async fn create(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Json(described): Json<UserDescription>,
) -> Result<(StatusCode, axum::Json<OneUser>), ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    let admin = caller.recording("user.created", environment);
    let made = admin.create_users(environment, vec![described], false).await?;
    let user = made.into_iter().next().ok_or(ApiError::Unavailable)?;
    Ok((StatusCode::CREATED, axum::Json(OneUser { user })))
}

/// Make 1 to 50 users, all or none.
#[cfg_attr(test, utoipa::path(post, path = "/environments/{environmentId}/users/bulk", tag = "Admin: users", operation_id = "createUsers",
    params(("upsert" = Option<bool>, Query, description = "Whether users that exist are changed instead.")),
    request_body(content = Bulk, example = json!({ "users": [{ "externalUserId": "user-42" }, { "externalUserId": "user-43", "alias": "Bo" }] })),
    responses((status = 201, body = Users, description = "The users."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Profile)>),
    security(("admin" = ["users:write"]))))]
pub(super) async fn bulk(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Asked(query): Asked<Upsert>,
    Json(bulk): Json<Bulk>,
) -> Result<(StatusCode, axum::Json<Users>), ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    if !(1..=MAX_BULK).contains(&bulk.users.len()) {
        return Err(ApiError::BadRequest(format!("users must have 1 to {MAX_BULK} items")));
    }
    let detail = format!("{} users", bulk.users.len());
    let admin = caller.recording_with("user.created", environment, |event| event.detail = Some(detail));
    let made = admin.create_users(environment, bulk.users, query.upsert.unwrap_or(false)).await?;
    Ok((StatusCode::CREATED, axum::Json(Users { users: made })))
}

/// Get a user.
#[cfg_attr(test, utoipa::path(get, path = "/environments/{environmentId}/users/{userId}", tag = "Admin: users", operation_id = "getUser",
    params(("includeSessions" = Option<bool>, Query, description = "Whether it comes with its sessions.")),
    responses((status = 200, body = ShownUser, description = "The user."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["users:read"]))))]
pub(super) async fn show(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Asked(query): Asked<List<OfUser>>,
) -> Result<axum::Json<ShownUser>, ApiError> {
    caller.may(UsersRead, Some(environment))?;
    let user = caller.admin.user(environment, id).await?.ok_or(ApiError::NotThere)?;
    let with_sessions = query.include_sessions.unwrap_or(false);
    Ok(axum::Json(ShownUser { user: shown(&caller, environment, user, with_sessions).await? }))
}

/// Change a user.
///
/// A member left out stays, an empty string clears it.
#[cfg_attr(test, utoipa::path(put, path = "/environments/{environmentId}/users/{userId}", tag = "Admin: users", operation_id = "updateUser",
    request_body(content = ProfileFields, example = json!({ "alias": "Ada", "username": "ada" })),
    responses((status = 200, body = OneUser, description = "The changed user."), Refused<(refused::Admin, refused::Body, refused::Named, refused::Profile)>),
    security(("admin" = ["users:write"]))))]
pub(super) async fn update(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Json(ProfileFields(fields)): Json<ProfileFields>,
) -> Result<axum::Json<OneUser>, ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    let admin = caller.recording("user.updated", environment);
    let user = admin.update_user(environment, id, fields).await?.ok_or(ApiError::NotThere)?;
    Ok(axum::Json(OneUser { user }))
}

/// Delete a user. All its sessions end.
#[cfg_attr(test, utoipa::path(delete, path = "/environments/{environmentId}/users/{userId}", tag = "Admin: users", operation_id = "deleteUser",
    responses((status = 204, description = "The user and its sessions are gone."), Refused<(refused::Admin, refused::Named)>),
    security(("admin" = ["users:write"]))))]
pub(super) async fn delete(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    if !caller.recording("user.deleted", environment).delete_user(environment, id).await? {
        return Err(ApiError::NotThere);
    }
    Ok(StatusCode::NO_CONTENT)
}
