//! An environment's rows out of the tables and into them.

use data_encoding::HEXLOWER;
use futures_util::TryStreamExt;
use serde_json::{Map, Value};
use sqlx::{
    AssertSqlSafe, Row, SqliteConnection,
    query::Query,
    sqlite::{Sqlite, SqliteArguments, SqliteRow},
};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Result, rows, usernames};
use crate::store::{
    StoreError,
    dump::{DumpLine, Kind, Reading, TABLES, Table, Taken},
};

/// Sends every row, then how many there were. All are of one moment, if `reading` is.
pub(super) async fn export(
    reading: &mut SqliteConnection,
    environment: Uuid,
    lines: &mpsc::Sender<DumpLine>,
) -> Result<()> {
    let mut end = 0;
    for table in TABLES {
        let text = format!("SELECT {} FROM {} WHERE {} = $1", table.list(), table.name, table.environment);
        let mut found = sqlx::query(AssertSqlSafe(text)).bind(environment).fetch(&mut *reading);
        while let Some(row) = found.try_next().await.map_err(rows::failed)? {
            let line = DumpLine::Row { table: table.name.to_owned(), row: values(table, &row)? };
            end += 1;
            // Nobody reads on: then nobody minds the rest.
            if lines.send(line).await.is_err() {
                return Ok(());
            }
        }
        if end == 0 {
            return Err(StoreError::NotFound);
        }
    }
    let _ = lines.send(DumpLine::End { end }).await;
    Ok(())
}

/// Takes every row.
pub(super) async fn import(
    writing: &mut SqliteConnection,
    lines: &mut mpsc::Receiver<DumpLine>,
) -> Result<Taken> {
    let mut reading = Reading::default();
    while let Some(line) = lines.recv().await {
        let Some((table, row)) = reading.take(line)? else { continue };
        let places: Vec<_> = (1..=table.columns.len()).map(|number| format!("${number}")).collect();
        let text = format!("INSERT INTO {} ({}) VALUES ({})", table.name, table.list(), places.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(text));
        for (name, kind) in table.columns {
            query = bind(query, name, *kind, row.get(*name).unwrap_or(&Value::Null))?;
        }
        query.execute(&mut *writing).await.map_err(rows::failed)?;
    }
    for (user, name) in reading.usernames_to_key() {
        usernames::assign(writing, *user, name).await?;
    }
    reading.finish()
}

fn values(table: &Table, row: &SqliteRow) -> Result<Map<String, Value>> {
    table.columns.iter().map(|(name, kind)| Ok(((*name).to_owned(), value(row, name, *kind)?))).collect()
}

fn value(row: &SqliteRow, name: &'static str, kind: Kind) -> Result<Value> {
    Ok(match kind {
        Kind::Id => {
            row.try_get::<Option<Uuid>, _>(name).map_err(rows::failed)?.map(|id| id.to_string()).into()
        }
        Kind::Bytes => {
            let bytes: Option<Vec<u8>> = row.try_get(name).map_err(rows::failed)?;
            bytes.map(|bytes| HEXLOWER.encode(&bytes)).into()
        }
        Kind::Text => row.try_get::<Option<String>, _>(name).map_err(rows::failed)?.into(),
        Kind::Number => row.try_get::<Option<i64>, _>(name).map_err(rows::failed)?.into(),
        Kind::Flag => row.try_get::<Option<bool>, _>(name).map_err(rows::failed)?.into(),
        Kind::Json => rows::document(row, name)?,
    })
}

type Insert<'q> = Query<'q, Sqlite, SqliteArguments>;

fn bind<'q>(query: Insert<'q>, name: &'static str, kind: Kind, value: &Value) -> Result<Insert<'q>> {
    let corrupt = StoreError::Corrupt(name);
    let text = value.as_str();
    Ok(match kind {
        Kind::Json => query.bind((!value.is_null()).then(|| value.to_string())),
        Kind::Number if value.is_null() => query.bind(None::<i64>),
        Kind::Number => query.bind(value.as_i64().ok_or(corrupt)?),
        Kind::Flag if value.is_null() => query.bind(None::<bool>),
        Kind::Flag => query.bind(value.as_bool().ok_or(corrupt)?),
        Kind::Text if value.is_null() => query.bind(None::<String>),
        Kind::Text => query.bind(text.ok_or(corrupt)?.to_owned()),
        Kind::Id if value.is_null() => query.bind(None::<Uuid>),
        Kind::Id => query.bind(text.and_then(|text| text.parse::<Uuid>().ok()).ok_or(corrupt)?),
        Kind::Bytes if value.is_null() => query.bind(None::<Vec<u8>>),
        Kind::Bytes => {
            query.bind(text.and_then(|text| HEXLOWER.decode(text.as_bytes()).ok()).ok_or(corrupt)?)
        }
    })
}
