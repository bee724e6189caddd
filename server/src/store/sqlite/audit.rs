//! The audit log.

use rusqlite::Connection;
use sqlx::{SqliteConnection, SqlitePool};

use super::{Result, connection, rows};
use crate::store::{AuditQuery, AuditRecord};

const INSERT: &str =
    "INSERT INTO audit_log (id, environment_id, at, action, refused, actor, user_id, session_id, issuer,
        kid, request_id, ip, user_agent, detail)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Forgets a portion of what is older.
pub(super) const SWEEP: &str =
    "DELETE FROM audit_log WHERE rowid IN (SELECT rowid FROM audit_log WHERE at < ? LIMIT ?)";

pub(super) fn append(writing: &Connection, records: &[AuditRecord]) -> Result<()> {
    let mut insert = writing.prepare_cached(INSERT).map_err(connection::failed)?;
    for record in records {
        let row = (
            record.id,
            record.environment_id,
            record.at.0,
            &record.action,
            &record.refused,
            &record.actor,
            record.user_id,
            record.session_id,
            &record.issuer,
            &record.kid,
            &record.request_id,
            record.ip.map(|ip| ip.to_string()),
            &record.user_agent,
            &record.detail,
        );
        insert.execute(row).map_err(connection::failed)?;
    }
    Ok(())
}

/// The same with the other driver, for what is seldom.
pub(super) async fn append_one(writing: &mut SqliteConnection, record: Option<AuditRecord>) -> Result<()> {
    let Some(record) = record else { return Ok(()) };
    sqlx::query(INSERT)
        .bind(record.id)
        .bind(record.environment_id)
        .bind(record.at.0)
        .bind(record.action)
        .bind(record.refused)
        .bind(record.actor)
        .bind(record.user_id)
        .bind(record.session_id)
        .bind(record.issuer)
        .bind(record.kid)
        .bind(record.request_id)
        .bind(record.ip.map(|ip| ip.to_string()))
        .bind(record.user_agent)
        .bind(record.detail)
        .execute(writing)
        .await
        .map(drop)
        .map_err(rows::failed)
}

pub(super) async fn list(readers: &SqlitePool, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
    let found = sqlx::query(
        "SELECT * FROM audit_log WHERE (?1 IS NULL OR environment_id = ?1) AND (?2 IS NULL OR id < ?2)
         ORDER BY id DESC LIMIT ?3",
    )
    .bind(query.environment_id)
    .bind(query.before)
    .bind(i64::from(query.limit))
    .fetch_all(readers)
    .await
    .map_err(rows::failed)?;
    found.iter().map(rows::audit).collect()
}
