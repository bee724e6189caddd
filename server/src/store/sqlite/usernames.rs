//! Keys of usernames that an earlier version has written.

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use super::{Result, rows};
use crate::store::username;

/// How many rows one transaction does.
const PORTION: i64 = 1_000;

/// Gives every username that the migrations have named the key that it has now.
pub(super) async fn key_all(writing: &mut SqliteConnection) -> Result<()> {
    while key_some(writing).await? > 0 {}
    Ok(())
}

async fn key_some(connection: &mut SqliteConnection) -> Result<usize> {
    let mut writing =
        sqlx::Connection::begin_with(connection, "BEGIN IMMEDIATE").await.map_err(rows::failed)?;
    let due = sqlx::query(
        "SELECT user_id, username FROM usernames_to_key LEFT JOIN users ON users.id = user_id LIMIT ?",
    )
    .bind(PORTION)
    .fetch_all(&mut *writing)
    .await
    .map_err(rows::failed)?;
    for row in &due {
        let (user, name) = read(row)?;
        if let Some(name) = name {
            assign(&mut writing, user, &name).await?;
        }
        sqlx::query("DELETE FROM usernames_to_key WHERE user_id = ?")
            .bind(user)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
    }
    writing.commit().await.map_err(rows::failed)?;
    Ok(due.len())
}

fn read(row: &SqliteRow) -> Result<(Uuid, Option<String>)> {
    let user = row.try_get("user_id").map_err(rows::failed)?;
    Ok((user, row.try_get("username").map_err(rows::failed)?))
}

/// Gives a username its key. Where somebody else has that, both stay: the earlier key of this one is no
/// key of any name any more, so nobody can meet it.
pub(super) async fn assign(writing: &mut SqliteConnection, user: Uuid, name: &str) -> Result<()> {
    sqlx::query(
        "UPDATE users SET username_key = ?1 WHERE id = ?2 AND username = ?3 AND NOT EXISTS (
            SELECT 1 FROM users AS other WHERE other.environment_id = users.environment_id
                AND other.username_key = ?1 AND other.id <> users.id)",
    )
    .bind(username::key(name))
    .bind(user)
    .bind(name)
    .execute(writing)
    .await
    .map(drop)
    .map_err(rows::failed)
}
