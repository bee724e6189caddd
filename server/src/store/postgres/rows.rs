//! Between rows and records.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::{
    Decode, Row, Type, ValueRef,
    error::ErrorKind,
    postgres::{PgRow, Postgres},
};
use uuid::Uuid;

use super::{Result, line};
use crate::{
    clock::UnixMillis,
    secret::Secret,
    store::{
        AdminToken, AuditRecord, Conflicting, Credential, CredentialKind, Environment, IssuerConfig,
        KeySource, SessionOrigin, SessionRecord, SigningKeyRecord, StoreError, User,
        webhooks::{Webhook, WebhookMessage},
    },
};

/// What an error of the driver means.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    line::learn_from(&error);
    match &error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => StoreError::Corrupt("row"),
        sqlx::Error::Database(cause) if cause.kind() == ErrorKind::UniqueViolation => {
            match cause.constraint() {
                Some("users_by_username") => Conflicting::Username.into(),
                Some("environments_pkey") => Conflicting::Environment.into(),
                _ => Conflicting::Other.into(),
            }
        }
        // The row that this one belongs to is gone: an environment or a user.
        sqlx::Error::Database(cause) if cause.kind() == ErrorKind::ForeignKeyViolation => {
            StoreError::NotFound
        }
        _ => StoreError::Unavailable(error.into()),
    }
}

/// Whether the database asks for the same statement once more: it lost a deadlock, or a race.
pub(super) fn wants_again(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40P01" | "40001"))
}

fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, name: &str) -> Result<T> {
    row.try_get(name).map_err(failed)
}

fn time(row: &PgRow, name: &str) -> Result<UnixMillis> {
    column(row, name).map(UnixMillis)
}

fn optional_time(row: &PgRow, name: &str) -> Result<Option<UnixMillis>> {
    Ok(column::<Option<i64>>(row, name)?.map(UnixMillis))
}

/// The text of a document, as it was written.
fn optional_json<T: DeserializeOwned>(row: &PgRow, name: &'static str) -> Result<Option<T>> {
    let raw = row.try_get_raw(name).map_err(failed)?;
    if raw.is_null() {
        return Ok(None);
    }
    let text = raw.as_str().map_err(|_| StoreError::Corrupt(name))?;
    serde_json::from_str(text).map(Some).map_err(|_| StoreError::Corrupt(name))
}

fn json<T: DeserializeOwned>(row: &PgRow, name: &'static str) -> Result<T> {
    optional_json(row, name)?.ok_or(StoreError::Corrupt(name))
}

/// A document as it is; null where there is none.
pub(super) fn document(row: &PgRow, name: &'static str) -> Result<serde_json::Value> {
    Ok(optional_json(row, name)?.unwrap_or_default())
}

fn word<T: FromStr>(row: &PgRow, name: &'static str) -> Result<T> {
    column::<&str>(row, name)?.parse().map_err(|_| StoreError::Corrupt(name))
}

/// Without its issuers.
pub(super) fn environment(row: &PgRow) -> Result<Environment> {
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

pub(super) fn issuer(row: &PgRow) -> Result<IssuerConfig> {
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

pub(super) fn signing_key(row: &PgRow) -> Result<SigningKeyRecord> {
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

/// Without its credentials.
pub(super) fn user(row: &PgRow) -> Result<User> {
    Ok(User {
        id: column(row, "id")?,
        environment_id: column(row, "environment_id")?,
        credentials: Vec::new(),
        email: column(row, "email")?,
        alias: column(row, "alias")?,
        first_name: column(row, "first_name")?,
        last_name: column(row, "last_name")?,
        job_title: column(row, "job_title")?,
        phone_number: column(row, "phone_number")?,
        t_shirt_size: column(row, "t_shirt_size")?,
        team: column(row, "team")?,
        country: column(row, "country")?,
        username: column(row, "username")?,
        policies_consent: column(row, "policies_consent")?,
        metadata: optional_json(row, "metadata")?,
        first_visit: time(row, "first_visit")?,
        last_visit: time(row, "last_visit")?,
    })
}

pub(super) fn credential(row: &PgRow) -> Result<Credential> {
    let kinds = [CredentialKind::ExternalUser, CredentialKind::Email];
    let word: &str = column(row, "kind")?;
    Ok(Credential {
        id: column(row, "id")?,
        kind: kinds.into_iter().find(|kind| kind.as_str() == word).ok_or(StoreError::Corrupt("kind"))?,
        issuer: column(row, "issuer")?,
        identifier: column(row, "identifier")?,
        verified_at: time(row, "verified_at")?,
        last_selected_at: time(row, "last_selected_at")?,
    })
}

pub(super) fn session(row: &PgRow) -> Result<SessionRecord> {
    let ip = column::<Option<&str>>(row, "ip")?.map(str::parse).transpose();
    Ok(SessionRecord {
        id: column(row, "id")?,
        environment_id: column(row, "environment_id")?,
        user_id: column(row, "user_id")?,
        signin_credential_id: column(row, "signin_credential_id")?,
        origin: SessionOrigin {
            audience: column(row, "audience")?,
            public_key: column(row, "public_key")?,
            dpop_jkt: column(row, "dpop_jkt")?,
            sdk_version: column(row, "sdk_version")?,
            ip: ip.map_err(|_| StoreError::Corrupt("ip"))?,
            user_agent: column(row, "user_agent")?,
        },
        generation: column(row, "generation")?,
        token_id: column(row, "token_id")?,
        previous_token_id: column::<Option<Uuid>>(row, "previous_token_id")?,
        created_at: time(row, "created_at")?,
        refreshed_at: time(row, "refreshed_at")?,
        expires_at: time(row, "expires_at")?,
        refresh_expires_at: time(row, "refresh_expires_at")?,
        revoked_at: optional_time(row, "revoked_at")?,
    })
}

pub(super) fn audit(row: &PgRow) -> Result<AuditRecord> {
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

pub(super) fn admin_token(row: &PgRow) -> Result<AdminToken> {
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

pub(super) fn webhook(row: &PgRow) -> Result<Webhook> {
    Ok(Webhook {
        id: column(row, "id")?,
        environment_id: column(row, "environment_id")?,
        url: column(row, "url")?,
        events: json(row, "events")?,
        secret: Secret::new(column(row, "secret")?),
        enabled: column(row, "enabled")?,
        enabled_at: time(row, "enabled_at")?,
        disabled_reason: column(row, "disabled_reason")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn webhook_message(row: &PgRow) -> Result<WebhookMessage> {
    let status = column::<Option<i64>>(row, "last_status")?.map(u16::try_from).transpose();
    Ok(WebhookMessage {
        id: column(row, "id")?,
        environment_id: column(row, "environment_id")?,
        webhook_id: column(row, "webhook_id")?,
        event_id: column(row, "event_id")?,
        event: column(row, "event")?,
        user_id: column::<Option<Uuid>>(row, "user_id")?,
        external_user_id: column(row, "external_user_id")?,
        data: json(row, "data").ok(),
        created_at: time(row, "created_at")?,
        state: word(row, "state")?,
        tries: u32::try_from(column::<i64>(row, "tries")?).map_err(|_| StoreError::Corrupt("tries"))?,
        due_at: time(row, "due_at")?,
        finished_at: optional_time(row, "finished_at")?,
        last_status: status.map_err(|_| StoreError::Corrupt("last_status"))?,
        last_error: column(row, "last_error")?,
    })
}

/// A count under the name `n`.
pub(super) fn number(row: &PgRow) -> Result<u64> {
    u64::try_from(column::<i64>(row, "n")?).map_err(|_| StoreError::Corrupt("count"))
}
