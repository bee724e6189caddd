//! The session as it lies in the store: one versioned JSON record, read strictly.
//!
//! Anybody who can run a script on the origin can write here, and older versions did; a record that is
//! not exactly what this version writes is no session.

use crate::{
    Config, Secret, Session,
    ports::{Store, StoreError},
    session::has_prototype_key,
    state::Restored,
};
use byoa_protocol::{external_auth::VerifyResponse, user::SdkUser};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::rc::Rc;

const VERSION: u8 = 1;

/// The longest record that is read, in bytes: two tokens and a profile.
const MAX_RECORD_BYTES: usize = 256 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record<Session> {
    version: u8,
    session: Session,
}

/// What is written: a [`VerifyResponse`] without copies of its tokens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    user: &'a SdkUser,
    expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    minified_jwt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<&'a str>,
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
    let session = Written {
        user: &session.user,
        expires_at: session.expires_at_ms / 1000,
        minified_jwt: session.minified_jwt.as_ref().map(Secret::expose),
        jwt: session.jwt.as_ref().map(Secret::expose),
    };
    let record = Record { version: VERSION, session };
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
    let record: Record<VerifyResponse> = serde_json::from_value(value).ok()?;
    if record.version != VERSION {
        return None;
    }
    Session::checked(config, record.session).ok()
}
