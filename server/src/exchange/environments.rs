//! Making and changing environments, and refusing settings that could not be meant.

use std::sync::Arc;

use thiserror::Error;
use url::Url;
use uuid::Uuid;

use crate::{
    clock::Clock,
    store::{Environment, SessionAlgorithm, Store, StoreError},
};

/// Settings of an environment as an operator gives them. What is `None` keeps its value, or its default
/// where the environment is new.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentSettings {
    /// `sandbox` or `live`. Default: `sandbox`.
    pub name: Option<String>,
    /// `iss` of its external JWTs. Required where the environment is new.
    pub issuer: Option<String>,
    /// Where the issuer publishes its keys. Required where the environment is new.
    pub jwks_url: Option<String>,
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
    /// The signing key could not be made.
    #[error("the signing key cannot be made: {0}")]
    Key(byoa_jwt::SigningError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

/// The use cases of the operator. Needs no server to run; one that runs sees changes at once.
#[derive(Clone, Debug)]
pub struct Environments {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    allow_private_jwks: bool,
    public_url: Option<Url>,
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
        Self { store, clock, allow_private_jwks, public_url }
    }

    /// Makes an environment and its signing key.
    pub async fn create(&self, id: Uuid, settings: EnvironmentSettings) -> Result<Environment, EnvironmentError> {
        unimplemented!("{id} {settings:?}")
    }

    /// Changes an environment.
    pub async fn set(&self, id: Uuid, settings: EnvironmentSettings) -> Result<Environment, EnvironmentError> {
        unimplemented!("{id} {settings:?}")
    }

    /// Every environment, oldest first.
    pub async fn list(&self) -> Result<Vec<Environment>, EnvironmentError> {
        unimplemented!()
    }

    /// One environment.
    pub async fn show(&self, id: Uuid) -> Result<Arc<Environment>, EnvironmentError> {
        unimplemented!("{id}")
    }
}
