//! How sessions and signing keys are shown, by the API and the command line alike. What is not there is `null`.

use std::net::IpAddr;

use serde::Serialize;
use uuid::Uuid;

use crate::{clock::UnixMillis, exchange::environments::SigningKeyInfo, store::SessionRecord};

/// A session.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = Session))]
pub struct SessionView {
    /// Its id: `sid` of its tokens.
    pub id: Uuid,
    /// RFC 3339, milliseconds, UTC.
    pub created_at: String,
    /// The address that signed in.
    #[cfg_attr(test, schema(required, value_type = Option<String>))]
    pub ip_address: Option<IpAddr>,
    /// The browser that signed in.
    #[cfg_attr(test, schema(required))]
    pub user_agent: Option<String>,
    /// When it was ended, where it was: RFC 3339, milliseconds, UTC.
    #[cfg_attr(test, schema(required))]
    pub revoked_at: Option<String>,
}

impl From<&SessionRecord> for SessionView {
    fn from(session: &SessionRecord) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at.rfc3339(),
            ip_address: session.origin.ip,
            user_agent: session.origin.user_agent.clone(),
            revoked_at: session.revoked_at.map(UnixMillis::rfc3339),
        }
    }
}

/// A key that signs session tokens, or did. Never its private half.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = SigningKey))]
pub struct SigningKeyView {
    /// Its name in the heads of tokens and in the published set.
    pub kid: String,
    /// What it signs with: `ES256` or `RS256`.
    pub alg: &'static str,
    /// RFC 3339, milliseconds, UTC.
    pub created_at: String,
    /// When it stopped signing; `null`: it signs.
    #[cfg_attr(test, schema(required))]
    pub retired_at: Option<String>,
    /// Until when its tokens are accepted and it is published; `null`: it signs.
    #[cfg_attr(test, schema(required))]
    pub published_until: Option<String>,
}

impl From<&SigningKeyInfo> for SigningKeyView {
    fn from(key: &SigningKeyInfo) -> Self {
        Self {
            kid: key.kid.clone(),
            alg: key.algorithm.as_str(),
            created_at: key.created_at.rfc3339(),
            retired_at: key.retired_at.map(UnixMillis::rfc3339),
            published_until: key.published_until.map(UnixMillis::rfc3339),
        }
    }
}
