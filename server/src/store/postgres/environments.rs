//! Environments, their issuers and their signing keys.

use std::sync::Arc;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{ONE_MOMENT, Result, known::Known, revision, rows};
use crate::{
    clock::UnixMillis,
    store::{Conflicting, Environment, IssuerConfig, KeptSecrets, SigningKeyRecord, StoreError},
};

/// Reads the revision, and the rest only where that is another one than last time. Whoever changes
/// anything here, in whatever process, raises the revision in the same transaction.
pub(super) async fn cached(pool: &PgPool, known: &Known, id: Uuid) -> Result<Arc<Environment>> {
    let row = sqlx::query("SELECT revision FROM environments WHERE id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(rows::failed)?;
    let revision = revision(&row.ok_or(StoreError::NotFound)?)?;
    if let Some(environment) = known.at(id, revision) {
        return Ok(environment);
    }
    // One transaction, so that the environment and its issuers are of one moment.
    let mut reading = pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
    let environment = Arc::new(get(&mut reading, id).await?);
    known.keep(&environment);
    Ok(environment)
}

async fn get(reading: &mut PgConnection, id: Uuid) -> Result<Environment> {
    let row = sqlx::query("SELECT *, EXISTS (SELECT 1 FROM webhooks WHERE environment_id = environments.id AND enabled) AS has_webhooks
         FROM environments WHERE id = $1")
        .bind(id)
        .fetch_optional(&mut *reading)
        .await
        .map_err(rows::failed)?;
    let mut environment = rows::environment(&row.ok_or(StoreError::NotFound)?)?;
    environment.issuers = issuers(reading, id).await?;
    Ok(environment)
}

async fn issuers(reading: &mut PgConnection, environment: Uuid) -> Result<Vec<IssuerConfig>> {
    let found = sqlx::query("SELECT * FROM issuers WHERE environment_id = $1 ORDER BY position")
        .bind(environment)
        .fetch_all(reading)
        .await
        .map_err(rows::failed)?;
    found.iter().map(rows::issuer).collect()
}

pub(super) async fn all(pool: &PgPool) -> Result<Vec<Environment>> {
    let mut reading = pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
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

pub(super) async fn insert(writing: &mut PgConnection, environment: &Environment) -> Result<()> {
    sqlx::query(
        "INSERT INTO environments (id, name, allowed_origins, cookie_name, assume_email_verified,
            session_algorithm, replay, step_up, session_cookie, nonce_key, revision, created_at, updated_at)
         VALUES ($1, $2, $3::text::json, $4, $5, $6, $7, $8::text::json, $9, $10, $11, $12, $13)",
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

pub(super) async fn update(writing: &mut PgConnection, environment: &Environment) -> Result<()> {
    is_of_revision(writing, environment.id, environment.revision).await?;
    sqlx::query(
        "UPDATE environments SET name = $1, allowed_origins = $2::text::json, cookie_name = $3, assume_email_verified = $4,
            session_algorithm = $5, replay = $6, step_up = $7::text::json, session_cookie = $8,
            revision = revision + 1, updated_at = $9 WHERE id = $10",
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
    sqlx::query("DELETE FROM issuers WHERE environment_id = $1")
        .bind(environment.id)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
    insert_issuers(writing, environment).await
}

/// Refuses a change of something that was changed since it was read.
async fn is_of_revision(writing: &mut PgConnection, id: Uuid, read: i64) -> Result<()> {
    let row = sqlx::query("SELECT revision FROM environments WHERE id = $1 FOR UPDATE")
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

pub(super) async fn replace_secrets(writing: &mut PgConnection, secrets: &KeptSecrets) -> Result<()> {
    is_of_revision(writing, secrets.environment_id, secrets.revision).await?;
    sqlx::query(
        "UPDATE environments SET nonce_key = $1, revision = revision + 1, updated_at = $2 WHERE id = $3",
    )
    .bind(secrets.nonce_key.expose().as_slice())
    .bind(secrets.updated_at.0)
    .bind(secrets.environment_id)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    for (kid, pkcs8) in &secrets.signing_keys {
        let done = sqlx::query("UPDATE signing_keys SET pkcs8 = $1 WHERE environment_id = $2 AND kid = $3")
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
        let done = sqlx::query("UPDATE webhooks SET secret = $1 WHERE environment_id = $2 AND id = $3")
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

async fn insert_issuers(writing: &mut PgConnection, environment: &Environment) -> Result<()> {
    for (position, issuer) in (0_i64..).zip(&environment.issuers) {
        let (source, value) = issuer.keys.columns();
        sqlx::query(
            "INSERT INTO issuers (environment_id, issuer, key_source, key_source_value, audiences, algorithms,
                leeway_seconds, max_lifetime_seconds, position)
             VALUES ($1, $2, $3, $4, $5::text::json, $6::text::json, $7, $8, $9)",
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

pub(super) async fn keys(pool: &PgPool, environment: Uuid) -> Result<Vec<SigningKeyRecord>> {
    let found = sqlx::query(
        "SELECT * FROM signing_keys WHERE environment_id = $1
         ORDER BY retired_at IS NOT NULL, retired_at DESC, created_at DESC",
    )
    .bind(environment)
    .fetch_all(pool)
    .await
    .map_err(rows::failed)?;
    found.iter().map(rows::signing_key).collect()
}

pub(super) async fn insert_key(writing: &mut PgConnection, key: &SigningKeyRecord) -> Result<()> {
    sqlx::query(
        "INSERT INTO signing_keys (environment_id, kid, algorithm, pkcs8, public_jwk, created_at, retired_at)
         VALUES ($1, $2, $3, $4, $5::text::json, $6, $7)",
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
    writing: &mut PgConnection,
    environment: Uuid,
    now: UnixMillis,
) -> Result<()> {
    sqlx::query("UPDATE signing_keys SET retired_at = $1 WHERE environment_id = $2 AND retired_at IS NULL")
        .bind(now.0)
        .bind(environment)
        .execute(writing)
        .await
        .map(drop)
        .map_err(rows::failed)
}

pub(super) async fn forget_key(
    writing: &mut PgConnection,
    environment: Uuid,
    kid: &str,
    now: UnixMillis,
) -> Result<()> {
    let done = sqlx::query(
        "DELETE FROM signing_keys WHERE environment_id = $1 AND kid = $2 AND retired_at IS NOT NULL",
    )
    .bind(environment)
    .bind(kid)
    .execute(&mut *writing)
    .await
    .map_err(rows::failed)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    sqlx::query("UPDATE environments SET revision = revision + 1, updated_at = $1 WHERE id = $2")
        .bind(now.0)
        .bind(environment)
        .execute(writing)
        .await
        .map(drop)
        .map_err(rows::failed)
}

/// The environments are held first, in one order: whoever seals their secrets anew takes an environment before
/// its keys, and another server may sweep as well.
pub(super) async fn sweep_keys(writing: &mut PgConnection, before: UnixMillis) -> Result<u64> {
    let held: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM environments
         WHERE id IN (SELECT environment_id FROM signing_keys WHERE retired_at <= $1)
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(before.0)
    .fetch_all(&mut *writing)
    .await
    .map_err(rows::failed)?;
    if held.is_empty() {
        return Ok(0);
    }
    let row = sqlx::query(
        "WITH gone AS (
             DELETE FROM signing_keys WHERE retired_at <= $1 AND environment_id = ANY($2) RETURNING environment_id
         ), raised AS (
             UPDATE environments SET revision = revision + 1 WHERE id IN (SELECT environment_id FROM gone)
         )
         SELECT count(*) AS n FROM gone",
    )
    .bind(before.0)
    .bind(held)
    .fetch_one(writing)
    .await
    .map_err(rows::failed)?;
    rows::number(&row)
}

fn list<T: serde::Serialize>(items: &[T]) -> String {
    serde_json::json!(items).to_string()
}
