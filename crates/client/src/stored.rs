//! The session as it lies in the store: one versioned JSON record, read strictly.
//!
//! Anybody who can run a script on the origin can write here, and older versions did; a record that is
//! not exactly what this version writes is no session.

use crate::{
    Config, Secret, Session,
    json::{self, Object, Value, object},
    ports::{Store, StoreError},
    session::has_prototype_key,
    state::Restored,
};
use std::rc::Rc;

const VERSION: i64 = 1;

/// The longest record that is read, in bytes: two tokens and a profile.
const MAX_RECORD_BYTES: usize = 256 * 1024;

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
    let token = |token: &Option<Secret>| token.as_ref().map_or(Value::Null, |token| token.expose().into());
    let written = object(vec![
        ("user", Value::Object(session.user.wire().clone())),
        ("expiresAt", (session.expires_at_ms / 1000).into()),
        ("minifiedJwt", token(&session.minified_jwt)),
        ("jwt", token(&session.jwt)),
    ]);
    let record = object(vec![("version", VERSION.into()), ("session", written)]);
    let text = Secret::new(json::write(&record));
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
    let mut record: Object = json::read(text)?;
    if record.len() != 2 || json::whole(&record, "version") != Some(VERSION) {
        return None;
    }
    match record.remove("session") {
        Some(session) if !has_prototype_key(&session) => match session {
            Value::Object(session) => Session::checked(config, session).ok(),
            _ => None,
        },
        _ => None,
    }
}
