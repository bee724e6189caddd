//! The audit log.

use sqlx::{PgConnection, PgPool, QueryBuilder, postgres::Postgres};

use super::{Result, rows};
use crate::store::{AuditQuery, AuditRecord};

/// Rows of one statement: 14 columns each, within PostgreSQL's 65,535 parameters.
const ROWS: usize = 1_000;

pub(super) async fn append(writing: &mut PgConnection, records: &[AuditRecord]) -> Result<()> {
    for part in records.chunks(ROWS) {
        let mut insert: QueryBuilder<Postgres> = QueryBuilder::new(
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

pub(super) async fn list(pool: &PgPool, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
    let found = sqlx::query(
        "SELECT * FROM audit_log WHERE ($1::uuid IS NULL OR environment_id = $1) AND ($2::uuid IS NULL OR id < $2)
         ORDER BY id DESC LIMIT $3",
    )
    .bind(query.environment_id)
    .bind(query.before)
    .bind(i64::from(query.limit))
    .fetch_all(pool)
    .await
    .map_err(rows::failed)?;
    found.iter().map(rows::audit).collect()
}
