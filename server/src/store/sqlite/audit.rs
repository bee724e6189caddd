//! The audit log.

use sqlx::{QueryBuilder, SqliteConnection, SqlitePool, sqlite::Sqlite};

use super::{Result, rows};
use crate::{
    clock::UnixMillis,
    store::{AuditQuery, AuditRecord},
};

/// Rows of one statement: 14 columns each, within `SQLite`'s 32,766 parameters.
const ROWS: usize = 1_000;

pub(super) async fn append(writing: &mut SqliteConnection, records: &[AuditRecord]) -> Result<()> {
    for part in records.chunks(ROWS) {
        let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO audit_log (id, environment_id, at, action, refused, actor, user_id, session_id, issuer,
                kid, request_id, ip, user_agent, detail) ",
        );
        insert.push_values(part, |mut row, record| {
            row.push_bind(record.id)
                .push_bind(record.environment_id)
                .push_bind(record.at.0)
                .push_bind(record.action.clone())
                .push_bind(record.refused.clone())
                .push_bind(record.actor.clone())
                .push_bind(record.user_id)
                .push_bind(record.session_id)
                .push_bind(record.issuer.clone())
                .push_bind(record.kid.clone())
                .push_bind(record.request_id.clone())
                .push_bind(record.ip.map(|ip| ip.to_string()))
                .push_bind(record.user_agent.clone())
                .push_bind(record.detail.clone());
        });
        insert.build().execute(&mut *writing).await.map_err(rows::failed)?;
    }
    Ok(())
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

pub(super) async fn sweep(writer: &SqlitePool, before: UnixMillis) -> Result<u64> {
    sqlx::query("DELETE FROM audit_log WHERE at < ?")
        .bind(before.0)
        .execute(writer)
        .await
        .map(|done| done.rows_affected())
        .map_err(rows::failed)
}
