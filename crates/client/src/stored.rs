//! The session as it lies in the store: one versioned JSON record, read strictly.
//!
//! Anybody who can run a script on the origin can write here, and older versions did; a record that is
//! not exactly what this version writes is no session.

use crate::{
    Config, Secret, Session,
    ports::{Store, StoreError},
    session::{expiry_ms, has_prototype_key, is_token},
    state::Restored,
};
use byoa_protocol::client::UserProfile;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::rc::Rc;

const VERSION: u8 = 1;

/// The longest record that is read, in bytes: two tokens and a profile.
const MAX_RECORD_BYTES: usize = 256 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record<User> {
    version: u8,
    user: User,
    /// Seconds since 1970.
    expires_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minified_jwt: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jwt: Option<Secret>,
}

/// The key of an environment's session.
#[must_use]
pub(crate) fn key(config: &Config) -> String {
    ["byoa:", config.environment_id(), ":session"].concat()
}

/// Reads the stored session.
pub(crate) fn load(store: &dyn Store, config: &Config, now_ms: i64) -> Result<Restored, StoreError> {
    let Some(text) = store.get(&key(config))? else {
        return Ok(Restored::Nothing);
    };
    Ok(match parse(&text, config) {
        None => Restored::Invalid,
        Some(session) if session.is_over(now_ms) => Restored::Expired,
        Some(session) => Restored::Found(Rc::new(session)),
    })
}

/// Writes the session. Where that fails, an older session must not come back with the next reload, so
/// whatever is there is removed.
pub(crate) fn save(store: &dyn Store, config: &Config, session: &Session) -> Result<(), StoreError> {
    let record = Record {
        version: VERSION,
        user: &session.user,
        expires_at: session.expires_at_ms / 1000,
        minified_jwt: session.minified_jwt.clone(),
        jwt: session.jwt.clone(),
    };
    let text = serde_json::to_string(&record).map(Secret::new).map_err(|_| StoreError)?;
    let key = key(config);
    store.set(&key, text.expose()).inspect_err(|_| _ = store.remove(&key))
}

/// Removes the session.
pub(crate) fn forget(store: &dyn Store, config: &Config) -> Result<(), StoreError> {
    store.remove(&key(config))
}

fn parse(text: &str, config: &Config) -> Option<Session> {
    if text.len() > MAX_RECORD_BYTES {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    if has_prototype_key(&value) {
        return None;
    }
    let record: Record<UserProfile> = serde_json::from_value(value).ok()?;
    let user = record.user;
    let ours =
        user.environment_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(config.environment_id()));
    let named = user.user_id.as_deref().is_some_and(|id| !id.trim().is_empty());
    let tokens = [&record.minified_jwt, &record.jwt].into_iter().flatten().all(is_token);
    if record.version != VERSION || !ours || !named || !tokens {
        return None;
    }
    let expires_at_ms = expiry_ms(record.expires_at)?;
    Some(Session { user, expires_at_ms, minified_jwt: record.minified_jwt, jwt: record.jwt })
}
