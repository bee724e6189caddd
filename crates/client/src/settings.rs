//! What the environment announces, as far as this client does anything about it.
//!
//! Read for the first sign-in and kept for a while. What is not announced is never done.

use crate::{
    Config,
    json::{self, Object, Value, object, whole},
    ports::{Store, StoreError},
};

/// What an environment asks for or offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced(u8);

impl Announced {
    /// Sign-ins may bring a proof that binds the session to a key (RFC 9449), signed with ES256.
    pub const BOUND_KEYS: u8 = 1;
    /// Sign-ins and refreshes bring a server's nonce that the device's key has signed.
    pub const DEVICE_PROOFS: u8 = 2;
    /// Sessions live in a cookie that no script can read.
    pub const SESSION_COOKIE: u8 = 4;
    /// The external JWT may come in a cookie.
    pub const JWT_COOKIE: u8 = 8;
    /// Some operations need an elevated token.
    pub const STEP_UP: u8 = 16;

    /// Reads the answer of `GET settings`. A member of another type than expected announces nothing.
    #[must_use]
    pub fn read(settings: &Object) -> Self {
        let at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            let first = settings.get(first)?;
            rest.iter().try_fold(first, |value, name| value.as_object()?.get(name))
        };
        let is_true = |path: &[&str]| at(path).and_then(Value::as_bool) == Some(true);
        let lists = |path: &[&str], word: &str| {
            at(path)
                .and_then(Value::as_array)
                .is_some_and(|items| items.iter().any(|item| item.as_str() == Some(word)))
        };
        let text = |path: &[&str]| at(path).and_then(Value::as_str).unwrap_or_default();
        let binds = is_true(&["security", "dpop", "supported"])
            && lists(&["security", "dpop", "algorithms"], "ES256");
        let version = text(&["sdk", "minApiVersion"]);
        let flags = [
            (Self::BOUND_KEYS, binds),
            (Self::DEVICE_PROOFS, is_true(&["security", "deviceRegistrationRequired"])),
            (Self::SESSION_COOKIE, lists(&["security", "auth", "storage"], "cookie")),
            (Self::JWT_COOKIE, !text(&["security", "externalAuth", "cookieName"]).is_empty()),
            (Self::STEP_UP, !version.is_empty() && version != WITHOUT_STEP_UP),
        ];
        Self(flags.into_iter().filter(|(_, is_set)| *is_set).fold(0, |all, (flag, _)| all | flag))
    }

    /// Whether that is announced.
    #[must_use]
    pub const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// The version of the API in which no operation needs a step-up.
const WITHOUT_STEP_UP: &str = "2026_01_01";

/// How long settings are used without asking again, in milliseconds.
const FRESH_MS: i64 = 60 * 60 * 1000;

/// Settings, and when they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What they say.
    pub announced: Announced,
    read_at_ms: i64,
}

impl Known {
    /// Read just now.
    #[must_use]
    pub const fn new(announced: Announced, now_ms: i64) -> Self {
        Self { announced, read_at_ms: now_ms }
    }

    /// Whether they need not be asked for again. A time in the future is no age.
    #[must_use]
    pub const fn is_fresh(&self, now_ms: i64) -> bool {
        let age = now_ms - self.read_at_ms;
        0 <= age && age < FRESH_MS
    }

    /// What an earlier page kept. Whoever can write there can write the session as well.
    #[must_use]
    pub fn load(store: &dyn Store, config: &Config) -> Option<Self> {
        let kept = json::read(&store.get(&key(config)).ok()??)?;
        let flags = u8::try_from(whole(&kept, "flags")?).ok()?;
        Some(Self { announced: Announced(flags), read_at_ms: whole(&kept, "readAt")? })
    }

    /// Keeps them for later pages.
    pub fn save(&self, store: &dyn Store, config: &Config) -> Result<(), StoreError> {
        let kept =
            object(vec![("readAt", self.read_at_ms.into()), ("flags", i64::from(self.announced.0).into())]);
        store.set(&key(config), &json::write(&kept))
    }
}

fn key(config: &Config) -> String {
    ["byoa:", config.environment_id(), ":settings"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;
    use serde_json::json;

    #[test]
    fn only_what_is_announced_is_there() {
        use Announced as A;
        for (settings, expected) in [
            // The published service's own, in short.
            (json!({"chains": [], "kyc": [], "sdk": {}, "security": {"externalAuth": {"enabled": true}}}), 0),
            (json!({}), 0),
            (
                json!({"security": {"dpop": {"supported": true, "algorithms": ["RS256", "ES256"]}}}),
                A::BOUND_KEYS,
            ),
            (json!({"security": {"dpop": {"supported": true, "algorithms": ["EdDSA"]}}}), 0),
            (json!({"security": {"dpop": {"supported": "true", "algorithms": ["ES256"]}}}), 0),
            (json!({"security": {"dpop": {"supported": false, "algorithms": ["ES256"]}}}), 0),
            (json!({"security": {"deviceRegistrationRequired": true}}), A::DEVICE_PROOFS),
            (json!({"security": {"auth": {"storage": ["localstorage", "cookie"]}}}), A::SESSION_COOKIE),
            (json!({"security": {"auth": {"storage": ["localstorage"]}}}), 0),
            (json!({"security": {"externalAuth": {"cookieName": "jwt"}}}), A::JWT_COOKIE),
            (json!({"security": {"externalAuth": {"cookieName": null}}}), 0),
            (json!({"sdk": {"minApiVersion": "2026_04_01"}}), A::STEP_UP),
            (json!({"sdk": {"minApiVersion": "2026_01_01"}}), 0),
            (json!({"security": [], "sdk": 1}), 0),
        ] {
            let answer = read(&settings.to_string()).expect("an object");
            assert_eq!(Announced::read(&answer), Announced(expected), "{settings}");
        }
    }

    #[test]
    fn settings_are_fresh_for_an_hour_and_never_from_the_future() {
        let known = Known::new(Announced::default(), 1_000_000_000);
        for (after, is_fresh) in [(0, true), (FRESH_MS - 1, true), (FRESH_MS, false), (-1, false)] {
            assert_eq!(known.is_fresh(1_000_000_000 + after), is_fresh, "{after}");
        }
    }
}
