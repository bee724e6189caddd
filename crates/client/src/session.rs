//! A session in memory, and the checks that an answer has to pass to become one.

use crate::{
    ClientError, Config, Secret,
    json::{Object, Value, whole},
};
use byoa_jwt::TokenPreview;
use byoa_protocol::{Reason, client::SecurityLevel, profile::User};

/// Somebody is signed in, until then, with these tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Who, as the server shows it.
    pub user: User,
    /// When the tokens were issued, in milliseconds since 1970.
    pub issued_at_ms: i64,
    /// When the tokens end, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// When the session cannot be refreshed any more, where the token says so.
    pub refresh_expires_at_ms: Option<i64>,
    /// The bearer token; absent where the session lives in a cookie.
    pub minified_jwt: Option<Secret>,
    /// The same with the whole profile in its claims.
    pub jwt: Option<Secret>,
    /// The thumbprint of the key that has to be proved with every use of the tokens.
    pub bound_to: Option<String>,
    /// What a thief of the tokens could do with them.
    pub level: SecurityLevel,
}

/// What is said of an answer that is none of this API's.
pub(crate) const NOT_OURS: &str = "the answer is not the JSON of this API; check apiBaseUrl";

/// The longest token that is kept, in bytes; the fat one holds a whole profile with 16 KiB of metadata.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The end of the year 9999, in seconds: a later time is one in milliseconds.
const LATEST_EXPIRY_SECONDS: i64 = 253_402_300_799;

impl Session {
    /// Checks the body of an answer of 2xx, whole or not at all: a half session is none. The time is when
    /// the tokens were issued, where they do not say so themselves.
    pub fn from_answer(
        config: &Config,
        now_ms: i64,
        status: u16,
        answer: Object,
    ) -> Result<Self, ClientError> {
        let refuse = |problem| ClientError::invalid_response(status, problem);
        let session = Self::checked(config, answer, now_ms).map_err(refuse)?;
        if session.is_over(session.issued_at_ms) {
            return Err(refuse("the answer's session has ended before it began"));
        }
        Ok(session)
    }

    /// The same checks, whenever the session ends; the error is a sentence.
    pub(crate) fn checked(config: &Config, mut answer: Object, now_ms: i64) -> Result<Self, &'static str> {
        let expires_at = whole(&answer, "expiresAt").ok_or(NOT_OURS)?;
        if !(1..=LATEST_EXPIRY_SECONDS).contains(&expires_at) {
            return Err("the answer's expiresAt is no time in seconds");
        }
        let (minified_jwt, jwt) = (token(&mut answer, "minifiedJwt")?, token(&mut answer, "jwt")?);
        let Some(Value::Object(user)) = answer.remove("user") else {
            return Err(NOT_OURS);
        };
        let user = checked_user(config, user)?;
        let expires_at_ms = expires_at * 1000;
        let Said { issued, refresh_expires_at_ms, bound_to } =
            Said::by([&minified_jwt, &jwt].into_iter().flatten());
        let issued_at_ms = issued.unwrap_or(now_ms).min(expires_at_ms);
        let level = if bound_to.is_some() { SecurityLevel::Bound } else { SecurityLevel::Bearer };
        Ok(Self {
            user,
            issued_at_ms,
            expires_at_ms,
            refresh_expires_at_ms,
            minified_jwt,
            jwt,
            bound_to,
            level,
        })
    }

    /// Whether the session has ended.
    #[must_use]
    pub const fn is_over(&self, now_ms: i64) -> bool {
        self.expires_at_ms <= now_ms
    }

    /// Whether these are the very tokens of the other one.
    pub(crate) fn has_tokens_of(&self, other: &Self) -> bool {
        self.minified_jwt == other.minified_jwt
            && self.jwt == other.jwt
            && self.expires_at_ms == other.expires_at_ms
    }
}

/// What the first token that can be read says of itself: `iat` and `refreshExp` in milliseconds, which decide
/// when the client asks the server, and the thumbprint of its key (RFC 7800), without which it is not sent.
#[derive(Default)]
struct Said {
    issued: Option<i64>,
    refresh_expires_at_ms: Option<i64>,
    bound_to: Option<String>,
}

impl Said {
    fn by<'a>(mut tokens: impl Iterator<Item = &'a Secret>) -> Self {
        let Some(token) = tokens.find_map(|token| TokenPreview::parse(token.expose()).ok()) else {
            return Self::default();
        };
        let time = |claim| {
            let seconds = token.get(claim)?.as_i64()?;
            (1..=LATEST_EXPIRY_SECONDS).contains(&seconds).then(|| seconds * 1000)
        };
        let key = token.get("cnf").and_then(|cnf| Some(cnf.as_object()?.get("jkt")?.as_str()?.to_owned()));
        Self { issued: time("iat"), refresh_expires_at_ms: time("refreshExp"), bound_to: key }
    }
}

/// Checks the user of an answer; the error is a sentence.
pub(crate) fn checked_user(config: &Config, mut user: Object) -> Result<User, &'static str> {
    for name in ["metadata", "missingFields"] {
        user.get_mut(name).into_iter().for_each(tame);
    }
    let user = User::read(user).ok_or(NOT_OURS)?;
    let text = |name| user.text(name).unwrap_or_default();
    if text("id").trim().is_empty() {
        return Err("the answer's user has no id");
    }
    if !text("projectEnvironmentId").eq_ignore_ascii_case(config.environment_id()) {
        return Err("the answer's user is of another environment; check environmentId and apiBaseUrl");
    }
    Ok(user)
}

/// Refuses an answer about somebody else than the external JWT's user. A server that does not name the
/// external user at all is believed: the published service may leave it out.
pub(crate) fn same_external_user(session: &Session, external_user_id: &str) -> Result<(), ClientError> {
    let mut names = session.user.external_user_ids().peekable();
    if names.peek().is_none() || names.any(|name| name == external_user_id) {
        return Ok(());
    }
    let message = "the server answered with a session of another user; check apiBaseUrl";
    Err(ClientError::rejected(Reason::ExternalUserMismatch, message))
}

/// Refuses an answer about another user than the session's.
pub(crate) fn same_user(session: &Session, user: &User) -> Result<(), ClientError> {
    if session.user.text("id") == user.text("id") {
        return Ok(());
    }
    Err(ClientError::invalid_response(200, "the answer is about another user; sign in again"))
}

/// Takes a token out of an answer, where there is one.
fn token(answer: &mut Object, name: &str) -> Result<Option<Secret>, &'static str> {
    match answer.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(token)) => {
            let token = Secret::new(token);
            if is_token(&token) { Ok(Some(token)) } else { Err("the answer's session token is no token") }
        }
        Some(_) => Err(NOT_OURS),
    }
}

/// Whether a text can stand in an `Authorization` header as it is.
fn is_token(token: &Secret) -> bool {
    let text = token.expose();
    !text.is_empty() && text.len() <= MAX_TOKEN_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A member of this name, set on a JavaScript object, changes what the object inherits.
const PROTOTYPE_KEY: &str = "__proto__";

/// Makes a value one that a JavaScript object can hold: without a member that changes what it inherits.
/// Numbers stay as they are written; a reader rounds them as `JSON.parse` does.
pub(crate) fn tame(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove(PROTOTYPE_KEY);
            members.values_mut().for_each(tame);
        }
        Value::Array(items) => items.iter_mut().for_each(tame),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
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
