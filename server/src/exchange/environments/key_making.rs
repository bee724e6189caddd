//! New signing keys. Made before anything is held and off the threads that answer: one for RS256 takes long.

use std::sync::Arc;

use byoa_jwt::SigningError;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{EnvironmentError, EnvironmentSettings, Environments, invalid, sealing::sealed};
use crate::{
    keys::{MAX_PUBLISHED, generate_signing_key, is_published},
    seal::Label,
    store::{Environment, SessionAlgorithm, SigningKeyRecord},
};

/// A signing key that was made ahead of the change that needs it; none where it needs none.
#[derive(Debug, Default)]
pub struct ReadyKey(Option<SigningKeyRecord>);

impl Environments {
    /// What [`Self::rotate_to`] needs. Refused where there are too many keys already.
    pub async fn ready_for_rotation(&self, id: Uuid) -> Result<ReadyKey, EnvironmentError> {
        let environment = self.show(id).await?;
        self.ready(&environment, environment.session_algorithm).await
    }

    /// What [`Self::set_with`] needs for these settings, which are checked first.
    pub async fn ready_for(
        &self,
        id: Uuid,
        settings: &EnvironmentSettings,
    ) -> Result<ReadyKey, EnvironmentError> {
        let before = self.show(id).await?;
        match settings.session_algorithm {
            Some(wanted) if wanted != before.session_algorithm => {
                self.apply(&mut Environment::clone(&before), settings.clone())?;
                self.ready(&before, wanted).await
            }
            _ => Ok(ReadyKey::default()),
        }
    }

    async fn ready(
        &self,
        environment: &Environment,
        algorithm: SessionAlgorithm,
    ) -> Result<ReadyKey, EnvironmentError> {
        self.check_room(environment.id).await?;
        let updated_at = self.clock.now();
        let wanted = Environment { session_algorithm: algorithm, updated_at, ..environment.clone() };
        Ok(ReadyKey(Some(self.new_signing_key(&wanted).await?)))
    }

    /// The key that signs for `environment` from now on: `ready`, or another where the algorithm has become
    /// another one meanwhile.
    pub(super) async fn next_key<'k>(
        &self,
        environment: &Environment,
        ready: &'k mut ReadyKey,
    ) -> Result<Option<&'k SigningKeyRecord>, EnvironmentError> {
        self.check_room(environment.id).await?;
        if !ready.0.as_ref().is_some_and(|key| key.algorithm == environment.session_algorithm) {
            ready.0 = Some(self.new_signing_key(environment).await?);
        }
        Ok(ready.0.as_ref())
    }

    /// Whether one more key can be published.
    async fn check_room(&self, id: Uuid) -> Result<(), EnvironmentError> {
        let (keys, now) =
            (self.store.signing_keys(id).await.map_err(EnvironmentError::Store)?, self.clock.now());
        if keys.iter().filter(|key| is_published(key.retired_at, now)).count() < MAX_PUBLISHED {
            return Ok(());
        }
        Err(invalid(
            "signing-key",
            format!(
                "cannot be replaced while {MAX_PUBLISHED} are published; withdraw one that nobody needs with \
                 `byoa-server keys retire`, or wait until the one that retired first has been so for 7 days"
            ),
        ))
    }

    /// Makes a signing key of the environment, and seals it. Refused where what the environment has already
    /// does not open: a key in the clear, or under another master key, beside it would help nobody.
    ///
    /// One is made at a time, however many are asked for, so that a processor is left for whoever signs in.
    pub(super) async fn new_signing_key(
        &self,
        environment: &Environment,
    ) -> Result<SigningKeyRecord, EnvironmentError> {
        let (id, failed) = (environment.id, |cause| sealed(environment.id, cause));
        self.seal.open(&Label::nonce_key(id), environment.nonce_key.expose()).map_err(failed)?;
        let (algorithm, now) = (environment.session_algorithm, environment.updated_at);
        // It ends with the work, which goes on where the caller goes away.
        let turn = Arc::clone(&self.making).lock_owned().await;
        let made = spawn_blocking(move || {
            let _turn = turn;
            generate_signing_key(id, algorithm, now)
        });
        let made = made.await.unwrap_or(Err(SigningError::KeyInvalid));
        let key = made.map_err(EnvironmentError::Key)?;
        let pkcs8 = self.seal.seal(&Label::signing_key(id, &key.kid), key.pkcs8.expose()).map_err(failed)?;
        Ok(SigningKeyRecord { pkcs8, ..key })
    }
}
