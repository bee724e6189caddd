//! Between rows and the records of what is frequent: users, credentials, sessions, webhooks.

use std::str::FromStr;

use rusqlite::{Row, types::FromSql};

use super::{Result, connection::failed};
use crate::{
    clock::UnixMillis,
    secret::Secret,
    store::{
        Credential, CredentialKind, SessionOrigin, SessionRecord, StoreError, User,
        webhooks::{Webhook, WebhookMessage},
    },
};

fn column<T: FromSql>(row: &Row<'_>, name: &str) -> Result<T> {
    row.get(name).map_err(failed)
}

fn time(row: &Row<'_>, name: &str) -> Result<UnixMillis> {
    column(row, name).map(UnixMillis)
}

fn parsed<T>(row: &Row<'_>, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    let corrupt = || StoreError::Corrupt(name);
    let text = row.get_ref(name).map_err(failed)?.as_str_or_null().map_err(|_| corrupt())?;
    text.map(|text| parse(text).ok_or_else(corrupt)).transpose()
}

/// Without its credentials.
pub(super) fn user(row: &Row<'_>) -> Result<User> {
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
        metadata: parsed(row, "metadata", |text| serde_json::from_str(text).ok())?,
        first_visit: time(row, "first_visit")?,
        last_visit: time(row, "last_visit")?,
    })
}

pub(super) fn credential(row: &Row<'_>) -> Result<Credential> {
    let kinds = [CredentialKind::ExternalUser, CredentialKind::Email];
    let kind = parsed(row, "kind", |text| kinds.into_iter().find(|kind| kind.as_str() == text))?;
    Ok(Credential {
        id: column(row, "id")?,
        kind: kind.ok_or(StoreError::Corrupt("kind"))?,
        issuer: column(row, "issuer")?,
        identifier: column(row, "identifier")?,
        verified_at: time(row, "verified_at")?,
        last_selected_at: time(row, "last_selected_at")?,
    })
}

pub(super) fn session(row: &Row<'_>) -> Result<SessionRecord> {
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
            ip: parsed(row, "ip", |text| FromStr::from_str(text).ok())?,
            user_agent: column(row, "user_agent")?,
        },
        generation: column(row, "generation")?,
        token_id: column(row, "token_id")?,
        previous_token_id: column(row, "previous_token_id")?,
        created_at: time(row, "created_at")?,
        refreshed_at: time(row, "refreshed_at")?,
        expires_at: time(row, "expires_at")?,
        refresh_expires_at: time(row, "refresh_expires_at")?,
        revoked_at: column::<Option<i64>>(row, "revoked_at")?.map(UnixMillis),
    })
}

pub(super) fn webhook(row: &Row<'_>) -> Result<Webhook> {
    let events = parsed(row, "events", |text| serde_json::from_str(text).ok())?;
    Ok(Webhook {
        id: column(row, "id")?,
        environment_id: column(row, "environment_id")?,
        url: column(row, "url")?,
        events: events.ok_or(StoreError::Corrupt("events"))?,
        secret: Secret::new(column(row, "secret")?),
        enabled: column(row, "enabled")?,
        enabled_at: time(row, "enabled_at")?,
        disabled_reason: column(row, "disabled_reason")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn webhook_message(row: &Row<'_>) -> Result<WebhookMessage> {
    let state = parsed(row, "state", |text| text.parse().ok())?;
    Ok(WebhookMessage {
        id: column(row, "id")?,
        environment_id: column(row, "environment_id")?,
        webhook_id: column(row, "webhook_id")?,
        event_id: column(row, "event_id")?,
        event: column(row, "event")?,
        user_id: column(row, "user_id")?,
        external_user_id: column(row, "external_user_id")?,
        data: parsed(row, "data", |text| serde_json::from_str(text).ok()).ok().flatten(),
        created_at: time(row, "created_at")?,
        state: state.ok_or(StoreError::Corrupt("state"))?,
        tries: column(row, "tries")?,
        due_at: time(row, "due_at")?,
        finished_at: column::<Option<i64>>(row, "finished_at")?.map(UnixMillis),
        last_status: column(row, "last_status")?,
        last_error: column(row, "last_error")?,
    })
}
