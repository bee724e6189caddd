//! What administrators ask the store for. Data only.

use uuid::Uuid;

use super::UserChange;
use crate::clock::UnixMillis;

/// Which users of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Those whose external id, e-mail address (in whatever case) or username is this.
    pub filter: Option<String>,
    /// The newest first instead of the oldest.
    pub newest_first: bool,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

impl UserQuery {
    /// Whether its filter has a NUL, which no name, address or external id has: PostgreSQL keeps no text with one,
    /// and takes none to compare with.
    pub(super) fn finds_nobody(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.contains('\0'))
    }
}

/// Which sessions of a user, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionQuery {
    /// Those that were ended, or those that were not.
    pub revoked: Option<bool>,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}

/// A user that an administrator makes before its first sign-in.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id, should it be new.
    pub id: Uuid,
    /// Id of the credential of its external identity, should it be new.
    pub credential_id: Uuid,
    /// Who vouches for it.
    pub issuer: String,
    /// The external identity.
    pub subject: String,
    /// Its profile.
    pub profile: UserChange,
    /// Now.
    pub now: UnixMillis,
}
