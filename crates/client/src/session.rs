//! A session in memory, and the checks that an answer has to pass to become one.

use crate::{ClientError, Config, Secret};
use byoa_protocol::{
    Reason,
    client::UserProfile,
    external_auth::VerifyResponse,
    user::{FORMAT_EXTERNAL_USER, SdkUser},
};
use serde_json::Value;

/// Somebody is signed in, until then, with these tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Who.
    pub user: UserProfile,
    /// When the tokens end, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// The bearer token; absent where the session lives in a cookie.
    pub minified_jwt: Option<Secret>,
    /// The same with the whole profile in its claims.
    pub jwt: Option<Secret>,
}

/// The longest token that is kept, in bytes; the fat one holds a whole profile with 16 KiB of metadata.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The end of the year 9999, in seconds: a later time is one in milliseconds.
const LATEST_EXPIRY_SECONDS: i64 = 253_402_300_799;

impl Session {
    /// Checks an answer of 2xx, whole or not at all: a half session is none.
    pub fn from_answer(
        config: &Config,
        now_ms: i64,
        status: u16,
        answer: VerifyResponse,
    ) -> Result<Self, ClientError> {
        let refuse = |message| ClientError::invalid_response(status, message);
        let expires_at_ms = expiry_ms(answer.expires_at)
            .ok_or_else(|| refuse("the answer's expiresAt is no time in seconds"))?;
        if expires_at_ms <= now_ms {
            return Err(refuse("the answer's session has ended already; check this machine's clock"));
        }
        let user = profile_from_answer(config, status, answer.user)?;
        let minified_jwt = answer.minified_jwt.map(Secret::new);
        let jwt = answer.jwt.map(Secret::new);
        if ![&minified_jwt, &jwt].into_iter().flatten().all(is_token) {
            return Err(refuse("the answer's session token is no token"));
        }
        Ok(Self { user, expires_at_ms, minified_jwt, jwt })
    }

    /// Whether the session has ended.
    #[must_use]
    pub const fn is_over(&self, now_ms: i64) -> bool {
        self.expires_at_ms <= now_ms
    }
}

/// Checks the user of an answer and makes a profile of it.
pub fn profile_from_answer(
    config: &Config,
    status: u16,
    mut user: SdkUser,
) -> Result<UserProfile, ClientError> {
    let refuse = |message| ClientError::invalid_response(status, message);
    if user.id.trim().is_empty() {
        return Err(refuse("the answer's user has no id"));
    }
    if !user.project_environment_id.eq_ignore_ascii_case(config.environment_id()) {
        return Err(refuse(
            "the answer's user is of another environment; check environmentId and apiBaseUrl",
        ));
    }
    if let Some(metadata) = &mut user.metadata {
        metadata.remove(PROTOTYPE_KEY);
        metadata.values_mut().for_each(tame);
    }
    user.missing_fields.iter_mut().flatten().for_each(tame);
    Ok(UserProfile::from(user))
}

/// Refuses an answer about somebody else than the external JWT's user. A server that does not name the
/// external user at all is believed: the published service may leave it out.
pub(crate) fn same_external_user(session: &Session, external_user_id: &str) -> Result<(), ClientError> {
    let external =
        session.user.verified_credentials.iter().filter(|known| known.format == FORMAT_EXTERNAL_USER);
    let mut names = external.filter_map(|known| known.public_identifier.as_deref()).peekable();
    if names.peek().is_none() || names.any(|name| name == external_user_id) {
        return Ok(());
    }
    let message = "the server answered with a session of another user; check apiBaseUrl";
    Err(ClientError::rejected(Reason::ExternalUserMismatch, message))
}

/// Seconds to milliseconds, where they are a time after 1970 and before the year 10000.
pub(crate) fn expiry_ms(seconds: i64) -> Option<i64> {
    (1..=LATEST_EXPIRY_SECONDS).contains(&seconds).then(|| seconds * 1000)
}

/// Whether a text can stand in an `Authorization` header as it is.
pub(crate) fn is_token(token: &Secret) -> bool {
    let text = token.expose();
    !text.is_empty() && text.len() <= MAX_TOKEN_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A member of this name, set on a JavaScript object, changes what the object inherits.
const PROTOTYPE_KEY: &str = "__proto__";

/// Makes a value one that a JavaScript object can hold: no member that changes what it inherits, and no
/// integer beyond 2^53, which `JSON.parse` would round as well.
fn tame(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove(PROTOTYPE_KEY);
            members.values_mut().for_each(tame);
        }
        Value::Array(items) => items.iter_mut().for_each(tame),
        Value::Number(number) => {
            const EXACT: u64 = 1 << 53;
            let is_exact = number.as_i64().is_some_and(|whole| whole.unsigned_abs() <= EXACT);
            if let (false, Some(rounded)) = (is_exact, number.as_f64()) {
                *value = Value::from(rounded);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Whether a member of that name is anywhere in a value.
pub(crate) fn has_prototype_key(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key(PROTOTYPE_KEY) || members.values().any(has_prototype_key)
        }
        Value::Array(items) => items.iter().any(has_prototype_key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
