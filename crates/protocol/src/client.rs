//! What crosses from the wasm core to JavaScript: arguments, the profile, the snapshot.

use crate::{
    json::{Value, object},
    profile::User,
    user::{JwtVerifiedCredential, SdkUser, optional_fields},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a client is made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClientConfig {
    /// UUID of the environment.
    pub environment_id: String,
    /// Such as `https://auth.example.com/api/v0`. There is no default: no host but yours is called.
    pub api_base_url: String,
    /// Keeps two apps of one origin and one environment apart: their sessions have keys of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub storage_key_suffix: Option<String>,
    /// How long a request may take, in milliseconds; 10 000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub request_timeout_ms: Option<u32>,
    /// Whether the session is refreshed by itself before its token ends; `true` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub auto_refresh: Option<bool>,
    /// Whether sessions are bound to a key of this browser (RFC 9449); `auto` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session_binding: Option<SessionBinding>,
}

/// Whether a sign-in binds its session to a key of this browser, so that a stolen token is of no use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum SessionBinding {
    /// Where the environment announces that it can, and this browser can too; else the token is good for
    /// whoever has it. `security.level` says what became of it.
    #[default]
    Auto,
    /// Always: a sign-in that cannot be bound fails.
    Required,
    /// Never.
    Off,
}

impl SessionBinding {
    /// Reads the word that JavaScript gives.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "required" => Some(Self::Required),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// Arguments of `signInWithExternalJwt`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignInWithExternalJwtArgs {
    /// The JWT that your own provider or backend issued for this user. Left out where the environment reads
    /// it from a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub external_jwt: Option<String>,
    /// Your id of the user. Where it is given, a JWT with another `sub` is refused before anything is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub external_user_id: Option<String>,
}

impl fmt::Debug for SignInWithExternalJwtArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInWithExternalJwtArgs").finish_non_exhaustive()
    }
}

optional_fields! {
    /// The signed-in user, as `useDynamicContext().user` and the sign-in promise give it.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct UserProfile {
        /// UUID of the session.
        pub session_id: String,
        /// How the user was recognised.
        pub verified_credentials: Vec<JwtVerifiedCredential>,
    }
    optional {
        /// UUID of the user.
        user_id: String,
        /// UUID of the environment.
        environment_id: String,
        /// Your own id of the user: the external JWT's `sub`.
        external_user_id: String,
        /// Credential that was used last.
        last_verified_credential_id: String,
        /// Created by this very sign-in.
        new_user: bool,
        /// Space separated.
        scope: String,
        /// Display name.
        alias: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// E-mail address; verified only where a credential of format `email` says so.
        email: String,
        /// Given name.
        first_name: String,
        /// Title.
        job_title: String,
        /// Family name.
        last_name: String,
        /// Phone number.
        phone_number: String,
        /// T-shirt size.
        t_shirt_size: String,
        /// Team.
        team: String,
        /// Unique in the environment.
        username: String,
        /// Whether the policies were accepted.
        policies_consent: bool,
        /// RFC 3339.
        first_visit: String,
        /// RFC 3339.
        last_visit: String,
        /// The app's own data.
        metadata: serde_json::Map<String, serde_json::Value>,
        /// Profile fields that the environment requires and the user lacks.
        missing_fields: Vec<serde_json::Value>,
    }
}

impl From<SdkUser> for UserProfile {
    fn from(user: SdkUser) -> Self {
        let external_user_id = user.external_user_id().map(str::to_owned);
        Self {
            // The published SDK's own word where a server leaves the session's id out.
            session_id: user.session_id.unwrap_or_else(|| "missing-sessionId".to_owned()),
            verified_credentials: user.verified_credentials,
            user_id: Some(user.id),
            environment_id: Some(user.project_environment_id),
            external_user_id,
            last_verified_credential_id: user.last_verified_credential_id,
            new_user: user.new_user,
            scope: user.scope,
            alias: user.alias,
            country: user.country,
            email: user.email,
            first_name: user.first_name,
            job_title: user.job_title,
            last_name: user.last_name,
            phone_number: user.phone_number,
            t_shirt_size: user.t_shirt_size,
            team: user.team,
            username: user.username,
            policies_consent: user.policies_consent,
            first_visit: user.first_visit,
            last_visit: user.last_visit,
            metadata: user.metadata,
            missing_fields: user.missing_fields,
        }
    }
}

/// What the client knows now. Immutable; a new one is made for every change. Holds no token.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ClientSnapshot {
    /// Storage has not been read yet.
    Loading,
    /// Nobody is signed in.
    SignedOut {
        /// Why the last session ended; absent where there was none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        reason: Option<LogoutReason>,
    },
    /// Somebody is.
    SignedIn {
        /// Who.
        #[cfg_attr(feature = "ts", ts(as = "UserProfile"))]
        user: User,
        /// When the session token ends, in milliseconds since 1970.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        session_expires_at: i64,
        /// What a thief of the stored session could do with it.
        security: Security,
    },
}

impl ClientSnapshot {
    /// What JavaScript sees.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Loading => object(vec![("status", "loading".into())]),
            Self::SignedOut { reason } => object(vec![
                ("status", "signedOut".into()),
                ("reason", reason.map(LogoutReason::as_str).into()),
            ]),
            Self::SignedIn { user, session_expires_at, security } => object(vec![
                ("status", "signedIn".into()),
                ("user", user.profile()),
                ("sessionExpiresAt", (*session_expires_at).into()),
                ("security", security.to_json()),
            ]),
        }
    }
}

/// How a session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Security {
    /// The level.
    pub level: SecurityLevel,
}

impl Security {
    /// What JavaScript sees.
    #[must_use]
    pub fn to_json(self) -> Value {
        object(vec![("level", self.level.as_str().into())])
    }
}

/// How a session's token is protected, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum SecurityLevel {
    /// Bound to a key that this browser keeps and that cannot be copied out of it.
    Bound,
    /// Bound to a key that lives in this page's memory only.
    Memory,
    /// Good for whoever has it.
    Bearer,
}

impl SecurityLevel {
    /// The word that JavaScript sees.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Memory => "memory",
            Self::Bearer => "bearer",
        }
    }
}

/// Where the session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum StorageKind {
    /// `localStorage`.
    Local,
    /// `sessionStorage`.
    Session,
    /// The page's memory: asked for, or because storage is blocked or full.
    Memory,
    /// The app's own.
    Custom,
}

impl StorageKind {
    /// The word that JavaScript sees.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Session => "session",
            Self::Memory => "memory",
            Self::Custom => "custom",
        }
    }
}

/// The session's times, for a page that shows them or a report of a fault. Holds no token. All times are
/// in milliseconds since 1970 by the server's clock, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionTimeline {
    /// When the session token was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub issued_at: Option<i64>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub expires_at: Option<i64>,
    /// When this tab refreshes it next, where it means to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub next_refresh_at: Option<i64>,
    /// When the session cannot be refreshed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub refresh_expires_at: Option<i64>,
    /// How far the server's clock is ahead of this machine's.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub skew_ms: i64,
    /// Where the session is kept.
    pub storage: StorageKind,
    /// How the session is protected; absent where nobody is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub security: Option<Security>,
}

impl SessionTimeline {
    /// What JavaScript sees.
    #[must_use]
    pub fn to_json(&self) -> Value {
        object(vec![
            ("issuedAt", self.issued_at.into()),
            ("expiresAt", self.expires_at.into()),
            ("nextRefreshAt", self.next_refresh_at.into()),
            ("refreshExpiresAt", self.refresh_expires_at.into()),
            ("skewMs", self.skew_ms.into()),
            ("storage", self.storage.as_str().into()),
            ("security", self.security.map_or(Value::Null, Security::to_json)),
        ])
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum LogoutReason {
    /// The app called for it.
    UserIntent,
    /// The session token reached its end and could not be refreshed, or no refresh is allowed any more.
    Expired,
    /// The server refused the session.
    SessionRevoked,
    /// The user was deleted.
    UserDeleted,
    /// The app's own provider signed its user out.
    ProviderSignedOut,
}

impl LogoutReason {
    /// Every reason.
    pub const ALL: &[Self] =
        &[Self::UserIntent, Self::Expired, Self::SessionRevoked, Self::UserDeleted, Self::ProviderSignedOut];

    /// The word that JavaScript sees.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserIntent => "user-intent",
            Self::Expired => "expired",
            Self::SessionRevoked => "session-revoked",
            Self::UserDeleted => "user-deleted",
            Self::ProviderSignedOut => "provider-signed-out",
        }
    }

    /// The reason of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }
}

/// What happened, for listeners.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ClientEvent {
    /// A sign-in passed its checks and is being sent.
    AuthInit,
    /// Somebody is signed in: by a sign-in here, or in another tab.
    AuthSuccess {
        /// Who.
        #[cfg_attr(feature = "ts", ts(as = "UserProfile"))]
        user: User,
    },
    /// A sign-in failed.
    AuthFailure {
        /// The error's code.
        code: String,
        /// The broken rule, where the external JWT was refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        reason: Option<String>,
    },
    /// The profile changed.
    UserChanged {
        /// The new one.
        #[cfg_attr(feature = "ts", ts(as = "UserProfile"))]
        user: User,
    },
    /// The session has new tokens: `getAuthToken()` and `getMinAuthToken()` give others than before.
    TokenChanged,
    /// The session ends soon and was not refreshed yet; told once for each token.
    SessionExpiring {
        /// When, in milliseconds since 1970.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        expires_at: i64,
    },
    /// A refresh failed; the session goes on, and the refresh is tried again.
    SessionRefreshFailed {
        /// The error's code.
        code: String,
        /// When it is tried again, in milliseconds since 1970.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        retry_at: i64,
    },
    /// A session ended; also when a stored one was found expired at start, or another tab ended it.
    Logout {
        /// Why.
        reason: LogoutReason,
    },
    /// Something did not go as it should and the client went on without it.
    Warning {
        /// A stable word: `storage_unavailable`, `revoke_failed`, `stored_session_invalid`.
        code: String,
        /// One sentence.
        message: String,
    },
}

impl ClientEvent {
    /// What JavaScript sees.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let of = |kind: &str, members: [(&'static str, Value); 2]| {
            let mut all = vec![("type", kind.into())];
            all.extend(members);
            object(all)
        };
        let none = || ("", Value::Null);
        match self {
            Self::AuthInit => of("authInit", [none(), none()]),
            Self::AuthSuccess { user } => of("authSuccess", [("user", user.profile()), none()]),
            Self::AuthFailure { code, reason } => {
                of("authFailure", [("code", code.as_str().into()), ("reason", reason.as_deref().into())])
            }
            Self::UserChanged { user } => of("userChanged", [("user", user.profile()), none()]),
            Self::TokenChanged => of("tokenChanged", [none(), none()]),
            Self::SessionExpiring { expires_at } => {
                of("sessionExpiring", [("expiresAt", (*expires_at).into()), none()])
            }
            Self::SessionRefreshFailed { code, retry_at } => {
                of("sessionRefreshFailed", [("code", code.as_str().into()), ("retryAt", (*retry_at).into())])
            }
            Self::Logout { reason } => of("logout", [("reason", reason.as_str().into()), none()]),
            Self::Warning { code, message } => {
                of("warning", [("code", code.as_str().into()), ("message", message.as_str().into())])
            }
        }
    }
}

/// Result of signing out: the client is always signed out afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LogoutResult {
    /// Whether the server confirmed that the session is revoked there too.
    pub revoked: bool,
}

impl LogoutResult {
    /// What JavaScript sees.
    #[must_use]
    pub fn to_json(self) -> Value {
        object(vec![("revoked", self.revoked.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use byoa_json::read_object;
    use serde::Serialize;

    fn user() -> User {
        let wire = br#"{"id": "i", "projectEnvironmentId": "e", "verifiedCredentials": []}"#;
        User::read(read_object(wire).expect("an object")).expect("a user")
    }

    fn declared<T: Serialize>(value: &T) -> Value {
        let text = serde_json::to_string(&[value]).expect("JSON");
        let mut object = read_object(format!("{{\"v\":{text}}}").as_bytes()).expect("JSON");
        let Some(Value::Array(mut values)) = object.remove("v") else { panic!("a list") };
        values.remove(0)
    }

    #[test]
    fn javascript_sees_what_its_declarations_say() {
        let security = Security { level: SecurityLevel::Memory };
        for snapshot in [
            ClientSnapshot::Loading,
            ClientSnapshot::SignedOut { reason: None },
            ClientSnapshot::SignedOut { reason: Some(LogoutReason::Expired) },
            ClientSnapshot::SignedIn { user: user(), session_expires_at: 7, security },
        ] {
            assert_eq!(snapshot.to_json(), declared(&snapshot));
        }
        let (code, message) = ("c".to_owned(), "m".to_owned());
        for event in [
            ClientEvent::AuthInit,
            ClientEvent::AuthSuccess { user: user() },
            ClientEvent::AuthFailure { code: code.clone(), reason: None },
            ClientEvent::AuthFailure { code: code.clone(), reason: Some("r".to_owned()) },
            ClientEvent::UserChanged { user: user() },
            ClientEvent::TokenChanged,
            ClientEvent::SessionExpiring { expires_at: 7 },
            ClientEvent::SessionRefreshFailed { code: code.clone(), retry_at: 7 },
            ClientEvent::Logout { reason: LogoutReason::UserDeleted },
            ClientEvent::Warning { code, message },
        ] {
            assert_eq!(event.to_json(), declared(&event));
        }
        let empty = SessionTimeline {
            issued_at: None,
            expires_at: None,
            next_refresh_at: None,
            refresh_expires_at: None,
            skew_ms: -3,
            storage: StorageKind::Custom,
            security: None,
        };
        let full = SessionTimeline {
            issued_at: Some(1),
            expires_at: Some(2),
            next_refresh_at: Some(3),
            refresh_expires_at: Some(4),
            security: Some(security),
            ..empty
        };
        for timeline in [empty, full] {
            assert_eq!(timeline.to_json(), declared(&timeline));
        }
        let result = LogoutResult { revoked: true };
        assert_eq!(result.to_json(), declared(&result));
    }

    #[test]
    fn words_are_those_of_the_declarations() {
        for reason in LogoutReason::ALL {
            assert_eq!(Value::from(reason.as_str()), declared(&reason));
            assert_eq!(LogoutReason::of(reason.as_str()), Some(*reason));
        }
        for level in [SecurityLevel::Bound, SecurityLevel::Memory, SecurityLevel::Bearer] {
            assert_eq!(Value::from(level.as_str()), declared(&level));
        }
        for kind in [StorageKind::Local, StorageKind::Session, StorageKind::Memory, StorageKind::Custom] {
            assert_eq!(Value::from(kind.as_str()), declared(&kind));
        }
        assert_eq!(LogoutReason::of("x"), None);
    }
}
