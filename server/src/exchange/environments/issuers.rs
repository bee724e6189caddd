//! The issuers of an environment: added, changed and removed one by one.

use byoa_jwt::{Algorithm, CLOCK_LEEWAY_SECONDS};
use uuid::Uuid;

use super::{EnvironmentError, Environments, check, invalid};
use crate::store::{Environment, IssuerConfig, KeySource};

/// The most issuers of one environment.
const MAX_ISSUERS: usize = 50;

/// Where an issuer's keys come from, as an operator says it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySourceSetting {
    /// A JWK set behind this URL.
    JwksUrl(String),
    /// The JWK set that the issuer's discovery document names.
    Discovery,
    /// This JWK set. Nothing is fetched.
    Jwks(String),
    /// This one public key in PEM. Nothing is fetched.
    Pem(String),
}

/// Settings of one issuer as an operator gives them. What is `None` keeps its value, or its default where
/// the issuer is new.
#[derive(Clone, Debug, Default)]
pub struct IssuerSettings {
    /// Where its keys come from. Required where the issuer is new.
    pub keys: Option<KeySourceSetting>,
    /// What `aud` must hold one of; replaces the whole list. Empty: anything. Default: anything.
    pub audiences: Option<Vec<String>>,
    /// What it may sign with; replaces the whole list. Default: whatever is known and asymmetric.
    pub algorithms: Option<Vec<Algorithm>>,
    /// How far its clock may differ from ours, in seconds. Default: [`CLOCK_LEEWAY_SECONDS`].
    pub leeway_seconds: Option<u64>,
    /// The longest `exp` − `iat`, in seconds. Zero: any. Default: any.
    pub max_lifetime_seconds: Option<u64>,
}

impl Environments {
    /// Trusts one more issuer. Its `iss` must be a new one: a token names whom it is from, and that name
    /// must choose one set of keys.
    pub async fn add_issuer(
        &self,
        id: Uuid,
        issuer: &str,
        settings: &IssuerSettings,
    ) -> Result<Environment, EnvironmentError> {
        self.change(id, |environment| {
            if position(environment, issuer).is_some() {
                return Err(invalid(
                    "issuer",
                    "is trusted already; change it with `byoa-server env issuer set`",
                ));
            }
            if environment.issuers.len() >= MAX_ISSUERS {
                return Err(invalid("issuer", format!("may be added {MAX_ISSUERS} times")));
            }
            let keys = settings.keys.as_ref().ok_or_else(|| {
                invalid("issuer", "needs its keys; add --jwks-url, --discovery, --jwks-file or --pem-file")
            })?;
            let mut made = IssuerConfig {
                environment_id: id,
                issuer: check::issuer(issuer.to_owned())?,
                keys: self.key_source(issuer, keys)?,
                audiences: Vec::new(),
                algorithms: Algorithm::ALL.to_vec(),
                leeway_seconds: CLOCK_LEEWAY_SECONDS,
                max_lifetime_seconds: None,
            };
            self.change_issuer(&mut made, settings)?;
            environment.issuers.push(made);
            Ok(())
        })
        .await
    }

    /// Changes how an issuer is trusted. Keys that came from another source are forgotten at once.
    pub async fn set_issuer(
        &self,
        id: Uuid,
        issuer: &str,
        settings: &IssuerSettings,
    ) -> Result<Environment, EnvironmentError> {
        self.change(id, |environment| {
            let known = environment.issuers.iter_mut().find(|known| known.issuer == issuer);
            let known = known.ok_or_else(untrusted)?;
            if let Some(keys) = &settings.keys {
                known.keys = self.key_source(issuer, keys)?;
            }
            self.change_issuer(known, settings)
        })
        .await
    }

    /// Trusts an issuer no longer. Its users and their sessions stay; nobody new comes in through it.
    pub async fn remove_issuer(&self, id: Uuid, issuer: &str) -> Result<Environment, EnvironmentError> {
        self.change(id, |environment| {
            let found = position(environment, issuer).ok_or_else(untrusted)?;
            environment.issuers.remove(found);
            Ok(())
        })
        .await
    }

    pub(super) fn key_source(
        &self,
        issuer: &str,
        keys: &KeySourceSetting,
    ) -> Result<KeySource, EnvironmentError> {
        match keys {
            KeySourceSetting::JwksUrl(url) => {
                check::jwks_url(url, self.allow_private_jwks).map(KeySource::JwksUrl)
            }
            KeySourceSetting::Discovery => {
                check::discovery(issuer, self.allow_private_jwks).map(|()| KeySource::Discovery)
            }
            KeySourceSetting::Jwks(text) => check::jwks(text).map(|()| KeySource::Jwks(text.clone())),
            KeySourceSetting::Pem(text) => check::pem(text).map(|()| KeySource::Pem(text.clone())),
        }
    }

    fn change_issuer(
        &self,
        issuer: &mut IssuerConfig,
        settings: &IssuerSettings,
    ) -> Result<(), EnvironmentError> {
        if let Some(audiences) = &settings.audiences {
            issuer.audiences = check::audiences(audiences)?;
        }
        if let Some(algorithms) = &settings.algorithms {
            issuer.algorithms = check::algorithms(algorithms)?;
        }
        if let Some(leeway) = settings.leeway_seconds {
            issuer.leeway_seconds = check::leeway(leeway)?;
        }
        if let Some(longest) = settings.max_lifetime_seconds {
            issuer.max_lifetime_seconds = Some(longest).filter(|longest| *longest > 0);
        }
        check::not_ourselves(issuer, self.public_url.as_ref())
    }
}

fn position(environment: &Environment, issuer: &str) -> Option<usize> {
    environment.issuers.iter().position(|known| known.issuer == issuer)
}

fn untrusted() -> EnvironmentError {
    invalid("issuer", "is none that the environment trusts; `byoa-server env issuer list` names them")
}
