//! What administrators may do, once their token was found good: users before their first sign-in, lists,
//! and the end of sessions. Environments have their own use cases.

mod description;
mod view;

use std::sync::Arc;

use byoa_jwt::MAX_SUBJECT_BYTES;
use byoa_protocol::user::{SdkUser, UserFields};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    Exchange, ExchangeError,
    admin_scopes::AdminScopes,
    admin_tokens::{admin_token_hash, looks_like_admin_token},
    environments::{EnvironmentError, EnvironmentSettings, Environments, IssuerSettings, SigningKeyInfo},
    profile, users,
    webhooks::Webhooks,
};
use crate::{
    ids,
    store::{
        AuditQuery, AuditRecord, Conflicting, Environment, NewUser, Page, SessionQuery, SessionRecord,
        StoreError, UserQuery,
    },
};

#[cfg(test)]
pub(crate) use description::PROFILE_FIELDS;
pub use description::{ProfileFields, UserDescription};
pub use view::{SessionView, SigningKeyView};

/// The most users of one call.
pub const MAX_BULK: usize = 50;
/// Why an administrator's revocation is one, in the session.
const REASON: &str = "admin";

/// Who calls the admin API.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Id of the token.
    pub token_id: Uuid,
    /// What it may do.
    pub scopes: AdminScopes,
}

/// Why an administrator's token opens nothing. Callers are not told which; the audit log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminTokenRefused {
    /// None came.
    Missing,
    /// It is not spelt like one of ours.
    Malformed,
    /// Nobody made it.
    Unknown,
    /// It is past its end.
    Expired,
    /// It was revoked.
    Revoked,
}

impl AdminTokenRefused {
    /// The word for it in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "admin_token_missing",
            Self::Malformed => "admin_token_malformed",
            Self::Unknown => "admin_token_unknown",
            Self::Expired => "admin_token_expired",
            Self::Revoked => "admin_token_revoked",
        }
    }
}

/// What a bearer token is worth to the admin API.
#[derive(Clone, Debug)]
pub enum AdminTokenJudged {
    /// A good token.
    Good(Administrator),
    /// None, and the id of the token where it was one once.
    Refused(AdminTokenRefused, Option<Uuid>),
}

/// The use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin {
    exchange: Exchange,
    /// Environments and their settings.
    environments: Environments,
    webhooks: Webhooks,
    /// One change of settings at a time: each is put on top of what it read.
    changing: Arc<Mutex<()>>,
}

impl Admin {
    /// Puts them together.
    #[must_use]
    pub fn new(exchange: Exchange, environments: Environments) -> Self {
        let webhooks = environments.webhooks(exchange.outbox());
        Self { exchange, environments, webhooks, changing: Arc::default() }
    }

    /// The same use cases, of which each that changes something writes `event` into the audit log with its change,
    /// in one transaction, and whom and what it was about.
    #[must_use]
    pub fn recording(&self, event: &AuditRecord) -> Self {
        Self {
            exchange: self.exchange.recording(event.clone()),
            environments: self.environments.recording(event.clone()),
            webhooks: self.webhooks.recording(event.clone()),
            changing: Arc::clone(&self.changing),
        }
    }

    /// Who a bearer token is for. Found by its hash, so that the time taken tells nothing about others;
    /// what is not spelt like one of ours makes nobody ask the store.
    pub async fn authenticate(&self, bearer: &str) -> Result<AdminTokenJudged, ExchangeError> {
        use AdminTokenRefused::{Expired, Malformed, Revoked, Unknown};
        let refused = |why, id| Ok(AdminTokenJudged::Refused(why, id));
        if !looks_like_admin_token(bearer) {
            return refused(Malformed, None);
        }
        let token = match self.exchange.store.admin_token(&admin_token_hash(bearer)).await {
            Err(StoreError::NotFound) => return refused(Unknown, None),
            token => token?,
        };
        let now = self.exchange.clock.now();
        if token.revoked_at.is_some() {
            return refused(Revoked, Some(token.id));
        }
        if token.expires_at.is_some_and(|end| now >= end) {
            return refused(Expired, Some(token.id));
        }
        match token.scope.parse() {
            Ok(scopes) => Ok(AdminTokenJudged::Good(Administrator { token_id: token.id, scopes })),
            // A later version made it, with a scope that this one does not know.
            Err(_) => refused(Unknown, Some(token.id)),
        }
    }

    /// Webhooks.
    #[must_use]
    pub const fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// Environments that exist, oldest first.
    pub async fn environments(&self) -> Result<Vec<Environment>, EnvironmentError> {
        self.environments.list().await
    }

    /// One environment.
    pub async fn environment(&self, id: Uuid) -> Result<Arc<Environment>, EnvironmentError> {
        self.environments.show(id).await
    }

    /// Makes an environment.
    pub async fn create_environment(
        &self,
        id: Uuid,
        settings: EnvironmentSettings,
    ) -> Result<Environment, EnvironmentError> {
        self.environments.create(id, settings).await
    }

    /// Changes an environment.
    pub async fn change_environment(
        &self,
        id: Uuid,
        settings: EnvironmentSettings,
    ) -> Result<Environment, EnvironmentError> {
        // Before the lock: others change theirs while a key is in the making.
        let ready = self.environments.ready_for(id, &settings).await?;
        let _alone = self.changing.lock().await;
        self.environments.set_with(id, settings, ready).await
    }

    /// The keys that sign an environment's session tokens, the one that signs first.
    pub async fn signing_keys(&self, id: Uuid) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        self.environments.signing_keys(id).await
    }

    /// Lets a new key sign.
    pub async fn rotate_signing_key(&self, id: Uuid) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        let ready = self.environments.ready_for_rotation(id).await?;
        let _alone = self.changing.lock().await;
        self.environments.rotate_to(id, ready).await
    }

    /// Withdraws a key that signs no more.
    pub async fn retire_signing_key(
        &self,
        id: Uuid,
        kid: &str,
    ) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        let _alone = self.changing.lock().await;
        self.environments.retire_signing_key(id, kid).await
    }

    /// Trusts one more issuer.
    pub async fn add_issuer(
        &self,
        id: Uuid,
        iss: &str,
        settings: &IssuerSettings,
    ) -> Result<Environment, EnvironmentError> {
        let _alone = self.changing.lock().await;
        self.environments.add_issuer(id, iss, settings).await
    }

    /// Changes how an issuer is trusted.
    pub async fn set_issuer(
        &self,
        id: Uuid,
        iss: &str,
        settings: &IssuerSettings,
    ) -> Result<Environment, EnvironmentError> {
        let _alone = self.changing.lock().await;
        self.environments.set_issuer(id, iss, settings).await
    }

    /// Trusts an issuer no longer.
    pub async fn remove_issuer(&self, id: Uuid, iss: &str) -> Result<Environment, EnvironmentError> {
        let _alone = self.changing.lock().await;
        self.environments.remove_issuer(id, iss).await
    }

    /// A part of the environment's users.
    pub async fn users(&self, environment: Uuid, query: &UserQuery) -> Result<Page<SdkUser>, ExchangeError> {
        self.exchange.environment(environment).await?;
        let page = self.exchange.store.users(environment, query).await?;
        let items = page.items.iter().map(|user| profile::sdk_user(user, None, false)).collect();
        Ok(Page { items, count: page.count })
    }

    /// One user; `None` where there is none.
    pub async fn user(&self, environment: Uuid, id: Uuid) -> Result<Option<SdkUser>, ExchangeError> {
        found(
            self.exchange.store.user(environment, id).await.map(|user| profile::sdk_user(&user, None, false)),
        )
    }

    /// Makes users, all or none. With `upsert`, those that exist are changed instead.
    pub async fn create_users(
        &self,
        environment: Uuid,
        described: Vec<UserDescription>,
        upsert: bool,
    ) -> Result<Vec<SdkUser>, ExchangeError> {
        let environment = self.exchange.environment(environment).await?;
        let new = described
            .into_iter()
            .map(|described| self.new_user(&environment, described))
            .collect::<Result<Vec<_>, _>>()?;
        let made = self.exchange.changing().put_users(environment.id, &new, upsert).await;
        let made = made.map_err(|error| match error {
            StoreError::Conflict(Conflicting::Username) => ExchangeError::UsernameTaken,
            StoreError::Conflict(Conflicting::Identity) => {
                ExchangeError::InvalidUpdate("a user with this externalUserId exists already".to_owned())
            }
            other => other.into(),
        })?;
        self.exchange.told();
        Ok(made.iter().map(|user| profile::sdk_user(user, None, false)).collect())
    }

    fn new_user(
        &self,
        environment: &Environment,
        described: UserDescription,
    ) -> Result<NewUser, ExchangeError> {
        let invalid = |sentence: &str| ExchangeError::InvalidUpdate(sentence.to_owned());
        let subject = described.external_user_id;
        // The rule for a token's `sub`: no token could ever find a user with another one.
        if subject.trim().is_empty()
            || subject.len() > MAX_SUBJECT_BYTES
            || subject.contains(char::is_control)
        {
            return Err(invalid(
                "externalUserId must have 1 to 255 bytes, not only spaces, and no control characters",
            ));
        }
        let mut issuers = environment.issuers.iter().map(|issuer| &issuer.issuer);
        let issuer = match &described.issuer {
            None => issuers.next(),
            Some(named) => issuers.find(|issuer| *issuer == named),
        };
        let now = self.exchange.clock.now();
        Ok(NewUser {
            id: ids::sortable(now),
            credential_id: ids::sortable(now),
            issuer: issuer.ok_or_else(|| invalid("iss must be an issuer of the environment"))?.clone(),
            subject,
            profile: users::change(described.fields)?,
            now,
        })
    }

    /// Changes a user's profile; `None` where there is no such user.
    pub async fn update_user(
        &self,
        environment: Uuid,
        id: Uuid,
        fields: UserFields,
    ) -> Result<Option<SdkUser>, ExchangeError> {
        let change = users::change(fields)?;
        let now = self.exchange.clock.now();
        let changed = self.exchange.changing().update_user(environment, id, &change, now).await;
        self.exchange.told();
        match changed {
            Err(StoreError::Conflict(Conflicting::Username)) => Err(ExchangeError::UsernameTaken),
            changed => found(changed.map(|user| profile::sdk_user(&user, None, false))),
        }
    }

    /// Removes a user, its credentials and its sessions. Whether there was one.
    pub async fn delete_user(&self, environment: Uuid, id: Uuid) -> Result<bool, ExchangeError> {
        let now = self.exchange.clock.now();
        let is_gone = self.exchange.changing().delete_user(environment, id, None, now).await?;
        self.exchange.told();
        Ok(is_gone)
    }

    /// A part of a user's sessions, the newest first.
    pub async fn sessions(
        &self,
        environment: Uuid,
        user: Uuid,
        query: &SessionQuery,
    ) -> Result<Page<SessionRecord>, ExchangeError> {
        Ok(self.exchange.store.sessions(environment, user, query).await?)
    }

    /// One session, of whatever environment.
    pub async fn session(&self, id: Uuid) -> Result<Option<SessionRecord>, ExchangeError> {
        found(self.exchange.store.find_session(id).await)
    }

    /// Ends a session; what it is then.
    pub async fn revoke_session(
        &self,
        session: &SessionRecord,
    ) -> Result<Option<SessionRecord>, ExchangeError> {
        let now = self.exchange.clock.now();
        let store = self.exchange.changing_with(|event| event.user_id = Some(session.user_id));
        store.revoke_session(session.environment_id, session.id, now, REASON).await?;
        self.exchange.told();
        found(self.exchange.store.session(session.environment_id, session.id).await)
    }

    /// Ends what was opened until now: the sessions of a user, or all of the environment. How many.
    pub async fn revoke_sessions(&self, environment: Uuid, user: Option<Uuid>) -> Result<u64, ExchangeError> {
        self.exchange.revoke_sessions(environment, user, REASON).await
    }

    /// Events of the environment, latest first.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>, ExchangeError> {
        Ok(self.exchange.store.audit(query).await?)
    }
}

fn found<T>(result: Result<T, StoreError>) -> Result<Option<T>, ExchangeError> {
    match result {
        Err(StoreError::NotFound) => Ok(None),
        result => Ok(Some(result?)),
    }
}
