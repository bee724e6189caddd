//! Users, also before their first sign-in.

use super::caller::Caller;
use super::query::{Asked, Ids, List};
use super::sessions;
use crate::exchange::admin::{MAX_BULK, UserDescription};
use crate::exchange::admin_scopes::AdminScope::{UsersRead, UsersWrite};
use crate::http::ApiError;
use crate::http::body::{Json, RequestBody};
use crate::store::{SessionQuery, UserQuery};
use axum::http::StatusCode;
use byoa_protocol::user::{SdkUser, UserFields};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// How many users a page has where nobody says.
const PAGE: u32 = 20;
/// The longest filter, in characters.
const MAX_FILTER: usize = 255;
/// How many sessions of a user come with it.
const SESSIONS: u32 = 100;
/// The members of [`UserFields`].
const FIELDS: [&str; 12] = [
    "alias",
    "country",
    "email",
    "firstName",
    "jobTitle",
    "lastName",
    "phoneNumber",
    "tShirtSize",
    "team",
    "username",
    "policiesConsent",
    "metadata",
];

/// Profile fields, and nothing else.
pub(super) struct Fields(UserFields);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let members = Map::deserialize(from)?;
        if members.keys().any(|key| !FIELDS.contains(&key.as_str())) {
            return Err(D::Error::custom("an unknown member"));
        }
        serde_json::from_value(Value::Object(members)).map(Self).map_err(|_| D::Error::custom("a wrong type"))
    }
}

impl RequestBody for Fields {
    const SHAPE: &'static str = "an object of profile fields and nothing else";
}

/// A user to make.
pub(super) struct NewUser(UserDescription);

impl<'de> Deserialize<'de> for NewUser {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(from)?;
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(D::Error::custom("a wrong type")),
        };
        let external_user_id =
            members.remove("externalUserId").ok_or_else(|| D::Error::custom("a member is missing"));
        let external_user_id = text(external_user_id?)?;
        let issuer = members.remove("iss").map(text).transpose()?;
        let fields = serde_json::from_value::<Fields>(Value::Object(members));
        let Fields(fields) = fields.map_err(|_| D::Error::custom("an unknown member or a wrong type"))?;
        Ok(Self(UserDescription { external_user_id, issuer, fields }))
    }
}

impl RequestBody for NewUser {
    const SHAPE: &'static str =
        r#"{"externalUserId": "…"} with iss and profile fields where needed and nothing else"#;
}

/// Several.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
    users: Vec<NewUser>,
}

impl RequestBody for Bulk {
    const SHAPE: &'static str = r#"{"users": [{"externalUserId": "…"}, …]}"#;
}

/// The query of `bulk`.
#[derive(Deserialize)]
pub(super) struct Upsert {
    upsert: Option<bool>,
}

/// `GET users`.
pub(super) async fn list(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Asked(query): Asked<List>,
) -> Result<axum::Json<Value>, ApiError> {
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
    for user in &page.items {
        users.push(shown(&caller, environment, user, with_sessions).await?);
    }
    Ok(axum::Json(json!({ "count": page.count, "users": users })))
}

/// A user, with its sessions where they are asked for: the newest, as many as a list has at most.
async fn shown(
    caller: &Caller,
    environment: Uuid,
    user: &SdkUser,
    with_sessions: bool,
) -> Result<Value, ApiError> {
    let mut shown = json!(user);
    if with_sessions {
        let query = SessionQuery { limit: SESSIONS, ..SessionQuery::default() };
        let id = user.id.parse().map_err(|_| ApiError::NotThere)?;
        let page = caller.admin.sessions(environment, id, &query).await?;
        shown["sessions"] = page.items.iter().map(sessions::view).collect();
    }
    Ok(shown)
}

/// `POST users`.
pub(super) async fn create(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Json(NewUser(described)): Json<NewUser>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    let made = caller.admin.create_users(environment, vec![described], false).await?;
    let user = made.into_iter().next().ok_or(ApiError::Unavailable)?;
    caller.done("user.created", environment, |event| event.user_id = user.id.parse().ok()).await?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "user": user }))))
}

/// `POST users/bulk`: all or none.
pub(super) async fn bulk(
    caller: Caller,
    Ids(environment): Ids<Uuid>,
    Asked(query): Asked<Upsert>,
    Json(bulk): Json<Bulk>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    if !(1..=MAX_BULK).contains(&bulk.users.len()) {
        return Err(ApiError::BadRequest(format!("users must have 1 to {MAX_BULK} items")));
    }
    let described = bulk.users.into_iter().map(|NewUser(described)| described).collect();
    let made = caller.admin.create_users(environment, described, query.upsert.unwrap_or(false)).await?;
    let detail = format!("{} users", made.len());
    caller.done("user.created", environment, |event| event.detail = Some(detail)).await?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "users": made }))))
}

/// `GET users/{id}`.
pub(super) async fn show(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Asked(query): Asked<List>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(UsersRead, Some(environment))?;
    let user = caller.admin.user(environment, id).await?.ok_or(ApiError::NotThere)?;
    let with_sessions = query.include_sessions.unwrap_or(false);
    Ok(axum::Json(json!({ "user": shown(&caller, environment, &user, with_sessions).await? })))
}

/// `PUT users/{id}`.
pub(super) async fn update(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
    Json(Fields(fields)): Json<Fields>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    let user = caller.admin.update_user(environment, id, fields).await?.ok_or(ApiError::NotThere)?;
    caller.done("user.updated", environment, |event| event.user_id = Some(id)).await?;
    Ok(axum::Json(json!({ "user": user })))
}

/// `DELETE users/{id}`.
pub(super) async fn delete(
    caller: Caller,
    Ids((environment, id)): Ids<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    caller.may(UsersWrite, Some(environment))?;
    if !caller.admin.delete_user(environment, id).await? {
        return Err(ApiError::NotThere);
    }
    caller.done("user.deleted", environment, |event| event.user_id = Some(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
