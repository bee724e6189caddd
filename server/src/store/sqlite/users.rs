//! Users and their credentials.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::{StoreError, User, UserChange, username},
};

pub(super) async fn get(reading: &mut SqliteConnection, environment: Uuid, id: Uuid) -> Result<User> {
    let row = sqlx::query("SELECT * FROM users WHERE environment_id = ? AND id = ?")
        .bind(environment)
        .bind(id)
        .fetch_optional(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut user = rows::user(&row.ok_or(StoreError::NotFound)?)?;
    let found =
        sqlx::query("SELECT * FROM credentials WHERE user_id = ? ORDER BY kind <> 'externalUser', issuer")
            .bind(id)
            .fetch_all(reading)
            .await
            .map_err(rows::failed)?;
    user.credentials = found.iter().map(rows::credential).collect::<Result<_>>()?;
    Ok(user)
}

/// Each field is bound twice: whether it changes, and to what.
pub(super) async fn update(
    writing: &mut SqliteConnection,
    environment: Uuid,
    id: Uuid,
    change: &UserChange,
    now: UnixMillis,
) -> Result<()> {
    let mut query = sqlx::query(
        "UPDATE users SET
            email = iif(?, ?, email), alias = iif(?, ?, alias), first_name = iif(?, ?, first_name),
            last_name = iif(?, ?, last_name), job_title = iif(?, ?, job_title),
            phone_number = iif(?, ?, phone_number), t_shirt_size = iif(?, ?, t_shirt_size),
            team = iif(?, ?, team), country = iif(?, ?, country), username = iif(?, ?, username),
            username_key = iif(?, ?, username_key), policies_consent = iif(?, ?, policies_consent),
            metadata = iif(?, ?, metadata), updated_at = ?
         WHERE environment_id = ? AND id = ?",
    );
    let fields = [
        &change.email,
        &change.alias,
        &change.first_name,
        &change.last_name,
        &change.job_title,
        &change.phone_number,
        &change.t_shirt_size,
        &change.team,
        &change.country,
        &change.username,
    ];
    for field in fields {
        query = query.bind(field.is_some()).bind(field.clone().flatten());
    }
    let username_key = change.username.clone().flatten().map(|name| username::key(&name));
    let metadata = change.metadata.as_ref().map(|metadata| serde_json::json!(metadata).to_string());
    let done = query
        .bind(change.username.is_some())
        .bind(username_key)
        .bind(change.policies_consent.is_some())
        .bind(change.policies_consent)
        .bind(metadata.is_some())
        .bind(metadata)
        .bind(now.0)
        .bind(environment)
        .bind(id)
        .execute(writing)
        .await
        .map_err(rows::failed)?;
    if done.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}
