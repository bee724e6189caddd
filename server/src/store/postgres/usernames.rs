//! Keys of usernames that an earlier version has written.

use sqlx::{Connection, PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{Result, rows};
use crate::store::username;

type Tried<T> = std::result::Result<T, sqlx::Error>;

/// How many rows one transaction does.
const PORTION: i64 = 1_000;

/// Gives every username that the migrations have named the key that it has now. Servers that start at once
/// share the work.
pub(super) async fn key_all(writing: &mut PgConnection) -> Result<()> {
    loop {
        match key_some(writing).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Somebody has just taken one of the keys: seen now, it is left to them. Or this has lost a race.
            Err(error) if is_taken(&error) || rows::wants_again(&error) => {}
            Err(error) => return Err(rows::failed(error)),
        }
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

async fn key_some(connection: &mut PgConnection) -> Tried<usize> {
    let mut writing = connection.begin().await?;
    let due = sqlx::query(
        "SELECT user_id, username FROM usernames_to_key LEFT JOIN users ON users.id = user_id
         ORDER BY user_id LIMIT $1 FOR UPDATE OF usernames_to_key SKIP LOCKED",
    )
    .bind(PORTION)
    .fetch_all(&mut *writing)
    .await?;
    for row in &due {
        let (user, name) = read(row)?;
        if let Some(name) = name {
            assign(&mut writing, user, &name).await?;
        }
        sqlx::query("DELETE FROM usernames_to_key WHERE user_id = $1")
            .bind(user)
            .execute(&mut *writing)
            .await?;
    }
    writing.commit().await?;
    Ok(due.len())
}

fn read(row: &PgRow) -> Tried<(Uuid, Option<String>)> {
    Ok((row.try_get("user_id")?, row.try_get("username")?))
}

/// Gives a username its key. Where somebody else has that, both stay: the earlier key of this one is no
/// key of any name any more, so nobody can meet it.
pub(super) async fn assign(writing: &mut PgConnection, user: Uuid, name: &str) -> Tried<()> {
    sqlx::query(
        "UPDATE users SET username_key = $1 WHERE id = $2 AND username = $3 AND NOT EXISTS (
            SELECT 1 FROM users AS other WHERE other.environment_id = users.environment_id
                AND other.username_key = $1 AND other.id <> users.id)",
    )
    .bind(username::key(name))
    .bind(user)
    .bind(name)
    .execute(writing)
    .await
    .map(drop)
}
