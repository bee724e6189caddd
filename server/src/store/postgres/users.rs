//! Users and their credentials.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::{Credential, StoreError, User, UserChange, username},
};

pub(super) async fn get(reading: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<User> {
    let row = sqlx::query("SELECT * FROM users WHERE environment_id = $1 AND id = $2")
        .bind(environment)
        .bind(id)
        .fetch_optional(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut user = rows::user(&row.ok_or(StoreError::NotFound)?)?;
    user.credentials = credentials(reading, id).await?;
    Ok(user)
}

pub(super) async fn credentials(reading: &mut PgConnection, user: Uuid) -> Result<Vec<Credential>> {
    let found = sqlx::query(
        "SELECT * FROM credentials WHERE user_id = $1 ORDER BY kind <> 'externalUser', issuer COLLATE \"C\"",
    )
    .bind(user)
    .fetch_all(reading)
    .await
    .map_err(rows::failed)?;
    found.iter().map(rows::credential).collect()
}

/// Each field is bound twice: whether it changes, and to what.
pub(super) async fn update(
    writing: &mut PgConnection,
    environment: Uuid,
    id: Uuid,
    change: &UserChange,
    now: UnixMillis,
) -> Result<()> {
    let mut query = sqlx::query(
        "UPDATE users SET
            email = CASE WHEN $1 THEN $2 ELSE email END,
            alias = CASE WHEN $3 THEN $4 ELSE alias END,
            first_name = CASE WHEN $5 THEN $6 ELSE first_name END,
            last_name = CASE WHEN $7 THEN $8 ELSE last_name END,
            job_title = CASE WHEN $9 THEN $10 ELSE job_title END,
            phone_number = CASE WHEN $11 THEN $12 ELSE phone_number END,
            t_shirt_size = CASE WHEN $13 THEN $14 ELSE t_shirt_size END,
            team = CASE WHEN $15 THEN $16 ELSE team END,
            country = CASE WHEN $17 THEN $18 ELSE country END,
            username = CASE WHEN $19 THEN $20 ELSE username END,
            username_key = CASE WHEN $21 THEN $22 ELSE username_key END,
            policies_consent = CASE WHEN $23 THEN $24 ELSE policies_consent END,
            metadata = CASE WHEN $25 THEN $26::text::json ELSE metadata END,
            updated_at = $27 WHERE environment_id = $28 AND id = $29",
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

/// Removes a user with everything of theirs. The identity is locked first, as a sign-in does it: taken in
/// another order, each could wait for the other.
pub(super) async fn delete(writing: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<bool> {
    sqlx::query(
        "SELECT 1 FROM credentials WHERE user_id = $1 AND kind = 'externalUser' ORDER BY id FOR UPDATE",
    )
    .bind(id)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    sqlx::query("DELETE FROM users WHERE environment_id = $1 AND id = $2")
        .bind(environment)
        .bind(id)
        .execute(writing)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(rows::failed)
}
