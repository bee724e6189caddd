//! What an administrator's token may do: words in its `scope`. `admin` is all of them;
//! `environment:` and an id keep a token to that environment.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// What restricts a token to one environment, before its id.
const ENVIRONMENT: &str = "environment:";
/// Everything.
const ALL: &str = "admin";

/// One thing that a token may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminScope {
    /// Look at environments and check JWTs.
    EnvironmentsRead,
    /// Make and change environments.
    EnvironmentsWrite,
    /// Look at the keys that sign session tokens; their public halves.
    KeysRead,
    /// Replace and withdraw the keys that sign session tokens.
    KeysWrite,
    /// Look at users and their sessions.
    UsersRead,
    /// Make, change and remove users.
    UsersWrite,
    /// End sessions.
    SessionsWrite,
    /// Look at the audit log.
    AuditRead,
    /// Look at webhooks and what became of their messages.
    WebhooksRead,
    /// Make, change and remove webhooks, and see a new one's secret.
    WebhooksWrite,
}

impl AdminScope {
    /// Each of them.
    pub const EACH: [Self; 10] = [
        Self::EnvironmentsRead,
        Self::EnvironmentsWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::UsersRead,
        Self::UsersWrite,
        Self::SessionsWrite,
        Self::AuditRead,
        Self::WebhooksRead,
        Self::WebhooksWrite,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnvironmentsRead => "environments:read",
            Self::EnvironmentsWrite => "environments:write",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::SessionsWrite => "sessions:write",
            Self::AuditRead => "audit:read",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }
}

/// Not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the scopes are admin, environments:read, environments:write, keys:read, keys:write, users:read, users:write, \
     sessions:write, audit:read, webhooks:read and webhooks:write"
)]
pub struct UnknownScope;

/// The scopes of a token, and where they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminScopes {
    all: bool,
    scopes: Vec<AdminScope>,
    environment: Option<Uuid>,
}

impl AdminScopes {
    /// Whether a token with these may do `scope` to `environment`; `None`: to the server as a whole.
    #[must_use]
    pub fn allow(&self, scope: AdminScope, environment: Option<Uuid>) -> bool {
        (self.all || self.scopes.contains(&scope))
            && (self.environment.is_none() || self.environment == environment)
    }

    /// The one environment that they are for.
    #[must_use]
    pub const fn environment(&self) -> Option<Uuid> {
        self.environment
    }

    /// The same in one environment only.
    #[must_use]
    pub fn within(self, environment: Uuid) -> Self {
        Self { environment: Some(environment), ..self }
    }
}

impl fmt::Display for AdminScopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<_> = self.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        if self.all {
            words = vec![ALL.to_owned()];
        }
        words.extend(self.environment.map(|id| format!("{ENVIRONMENT}{id}")));
        formatter.write_str(&words.join(" "))
    }
}

impl FromStr for AdminScopes {
    type Err = UnknownScope;

    /// Space separated. A word that is not known refuses the whole: it might have been a restriction.
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let mut read = Self { all: false, scopes: Vec::new(), environment: None };
        for word in text.split_whitespace() {
            if word == ALL {
                read.all = true;
            } else if let Some(id) = word.strip_prefix(ENVIRONMENT) {
                if read.environment.is_some() {
                    return Err(UnknownScope);
                }
                read.environment = Some(id.parse().map_err(|_| UnknownScope)?);
            } else {
                let scope = AdminScope::EACH.into_iter().find(|scope| scope.as_str() == word);
                read.scopes.push(scope.ok_or(UnknownScope)?);
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::{AdminScope, AdminScopes};
    use uuid::Uuid;

    #[test]
    fn a_scope_is_for_what_it_says_and_where() {
        let here = Uuid::from_u128(1);
        let scopes: AdminScopes = format!("users:read audit:read environment:{here}").parse().unwrap();
        assert!(scopes.allow(AdminScope::UsersRead, Some(here)));
        assert!(!scopes.allow(AdminScope::UsersWrite, Some(here)));
        assert!(!scopes.allow(AdminScope::UsersRead, Some(Uuid::from_u128(2))));
        assert!(!scopes.allow(AdminScope::UsersRead, None));
        assert_eq!(scopes.to_string().parse::<AdminScopes>().unwrap(), scopes);
        let all: AdminScopes = "admin".parse().unwrap();
        assert!(AdminScope::EACH.into_iter().all(|scope| all.allow(scope, None)));
        assert!(!all.within(here).allow(AdminScope::UsersRead, None));
    }

    #[test]
    fn what_is_not_known_allows_nothing() {
        for bad in ["users:*", "environment:x", "admin future:limit", "environment:", "Admin"] {
            assert!(bad.parse::<AdminScopes>().is_err(), "{bad}");
        }
        assert!(!"".parse::<AdminScopes>().unwrap().allow(AdminScope::UsersRead, None));
    }
}
