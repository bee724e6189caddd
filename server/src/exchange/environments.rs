//! Making and changing environments, and refusing settings that could not be meant.

mod check;
mod issuers;
mod key_making;
mod sealing;
mod signing_keys;

use std::sync::Arc;

use byoa_jwt::{Algorithm, CLOCK_LEEWAY_SECONDS};
use thiserror::Error;
use tokio::sync::{Mutex, Notify};
use url::Url;
use uuid::Uuid;

use super::webhooks::Webhooks;
use crate::{
    audit::audited,
    clock::Clock,
    ids,
    seal::{Label, Seal, SealError},
    store::{
        AuditRecord, Conflicting, Environment, IssuerConfig, KeySource, ReplayPolicy, SessionAlgorithm,
        Store, StoreError,
    },
};

pub use issuers::{IssuerSettings, KeySourceSetting};
pub use key_making::ReadyKey;
pub use sealing::{Resealed, SealedState};
pub use signing_keys::SigningKeyInfo;

/// How often a change is put on top of somebody else's.
const MAX_ATTEMPTS: u32 = 5;

/// Settings of an environment as an operator gives them. What is `None` keeps its value, or its default
/// where the environment is new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentSettings {
    /// `sandbox` or `live`. Default: `sandbox`.
    pub name: Option<String>,
    /// `iss` of its external JWTs. Required where the environment is new.
    pub issuer: Option<String>,
    /// Where the issuer publishes its keys. This or `keys` is required where the environment is new.
    pub jwks_url: Option<String>,
    /// Where else the issuer's keys come from.
    pub keys: Option<KeySourceSetting>,
    /// What `aud` must hold. An empty string: anything. Default: anything.
    pub audience: Option<String>,
    /// Origins of pages that may call; replaces the whole list. Default: none.
    pub allowed_origins: Option<Vec<String>>,
    /// Cookie with the external JWT. An empty string: none. Default: none.
    pub cookie_name: Option<String>,
    /// Whether an `email` without a word about its verification counts as verified. Default: no.
    pub assume_email_verified: Option<bool>,
    /// What session tokens are signed with. A change makes a new key. Default: ES256.
    pub session_algorithm: Option<SessionAlgorithm>,
    /// How often one external JWT signs in. Default: as often as it is shown.
    pub replay: Option<ReplayPolicy>,
    /// Scopes of the operations that need an elevated token, of [`super::STEP_UP_OPERATIONS`]; replaces the
    /// whole list. Default: none.
    pub step_up: Option<Vec<String>>,
    /// Whether sessions live in a cookie that pages cannot read. Default: no.
    pub session_cookie: Option<bool>,
}

/// Why settings were not taken. The sentence names the setting and the mend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// There is one of that id.
    #[error("the environment {0} exists already; change it with `byoa-server env set`")]
    Exists(Uuid),
    /// There is none of that id.
    #[error("there is no environment {0}; create it with `byoa-server env create`")]
    NotFound(Uuid),
    /// A setting is not acceptable.
    #[error("{setting} {problem}")]
    Invalid {
        /// Which, as the flag is called: `issuer`, `jwks-url`, …
        setting: &'static str,
        /// What is wrong and the mend, as the rest of a sentence.
        problem: String,
    },
    /// It has several issuers, and the settings do not say which is meant.
    #[error("issuer is one of several here; change each with `byoa-server env issuer set`")]
    SeveralIssuers,
    /// The signing key could not be made.
    #[error("the signing key cannot be made: {0}")]
    Key(byoa_jwt::SigningError),
    /// An environment's secrets are sealed, and do not open.
    #[error("a secret of the environment {environment} cannot be used: {cause}")]
    Sealed {
        /// Whose.
        environment: Uuid,
        /// Why.
        cause: SealError,
    },
    /// There is no master key to seal under.
    #[error("there is no master key to seal under; pass --master-key-file, or set BYOA_MASTER_KEY")]
    NoMasterKey,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

/// The use cases of the operator. Needs no server to run; one that runs sees changes at once.
#[derive(Clone, Debug)]
pub struct Environments {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    seal: Seal,
    allow_private_jwks: bool,
    public_url: Option<Url>,
    /// One signing key is made at a time.
    making: Arc<Mutex<()>>,
    /// What is written into the audit log with a change.
    event: Option<AuditRecord>,
}

impl Environments {
    /// `public_url`, where it is known, keeps an environment from trusting our own tokens.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        allow_private_jwks: bool,
        public_url: Option<Url>,
    ) -> Self {
        let (seal, making) = (Seal::default(), Arc::default());
        Self { store, clock, seal, allow_private_jwks, public_url, making, event: None }
    }

    /// With what seals and opens the environments' own secrets.
    #[must_use]
    pub fn with_seal(self, seal: Seal) -> Self {
        Self { seal, ..self }
    }

    /// The same use cases, of which each that changes something writes `event` into the audit log with its change,
    /// in one transaction.
    #[must_use]
    pub fn recording(&self, event: AuditRecord) -> Self {
        Self { event: Some(event), ..self.clone() }
    }

    /// The store for the change that the event tells of.
    fn changing(&self) -> Arc<dyn Store> {
        audited(&self.store, self.event.as_ref(), |_| ())
    }

    /// Makes an environment and its signing key.
    pub async fn create(
        &self,
        id: Uuid,
        settings: EnvironmentSettings,
    ) -> Result<Environment, EnvironmentError> {
        self.is_sealed_alike().await?;
        let now = self.clock.now();
        let nonce_key = self.seal.seal(&Label::nonce_key(id), ids::secret().expose());
        let mut environment = Environment {
            id,
            name: "sandbox".to_owned(),
            issuers: Vec::new(),
            allowed_origins: Vec::new(),
            cookie_name: None,
            assume_email_verified: false,
            session_algorithm: settings.session_algorithm.unwrap_or_default(),
            replay: ReplayPolicy::default(),
            step_up: Vec::new(),
            session_cookie: false,
            has_webhooks: false,
            nonce_key: nonce_key.map_err(|cause| EnvironmentError::Sealed { environment: id, cause })?,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        self.apply(&mut environment, settings)?;
        if environment.issuers.is_empty() {
            return Err(invalid("issuer", "and its keys are needed for a new environment"));
        }
        let key = self.new_signing_key(&environment).await?;
        match self.changing().create_environment(&environment, &key).await {
            Ok(()) => Ok(environment),
            Err(StoreError::Conflict(_)) => Err(EnvironmentError::Exists(id)),
            Err(other) => Err(EnvironmentError::Store(other)),
        }
    }

    /// Changes an environment.
    pub async fn set(
        &self,
        id: Uuid,
        settings: EnvironmentSettings,
    ) -> Result<Environment, EnvironmentError> {
        let ready = self.ready_for(id, &settings).await?;
        self.set_with(id, settings, ready).await
    }

    /// Changes an environment, with the key that [`Self::ready_for`] has made.
    pub async fn set_with(
        &self,
        id: Uuid,
        settings: EnvironmentSettings,
        ready: ReadyKey,
    ) -> Result<Environment, EnvironmentError> {
        self.change_with_key(id, false, ready, |environment| self.apply(environment, settings.clone())).await
    }

    /// Reads an environment, changes it and writes it back, again where somebody was faster.
    async fn change(
        &self,
        id: Uuid,
        change: impl Fn(&mut Environment) -> Result<(), EnvironmentError> + Send + Sync,
    ) -> Result<Environment, EnvironmentError> {
        self.change_with_key(id, false, ReadyKey::default(), change).await
    }

    /// The same; with `new_key` another key signs from then on, as with another algorithm.
    async fn change_with_key(
        &self,
        id: Uuid,
        new_key: bool,
        mut ready: ReadyKey,
        change: impl Fn(&mut Environment) -> Result<(), EnvironmentError> + Send + Sync,
    ) -> Result<Environment, EnvironmentError> {
        let mut attempts = 0;
        loop {
            let before = self.show(id).await?;
            let mut environment = Environment::clone(&before);
            environment.updated_at = self.clock.now();
            change(&mut environment)?;
            let key = if new_key || environment.session_algorithm != before.session_algorithm {
                self.has_its_master_keys(&environment).await?;
                self.next_key(&environment, &mut ready).await?
            } else {
                None
            };
            match self.changing().update_environment(&environment, key).await {
                Ok(()) => return Ok(Environment { revision: before.revision + 1, ..environment }),
                // Somebody was faster: what was asked for is put on top of what they did.
                Err(StoreError::Conflict(Conflicting::Revision)) if attempts < MAX_ATTEMPTS => attempts += 1,
                Err(StoreError::NotFound) => return Err(EnvironmentError::NotFound(id)),
                Err(other) => return Err(EnvironmentError::Store(other)),
            }
        }
    }

    /// The use cases of webhooks, over the same store and with the same leave to reach private addresses.
    #[must_use]
    pub fn webhooks(&self, outbox: Arc<Notify>) -> Webhooks {
        Webhooks::new(Arc::clone(&self.store), Arc::clone(&self.clock), self.allow_private_jwks, outbox)
            .with_seal(self.seal.clone())
    }

    /// Every environment, oldest first.
    pub async fn list(&self) -> Result<Vec<Environment>, EnvironmentError> {
        self.store.environments().await.map_err(EnvironmentError::Store)
    }

    /// One environment.
    pub async fn show(&self, id: Uuid) -> Result<Arc<Environment>, EnvironmentError> {
        self.store.environment(id).await.map_err(|error| match error {
            StoreError::NotFound => EnvironmentError::NotFound(id),
            other => EnvironmentError::Store(other),
        })
    }

    fn apply(
        &self,
        environment: &mut Environment,
        settings: EnvironmentSettings,
    ) -> Result<(), EnvironmentError> {
        if let Some(name) = settings.name {
            environment.name = check::name(name)?;
        }
        if let Some(origins) = settings.allowed_origins {
            environment.allowed_origins = check::origins(origins)?;
        }
        if let Some(name) = settings.cookie_name {
            environment.cookie_name = check::cookie_name(name)?;
        }
        if let Some(assume) = settings.assume_email_verified {
            environment.assume_email_verified = assume;
        }
        if let Some(algorithm) = settings.session_algorithm {
            environment.session_algorithm = algorithm;
        }
        if let Some(replay) = settings.replay {
            environment.replay = replay;
        }
        if let Some(scopes) = settings.step_up {
            environment.step_up = check::step_up(scopes)?;
        }
        if let Some(session_cookie) = settings.session_cookie {
            environment.session_cookie = session_cookie;
        }
        let keys = match (settings.jwks_url, settings.keys) {
            (Some(_), Some(_)) => return Err(invalid("jwks-url", "is given beside other keys; choose one")),
            (url, keys) => keys.or_else(|| url.map(KeySourceSetting::JwksUrl)),
        };
        let names_issuer = settings.issuer.is_some() || keys.is_some() || settings.audience.is_some();
        if names_issuer && environment.issuers.len() > 1 {
            return Err(EnvironmentError::SeveralIssuers);
        }
        let issuer = settings.issuer.map(check::issuer).transpose()?;
        match (environment.issuers.first_mut(), issuer, keys) {
            (Some(known), issuer, keys) => {
                known.issuer = issuer.unwrap_or_else(|| known.issuer.clone());
                if let Some(keys) = keys {
                    known.keys = self.key_source(&known.issuer, &keys)?;
                }
            }
            (None, Some(issuer), Some(keys)) => {
                environment.issuers.push(IssuerConfig {
                    environment_id: environment.id,
                    keys: self.key_source(&issuer, &keys)?,
                    issuer,
                    audiences: Vec::new(),
                    algorithms: Algorithm::ALL.to_vec(),
                    leeway_seconds: CLOCK_LEEWAY_SECONDS,
                    max_lifetime_seconds: None,
                });
            }
            (None, None, None) => {}
            (None, ..) => {
                return Err(invalid(
                    "issuer",
                    "and its keys come together where there is no issuer yet; add --jwks-url, --discovery, \
                     --jwks-file or --pem-file",
                ));
            }
        }
        if let Some(issuer) = environment.issuers.first_mut() {
            if issuer.keys == KeySource::Discovery {
                check::discovery(&issuer.issuer, self.allow_private_jwks)?;
            }
            if let Some(audience) = settings.audience {
                issuer.audiences = check::audience(audience)?.into_iter().collect();
            }
            check::not_ourselves(issuer, self.public_url.as_ref())?;
        }
        Ok(())
    }
}

fn invalid(setting: &'static str, problem: impl Into<String>) -> EnvironmentError {
    EnvironmentError::Invalid { setting, problem: problem.into() }
}
