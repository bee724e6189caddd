//! What happened, as it goes into the outbox.

use std::net::IpAddr;

use byoa_protocol::webhook;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::UnixMillis,
    ids,
    store::{Credential, CredentialKind, NewUser, SessionRecord, User},
};

/// Those that an event is about, as they were then. No token, key or secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The user with its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// The session. SQL writes it as well, member for member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionSnapshot>,
}

/// A session as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// Its id.
    pub id: Uuid,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's browser.
    pub user_agent: Option<String>,
    /// When it was ended.
    pub revoked_at: Option<UnixMillis>,
}

impl From<&SessionRecord> for SessionSnapshot {
    fn from(session: &SessionRecord) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            ip: session.origin.ip,
            user_agent: session.origin.user_agent.clone(),
            revoked_at: session.revoked_at,
        }
    }
}

/// Something to tell every endpoint that chose its name.
#[derive(Clone, Debug)]
pub(in crate::store) struct Event {
    pub(in crate::store) id: Uuid,
    pub(in crate::store) name: &'static str,
    pub(in crate::store) environment_id: Uuid,
    pub(in crate::store) user_id: Option<Uuid>,
    pub(in crate::store) external_user_id: Option<String>,
    pub(in crate::store) snapshot: Snapshot,
    pub(in crate::store) at: UnixMillis,
}

impl Event {
    fn about(user: &User, name: &'static str, at: UnixMillis) -> Self {
        Self {
            id: ids::sortable(at),
            name,
            environment_id: user.environment_id,
            user_id: Some(user.id),
            external_user_id: external(user),
            snapshot: Snapshot { user: Some(user.clone()), session: None },
            at,
        }
    }

    /// A user was made.
    pub(in crate::store) fn user_created(user: &User, at: UnixMillis) -> Self {
        Self::about(user, webhook::USER_CREATED, at)
    }

    /// A user was made before its first sign-in, or was there already and changed.
    pub(in crate::store) fn put(user: &User, new: &NewUser) -> Self {
        if user.id == new.id { Self::user_created(user, new.now) } else { Self::user_updated(user, new.now) }
    }

    /// A profile was changed.
    pub(in crate::store) fn user_updated(user: &User, at: UnixMillis) -> Self {
        Self::about(user, webhook::USER_UPDATED, at)
    }

    /// A user was removed. Of the user as it was, only who it was: what was to be forgotten is not told once
    /// more.
    pub(in crate::store) fn user_deleted(user: &User, at: UnixMillis) -> Self {
        let external = user.credentials.iter().filter(|one| one.kind == CredentialKind::ExternalUser);
        let bare = without_profile(user, external.cloned().collect());
        Self::about(&bare, webhook::USER_DELETED, at)
    }

    /// Somebody signed in.
    pub(in crate::store) fn session_created(user: &User, session: &SessionRecord) -> Self {
        let signed_in = user.credentials.iter().find(|one| one.id == session.signin_credential_id);
        // What is told of the user is how it was recognised.
        let bare = without_profile(user, user.credentials.clone());
        let event = Self::about(&bare, webhook::SESSION_CREATED, session.created_at);
        Self {
            external_user_id: signed_in.map(|one| one.identifier.clone()).or(event.external_user_id),
            snapshot: Snapshot { session: Some(session.into()), ..event.snapshot },
            ..event
        }
    }

    /// Whether it gets through.
    pub(in crate::store) fn ping(environment: Uuid, at: UnixMillis) -> Self {
        Self {
            id: ids::sortable(at),
            name: webhook::PING,
            environment_id: environment,
            user_id: None,
            external_user_id: None,
            snapshot: Snapshot::default(),
            at,
        }
    }

    /// The snapshot as it is stored.
    pub(in crate::store) fn data(&self) -> String {
        serde_json::json!(self.snapshot).to_string()
    }
}

fn without_profile(user: &User, credentials: Vec<Credential>) -> User {
    User {
        id: user.id,
        environment_id: user.environment_id,
        credentials,
        email: None,
        alias: None,
        first_name: None,
        last_name: None,
        job_title: None,
        phone_number: None,
        t_shirt_size: None,
        team: None,
        country: None,
        username: None,
        policies_consent: None,
        metadata: None,
        first_visit: user.first_visit,
        last_visit: user.last_visit,
    }
}

fn external(user: &User) -> Option<String> {
    let external = user.credentials.iter().find(|one| one.kind == CredentialKind::ExternalUser);
    external.map(|one| one.identifier.clone())
}

/// What is looked for in an endpoint's list of events, which is JSON.
pub(in crate::store) fn chosen(event: &str) -> String {
    format!("\"{event}\"")
}
