//! Users and their credentials.

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::{CredentialKind, EmailClaim, SignIn, StoreError, User, UserChange},
};

/// Finds or makes the user that signs in, with its credentials brought up to date. Whether it is new.
pub(super) async fn recognise(writing: &mut SqliteConnection, sign_in: &SignIn) -> Result<(User, bool)> {
    let known = sqlx::query(
        "UPDATE credentials SET last_selected_at = ?
         WHERE environment_id = ? AND issuer = ? AND identifier = ? AND kind = 'externalUser' RETURNING user_id",
    )
    .bind(sign_in.now.0)
    .bind(sign_in.environment_id)
    .bind(&sign_in.issuer)
    .bind(&sign_in.subject)
    .fetch_optional(&mut *writing)
    .await
    .map_err(rows::failed)?;
    let (id, is_new) = match known {
        Some(row) => (row.try_get("user_id").map_err(rows::failed)?, false),
        None => (create(writing, sign_in).await?, true),
    };
    match &sign_in.email {
        EmailClaim::Absent => {}
        EmailClaim::Verified(address) => vouch(writing, sign_in, id, address).await?,
        EmailClaim::Unverified(address) => disavow(writing, sign_in, id, address).await?,
    }
    sqlx::query("UPDATE users SET last_visit = ? WHERE id = ?")
        .bind(sign_in.now.0)
        .bind(id)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
    Ok((get(writing, sign_in.environment_id, id).await?, is_new))
}

async fn create(writing: &mut SqliteConnection, sign_in: &SignIn) -> Result<Uuid> {
    sqlx::query(
        "INSERT INTO users (id, environment_id, first_visit, last_visit, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(sign_in.new_user_id)
    .bind(sign_in.environment_id)
    .bind(sign_in.now.0)
    .bind(sign_in.now.0)
    .bind(sign_in.now.0)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    let (id, user) = (sign_in.new_external_credential_id, sign_in.new_user_id);
    put_credential(writing, sign_in, id, user, CredentialKind::ExternalUser, &sign_in.subject).await?;
    Ok(user)
}

/// The issuer vouches for an address: it is the user's one verified address from that issuer. The profile
/// follows, unless the user has written another address there.
async fn vouch(writing: &mut SqliteConnection, sign_in: &SignIn, user: Uuid, address: &str) -> Result<()> {
    sqlx::query(
        "UPDATE users SET email = ?, updated_at = ? WHERE id = ? AND (email IS NULL OR email IN
            (SELECT identifier FROM credentials WHERE user_id = users.id AND kind = 'email' AND issuer = ?))",
    )
    .bind(address)
    .bind(sign_in.now.0)
    .bind(user)
    .bind(&sign_in.issuer)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    let id = sign_in.new_email_credential_id;
    put_credential(writing, sign_in, id, user, CredentialKind::Email, address).await
}

/// The issuer does not vouch for an address any more.
async fn disavow(writing: &mut SqliteConnection, sign_in: &SignIn, user: Uuid, address: &str) -> Result<()> {
    sqlx::query(
        "DELETE FROM credentials WHERE user_id = ? AND kind = 'email' AND issuer = ? AND identifier = ?",
    )
    .bind(user)
    .bind(&sign_in.issuer)
    .bind(address)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}

async fn put_credential(
    writing: &mut SqliteConnection,
    sign_in: &SignIn,
    id: Uuid,
    user: Uuid,
    kind: CredentialKind,
    identifier: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO credentials
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (user_id, kind, issuer) DO UPDATE SET
            verified_at = CASE identifier WHEN excluded.identifier THEN verified_at ELSE excluded.verified_at END,
            id = CASE identifier WHEN excluded.identifier THEN id ELSE excluded.id END,
            identifier = excluded.identifier, last_selected_at = excluded.last_selected_at",
    )
    .bind(id)
    .bind(sign_in.environment_id)
    .bind(user)
    .bind(kind.as_str())
    .bind(&sign_in.issuer)
    .bind(identifier)
    .bind(sign_in.now.0)
    .bind(sign_in.now.0)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}

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
    let username_key = change.username.clone().flatten().map(|name| name.to_lowercase());
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
