//! What crosses from the wasm core to JavaScript: arguments, the profile, the snapshot.

use crate::user::{JwtVerifiedCredential, SdkUser, optional_fields};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// How a client is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClientConfig {
    /// UUID of the environment.
    pub environment_id: String,
    /// Such as `https://auth.example.com/api/v0`. There is no default: no host but yours is called.
    pub api_base_url: String,
}

/// Arguments of `signInWithExternalJwt`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignInWithExternalJwtArgs {
    /// The JWT that your own provider or backend issued for this user.
    pub external_jwt: String,
    /// Your id of the user; must be the JWT's `sub`.
    pub external_user_id: String,
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
        metadata: Map<String, Value>,
        /// Profile fields that the environment requires and the user lacks.
        missing_fields: Vec<Value>,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ClientSnapshot {
    /// Storage has not been read yet.
    Loading,
    /// Nobody is signed in.
    SignedOut {
        /// Why the last session ended; absent where there was none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        reason: Option<LogoutReason>,
    },
    /// Somebody is.
    SignedIn {
        /// Who.
        user: Box<UserProfile>,
        /// When the session token ends, in milliseconds since 1970.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        session_expires_at: i64,
    },
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum LogoutReason {
    /// The app called for it.
    UserIntent,
    /// The session token reached its end.
    TokenExpired,
    /// The server refused the session.
    SessionRevoked,
    /// The user was deleted.
    UserDeleted,
}

/// What happened, for listeners.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ClientEvent {
    /// A sign-in succeeded.
    SignedIn {
        /// Who.
        user: Box<UserProfile>,
    },
    /// A session ended; also when a stored one was found expired at start.
    SignedOut {
        /// Why.
        reason: LogoutReason,
    },
    /// A sign-in failed.
    SignInFailed {
        /// The error's code.
        code: String,
        /// The broken rule, where the external JWT was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        reason: Option<String>,
    },
    /// The profile changed.
    UserChanged {
        /// The new one.
        user: Box<UserProfile>,
    },
    /// Something did not go as it should and the client went on without it.
    Warning {
        /// A stable word: `storage_unavailable`, `revoke_failed`, `stored_session_invalid`.
        code: String,
        /// One sentence.
        message: String,
    },
}

/// Result of signing out: the client is always signed out afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LogoutResult {
    /// Whether the server confirmed that the session is revoked there too.
    pub revoked: bool,
}
