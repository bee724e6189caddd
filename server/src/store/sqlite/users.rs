//! Users and their credentials.

use rusqlite::{Connection, OptionalExtension as _, ToSql};
use uuid::Uuid;

use super::{
    Result,
    connection::{execute, failed},
    records,
};
use crate::{
    clock::UnixMillis,
    store::{
        Conflicting, Credential, CredentialKind, NewUser, Page, StoreError, User, UserChange, UserQuery,
        username,
    },
};

/// Of one moment where the connection is in a transaction.
pub(super) fn get(reading: &Connection, environment: Uuid, id: Uuid) -> Result<User> {
    let text = "SELECT * FROM users WHERE environment_id = ? AND id = ?";
    let mut statement = reading.prepare_cached(text).map_err(failed)?;
    let user = statement.query_row((environment, id), |row| Ok(records::user(row))).map_err(failed)??;
    Ok(User { credentials: credentials(reading, id)?, ..user })
}

/// The external identities first.
pub(super) fn credentials(reading: &Connection, user: Uuid) -> Result<Vec<Credential>> {
    let text = "SELECT * FROM credentials WHERE user_id = ? ORDER BY kind <> 'externalUser', issuer";
    let mut statement = reading.prepare_cached(text).map_err(failed)?;
    let mut found = statement.query([user]).map_err(failed)?;
    let mut credentials = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        credentials.push(records::credential(row)?);
    }
    Ok(credentials)
}

/// The user behind an external identity, and the credential that says so.
pub(super) fn external(
    reading: &Connection,
    environment: Uuid,
    issuer: &str,
    subject: &str,
) -> Result<Option<(Uuid, Uuid)>> {
    let text = "SELECT user_id, id FROM credentials
        WHERE environment_id = ? AND issuer = ? AND identifier = ? AND kind = 'externalUser'";
    let mut statement = reading.prepare_cached(text).map_err(failed)?;
    let found = statement.query_row((environment, issuer, subject), |row| Ok((row.get(0)?, row.get(1)?)));
    found.optional().map_err(failed)
}

/// Each field is bound twice: whether it changes, and to what.
pub(super) fn update(
    writing: &Connection,
    environment: Uuid,
    id: Uuid,
    change: &UserChange,
    now: UnixMillis,
) -> Result<()> {
    let text = "UPDATE users SET
            email = iif(?, ?, email), alias = iif(?, ?, alias), first_name = iif(?, ?, first_name),
            last_name = iif(?, ?, last_name), job_title = iif(?, ?, job_title),
            phone_number = iif(?, ?, phone_number), t_shirt_size = iif(?, ?, t_shirt_size),
            team = iif(?, ?, team), country = iif(?, ?, country), username = iif(?, ?, username),
            username_key = iif(?, ?, username_key), policies_consent = iif(?, ?, policies_consent),
            metadata = iif(?, ?, metadata), updated_at = ?
         WHERE environment_id = ? AND id = ?";
    let username_key = change.username.as_ref().map(|name| name.as_deref().map(username::key));
    let metadata = change.metadata.as_ref().map(|metadata| serde_json::json!(metadata).to_string());
    let texts = [
        &change.email,
        &change.alias,
        &change.first_name,
        &change.last_name,
        &change.job_title,
        &change.phone_number,
        &change.t_shirt_size,
        &change.team,
        &change.country,
        &change.username,
        &username_key,
    ];
    let mut bound: Vec<Box<dyn ToSql>> = Vec::with_capacity(2 * texts.len() + 7);
    for text in texts {
        bound.push(Box::new(text.is_some()));
        bound.push(Box::new(text.clone().flatten()));
    }
    bound.push(Box::new(change.policies_consent.is_some()));
    bound.push(Box::new(change.policies_consent));
    bound.push(Box::new(metadata.is_some()));
    bound.push(Box::new(metadata));
    bound.push(Box::new(now.0));
    bound.push(Box::new(environment));
    bound.push(Box::new(id));
    let changed = execute(writing, text, rusqlite::params_from_iter(bound))?;
    if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) fn delete(writing: &Connection, environment: Uuid, id: Uuid) -> Result<()> {
    let text = "DELETE FROM users WHERE environment_id = ? AND id = ?";
    execute(writing, text, (environment, id)).map(drop)
}

/// Makes one, or changes the one whose external identity it is.
pub(super) fn put(writing: &Connection, environment: Uuid, new: &NewUser, upsert: bool) -> Result<User> {
    let id = match external(writing, environment, &new.issuer, &new.subject)? {
        Some(_) if !upsert => return Err(Conflicting::Identity.into()),
        Some((id, _)) => id,
        None => {
            insert(writing, environment, (new.id, new.credential_id), (&new.issuer, &new.subject), new.now)?;
            new.id
        }
    };
    update(writing, environment, id, &new.profile, new.now)?;
    get(writing, environment, id)
}

/// A new user and the credential that finds it: their ids, the issuer and its subject.
pub(super) fn insert(
    writing: &Connection,
    environment: Uuid,
    (user, credential): (Uuid, Uuid),
    (issuer, subject): (&str, &str),
    now: UnixMillis,
) -> Result<()> {
    let text = "INSERT INTO users (id, environment_id, first_visit, last_visit, updated_at)
        VALUES (?1, ?2, ?3, ?3, ?3)";
    execute(writing, text, (user, environment, now.0))?;
    let text = "INSERT INTO credentials
            (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    let kind = CredentialKind::ExternalUser.as_str();
    execute(writing, text, (credential, environment, user, kind, issuer, subject, now.0))?;
    Ok(())
}

pub(super) fn list(reading: &Connection, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
    const FILTERED: &str = "FROM users WHERE environment_id = ?1 AND (?2 IS NULL OR email = ?2 COLLATE NOCASE
        OR username_key IN (?3, ?4)
        OR id IN (SELECT user_id FROM credentials WHERE environment_id = ?1 AND identifier = ?2))";
    if query.finds_nobody() {
        return Ok(Page { items: Vec::new(), count: 0 });
    }
    let reading = reading.unchecked_transaction().map_err(failed)?;
    let filter = query.filter.as_deref();
    let [key, earlier_key] = username::keys(filter);
    let count: u64 = reading
        .prepare_cached(&format!("SELECT count(*) {FILTERED}"))
        .and_then(|mut count| count.query_row((environment, filter, &key, &earlier_key), |row| row.get(0)))
        .map_err(failed)?;
    let order = if query.newest_first { "DESC" } else { "ASC" };
    let page = format!("SELECT id {FILTERED} ORDER BY first_visit {order}, id {order} LIMIT ?5 OFFSET ?6");
    let ids = reading
        .prepare_cached(&page)
        .and_then(|mut page| {
            let found = (environment, filter, &key, &earlier_key, query.limit, query.offset);
            page.query_map(found, |row| row.get(0))?.collect::<rusqlite::Result<Vec<Uuid>>>()
        })
        .map_err(failed)?;
    let items = ids.into_iter().map(|id| get(&reading, environment, id)).collect::<Result<_>>()?;
    Ok(Page { items, count })
}
