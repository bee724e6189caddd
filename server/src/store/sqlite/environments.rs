//! Environments, their issuers and their signing keys.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{Result, connection, reader::Reader, revision, rows};
use crate::{
    clock::UnixMillis,
    store::{Conflicting, Environment, IssuerConfig, KeptSecrets, SigningKeyRecord, StoreError},
};

/// Reads the revision, and the rest only where that is another one than last time. Whoever changes
/// anything here, in whatever process, raises the revision in the same transaction.
pub(super) async fn cached(
    look_ups: &Reader,
    readers: &SqlitePool,
    cache: &Mutex<HashMap<Uuid, Arc<Environment>>>,
    id: Uuid,
) -> Result<Arc<Environment>> {
    let revision = look_ups.read(move |reading| current(reading, id)).await?;
    let known = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&id).map(Arc::clone);
    if let Some(known) = known.filter(|known| known.revision == revision) {
        return Ok(known);
    }
    // One transaction, so that the environment and its issuers are of one moment.
    let mut reading = readers.begin().await.map_err(rows::failed)?;
    let environment = Arc::new(get(&mut reading, id).await?);
    cache.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&environment));
    Ok(environment)
}

fn current(reading: &Connection, id: Uuid) -> Result<i64> {
    let text = "SELECT revision FROM environments WHERE id = ?";
    let mut statement = reading.prepare_cached(text).map_err(connection::failed)?;
    statement.query_row([id], |row| row.get(0)).map_err(connection::failed)
}

async fn get(reading: &mut SqliteConnection, id: Uuid) -> Result<Environment> {
    let row = sqlx::query("SELECT *, EXISTS (SELECT 1 FROM webhooks WHERE environment_id = environments.id AND enabled) AS has_webhooks
         FROM environments WHERE id = ?")
        .bind(id)
        .fetch_optional(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut environment = rows::environment(&row.ok_or(StoreError::NotFound)?)?;
    environment.issuers = issuers(reading, id).await?;
    Ok(environment)
}

async fn issuers(reading: &mut SqliteConnection, environment: Uuid) -> Result<Vec<IssuerConfig>> {
    let found = sqlx::query("SELECT * FROM issuers WHERE environment_id = ? ORDER BY position")
        .bind(environment)
        .fetch_all(reading)
        .await
        .map_err(rows::failed)?;
    found.iter().map(rows::issuer).collect()
}

pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<Environment>> {
    let mut reading = readers.begin().await.map_err(rows::failed)?;
    let found = sqlx::query("SELECT *, EXISTS (SELECT 1 FROM webhooks WHERE environment_id = environments.id AND enabled) AS has_webhooks
         FROM environments ORDER BY created_at, id")
        .fetch_all(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut environments = found.iter().map(rows::environment).collect::<Result<Vec<_>>>()?;
    for environment in &mut environments {
        environment.issuers = issuers(&mut reading, environment.id).await?;
    }
    Ok(environments)
}

/// [`StoreError::NotFound`] where there is none.
pub(super) fn expect(reading: &Connection, id: Uuid) -> Result<()> {
    current(reading, id).map(drop)
}

pub(super) async fn insert(writing: &mut SqliteConnection, environment: &Environment) -> Result<()> {
    sqlx::query(
        "INSERT INTO environments (id, name, allowed_origins, cookie_name, assume_email_verified,
            session_algorithm, replay, step_up, session_cookie, nonce_key, revision, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(environment.id)
    .bind(&environment.name)
    .bind(list(&environment.allowed_origins))
    .bind(environment.cookie_name.as_deref())
    .bind(environment.assume_email_verified)
    .bind(environment.session_algorithm.as_str())
    .bind(environment.replay.as_str())
    .bind(list(&environment.step_up))
    .bind(environment.session_cookie)
    .bind(environment.nonce_key.expose().as_slice())
    .bind(environment.revision)
    .bind(environment.created_at.0)
    .bind(environment.updated_at.0)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    insert_issuers(writing, environment).await
}

pub(super) async fn update(writing: &mut SqliteConnection, environment: &Environment) -> Result<()> {
    is_of_revision(writing, environment.id, environment.revision).await?;
    sqlx::query(
        "UPDATE environments SET name = ?, allowed_origins = ?, cookie_name = ?, assume_email_verified = ?,
            session_algorithm = ?, replay = ?, step_up = ?, session_cookie = ?, revision = revision + 1, updated_at = ? WHERE id = ?",
    )
    .bind(&environment.name)
    .bind(list(&environment.allowed_origins))
    .bind(environment.cookie_name.as_deref())
    .bind(environment.assume_email_verified)
    .bind(environment.session_algorithm.as_str())
    .bind(environment.replay.as_str())
    .bind(list(&environment.step_up))
    .bind(environment.session_cookie)
    .bind(environment.updated_at.0)
    .bind(environment.id)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    sqlx::query("DELETE FROM issuers WHERE environment_id = ?")
        .bind(environment.id)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
    insert_issuers(writing, environment).await
}

/// Refuses a change of something that was changed since it was read.
async fn is_of_revision(writing: &mut SqliteConnection, id: Uuid, read: i64) -> Result<()> {
    let row = sqlx::query("SELECT revision FROM environments WHERE id = ?")
        .bind(id)
        .fetch_optional(writing)
        .await
        .map_err(rows::failed)?;
    if revision(&row.ok_or(StoreError::NotFound)?)? == read {
        Ok(())
    } else {
        Err(Conflicting::Revision.into())
    }
}

pub(super) async fn replace_secrets(writing: &mut SqliteConnection, secrets: &KeptSecrets) -> Result<()> {
    is_of_revision(writing, secrets.environment_id, secrets.revision).await?;
    sqlx::query(
        "UPDATE environments SET nonce_key = ?, revision = revision + 1, updated_at = ? WHERE id = ?",
    )
    .bind(secrets.nonce_key.expose().as_slice())
    .bind(secrets.updated_at.0)
    .bind(secrets.environment_id)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    for (kid, pkcs8) in &secrets.signing_keys {
        let done = sqlx::query("UPDATE signing_keys SET pkcs8 = ? WHERE environment_id = ? AND kid = ?")
            .bind(pkcs8.expose().as_slice())
            .bind(secrets.environment_id)
            .bind(kid)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
    }
    for (id, secret) in &secrets.webhooks {
        let done = sqlx::query("UPDATE webhooks SET secret = ? WHERE environment_id = ? AND id = ?")
            .bind(secret.expose().as_slice())
            .bind(secrets.environment_id)
            .bind(id)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
    }
    Ok(())
}

async fn insert_issuers(writing: &mut SqliteConnection, environment: &Environment) -> Result<()> {
    for (position, issuer) in (0_i64..).zip(&environment.issuers) {
        let (source, value) = issuer.keys.columns();
        sqlx::query(
            "INSERT INTO issuers (environment_id, issuer, key_source, key_source_value, audiences, algorithms,
                leeway_seconds, max_lifetime_seconds, position)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(environment.id)
        .bind(&issuer.issuer)
        .bind(source)
        .bind(value)
        .bind(list(&issuer.audiences))
        .bind(list(&issuer.algorithms.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>()))
        .bind(i64::try_from(issuer.leeway_seconds).unwrap_or(i64::MAX))
        .bind(issuer.max_lifetime_seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX)))
        .bind(position)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
    }
    Ok(())
}

pub(super) async fn keys(readers: &SqlitePool, environment: Uuid) -> Result<Vec<SigningKeyRecord>> {
    let found = sqlx::query(
        "SELECT * FROM signing_keys WHERE environment_id = ?
         ORDER BY retired_at IS NOT NULL, retired_at DESC, created_at DESC",
    )
    .bind(environment)
    .fetch_all(readers)
    .await
    .map_err(rows::failed)?;
    found.iter().map(rows::signing_key).collect()
}

pub(super) async fn insert_key(writing: &mut SqliteConnection, key: &SigningKeyRecord) -> Result<()> {
    sqlx::query(
        "INSERT INTO signing_keys (environment_id, kid, algorithm, pkcs8, public_jwk, created_at, retired_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(key.environment_id)
    .bind(&key.kid)
    .bind(key.algorithm.as_str())
    .bind(key.pkcs8.expose().as_slice())
    .bind(key.public_jwk.to_string())
    .bind(key.created_at.0)
    .bind(key.retired_at.map(|at| at.0))
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}

pub(super) async fn retire_keys(
    writing: &mut SqliteConnection,
    environment: Uuid,
    now: UnixMillis,
) -> Result<()> {
    sqlx::query("UPDATE signing_keys SET retired_at = ? WHERE environment_id = ? AND retired_at IS NULL")
        .bind(now.0)
        .bind(environment)
        .execute(writing)
        .await
        .map(drop)
        .map_err(rows::failed)
}

pub(super) async fn forget_key(
    writing: &mut SqliteConnection,
    environment: Uuid,
    kid: &str,
    now: UnixMillis,
) -> Result<()> {
    let done = sqlx::query(
        "DELETE FROM signing_keys WHERE environment_id = ? AND kid = ? AND retired_at IS NOT NULL",
    )
    .bind(environment)
    .bind(kid)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    sqlx::query("UPDATE environments SET revision = revision + 1, updated_at = ? WHERE id = ?")
        .bind(now.0)
        .bind(environment)
        .execute(writing)
        .await
        .map(drop)
        .map_err(rows::failed)
}

/// Whoever seals the environments' secrets anew meanwhile reads them again, for the revision.
pub(super) async fn sweep_keys(writing: &mut SqliteConnection, before: UnixMillis) -> Result<u64> {
    sqlx::query(
        "UPDATE environments SET revision = revision + 1
         WHERE id IN (SELECT environment_id FROM signing_keys WHERE retired_at <= ?)",
    )
    .bind(before.0)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    let done = sqlx::query("DELETE FROM signing_keys WHERE retired_at <= ?").bind(before.0).execute(writing);
    done.await.map(|done| done.rows_affected()).map_err(rows::failed)
}

fn list<T: serde::Serialize>(items: &[T]) -> String {
    serde_json::json!(items).to_string()
}
