//! Between rows and the records of environments and of what happened to them.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::{
    Decode, Row, Type,
    error::ErrorKind,
    sqlite::{Sqlite, SqliteRow},
};
use uuid::Uuid;

use super::Result;
use crate::{
    clock::UnixMillis,
    secret::Secret,
    store::{
        AdminToken, AuditRecord, Conflicting, Environment, IssuerConfig, KeySource, SigningKeyRecord,
        StoreError,
    },
};

/// What an error of the driver means.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => StoreError::Corrupt("row"),
        sqlx::Error::Database(cause) if cause.kind() == ErrorKind::UniqueViolation => {
            // SQLite names the columns, which are ours, and never the values.
            if cause.message().contains("environments.id") {
                Conflicting::Environment.into()
            } else {
                Conflicting::Other.into()
            }
        }
        // The row that this one belongs to is gone: an environment or a user.
        sqlx::Error::Database(cause) if cause.kind() == ErrorKind::ForeignKeyViolation => {
            StoreError::NotFound
        }
        _ => StoreError::Unavailable(error.into()),
    }
}

fn column<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(row: &'r SqliteRow, name: &str) -> Result<T> {
    row.try_get(name).map_err(failed)
}

fn time(row: &SqliteRow, name: &str) -> Result<UnixMillis> {
    column(row, name).map(UnixMillis)
}

fn optional_time(row: &SqliteRow, name: &str) -> Result<Option<UnixMillis>> {
    Ok(column::<Option<i64>>(row, name)?.map(UnixMillis))
}

fn json<T: DeserializeOwned>(row: &SqliteRow, name: &'static str) -> Result<T> {
    serde_json::from_str(column(row, name)?).map_err(|_| StoreError::Corrupt(name))
}

/// A document as it is; null where there is none.
pub(super) fn document(row: &SqliteRow, name: &'static str) -> Result<serde_json::Value> {
    let text = column::<Option<&str>>(row, name)?;
    text.map_or(Ok(serde_json::Value::Null), serde_json::from_str).map_err(|_| StoreError::Corrupt(name))
}

fn word<T: FromStr>(row: &SqliteRow, name: &'static str) -> Result<T> {
    column::<&str>(row, name)?.parse().map_err(|_| StoreError::Corrupt(name))
}

/// Without its issuers.
pub(super) fn environment(row: &SqliteRow) -> Result<Environment> {
    Ok(Environment {
        id: column(row, "id")?,
        name: column(row, "name")?,
        issuers: Vec::new(),
        allowed_origins: json(row, "allowed_origins")?,
        cookie_name: column(row, "cookie_name")?,
        assume_email_verified: column(row, "assume_email_verified")?,
        session_algorithm: word(row, "session_algorithm")?,
        replay: word(row, "replay")?,
        step_up: json(row, "step_up")?,
        session_cookie: column(row, "session_cookie")?,
        has_webhooks: column(row, "has_webhooks")?,
        nonce_key: Secret::new(column(row, "nonce_key")?),
        revision: column(row, "revision")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn issuer(row: &SqliteRow) -> Result<IssuerConfig> {
    let keys = KeySource::from_columns(column(row, "key_source")?, column(row, "key_source_value")?)
        .ok_or(StoreError::Corrupt("key_source"))?;
    let algorithms: Vec<String> = json(row, "algorithms")?;
    let unsigned = |value: i64| u64::try_from(value).map_err(|_| StoreError::Corrupt("issuer"));
    Ok(IssuerConfig {
        environment_id: column(row, "environment_id")?,
        issuer: column(row, "issuer")?,
        keys,
        audiences: json(row, "audiences")?,
        algorithms: algorithms
            .iter()
            .map(|name| name.parse().map_err(|_| StoreError::Corrupt("algorithms")))
            .collect::<Result<_>>()?,
        leeway_seconds: unsigned(column(row, "leeway_seconds")?)?,
        max_lifetime_seconds: column::<Option<i64>>(row, "max_lifetime_seconds")?
            .map(unsigned)
            .transpose()?,
    })
}

pub(super) fn signing_key(row: &SqliteRow) -> Result<SigningKeyRecord> {
    Ok(SigningKeyRecord {
        environment_id: column(row, "environment_id")?,
        kid: column(row, "kid")?,
        algorithm: word(row, "algorithm")?,
        pkcs8: Secret::new(column(row, "pkcs8")?),
        public_jwk: json(row, "public_jwk")?,
        created_at: time(row, "created_at")?,
        retired_at: optional_time(row, "retired_at")?,
    })
}

pub(super) fn audit(row: &SqliteRow) -> Result<AuditRecord> {
    let ip = column::<Option<&str>>(row, "ip")?.map(str::parse).transpose();
    Ok(AuditRecord {
        id: column(row, "id")?,
        environment_id: column::<Option<Uuid>>(row, "environment_id")?,
        at: time(row, "at")?,
        action: column(row, "action")?,
        refused: column(row, "refused")?,
        actor: column(row, "actor")?,
        user_id: column::<Option<Uuid>>(row, "user_id")?,
        session_id: column::<Option<Uuid>>(row, "session_id")?,
        issuer: column(row, "issuer")?,
        kid: column(row, "kid")?,
        request_id: column(row, "request_id")?,
        ip: ip.map_err(|_| StoreError::Corrupt("ip"))?,
        user_agent: column(row, "user_agent")?,
        detail: column(row, "detail")?,
    })
}

pub(super) fn admin_token(row: &SqliteRow) -> Result<AdminToken> {
    Ok(AdminToken {
        id: column(row, "id")?,
        name: column(row, "name")?,
        hash: column(row, "hash")?,
        scope: column(row, "scope")?,
        created_at: time(row, "created_at")?,
        expires_at: optional_time(row, "expires_at")?,
        revoked_at: optional_time(row, "revoked_at")?,
    })
}
