//! The environment's own keys: looked at, replaced, and withdrawn before their time.

use byoa_jwt::Algorithm;
use uuid::Uuid;

use super::{EnvironmentError, Environments, ReadyKey, invalid};
use crate::{
    clock::UnixMillis,
    keys::PUBLISHED_AFTER_RETIREMENT,
    store::{SigningKeyRecord, StoreError},
};

/// A signing key as it may be shown: without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyInfo {
    /// Its name in headers and in the published set.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stopped signing; `None` for the one that signs.
    pub retired_at: Option<UnixMillis>,
    /// Until when it is published; `None` for the one that signs.
    pub published_until: Option<UnixMillis>,
}

impl From<SigningKeyRecord> for SigningKeyInfo {
    fn from(record: SigningKeyRecord) -> Self {
        Self {
            algorithm: record.algorithm.algorithm(),
            kid: record.kid,
            created_at: record.created_at,
            retired_at: record.retired_at,
            published_until: record.retired_at.map(|retired| retired.plus(PUBLISHED_AFTER_RETIREMENT)),
        }
    }
}

impl Environments {
    /// The environment's keys, the one that signs first, then the latest retired.
    pub async fn signing_keys(&self, id: Uuid) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        self.show(id).await?;
        let records = self.store.signing_keys(id).await.map_err(EnvironmentError::Store)?;
        Ok(records.into_iter().map(SigningKeyInfo::from).collect())
    }

    /// A new key signs from now on. The one before verifies and stays published, so that every token of it
    /// lives out its time.
    pub async fn rotate_signing_key(&self, id: Uuid) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        let ready = self.ready_for_rotation(id).await?;
        self.rotate_to(id, ready).await
    }

    /// The same, with the key that [`Self::ready_for_rotation`] has made.
    pub async fn rotate_to(
        &self,
        id: Uuid,
        ready: ReadyKey,
    ) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        self.change_with_key(id, true, ready, |_| Ok(())).await?;
        self.signing_keys(id).await
    }

    /// Withdraws a key that signs no more, as when it has leaked: it is forgotten, with its private half,
    /// and what it signed is worth nothing from now on. The key that signs cannot go.
    pub async fn retire_signing_key(
        &self,
        id: Uuid,
        kid: &str,
    ) -> Result<Vec<SigningKeyInfo>, EnvironmentError> {
        let refused = |problem: &str| invalid("kid", format!("{kid} {problem}"));
        let keys = self.signing_keys(id).await?;
        match keys.iter().find(|key| key.kid == kid) {
            None => return Err(refused("is none of the environment; `byoa-server keys list` names them")),
            Some(key) if key.retired_at.is_none() => {
                return Err(refused("signs; let another one sign first with `byoa-server keys rotate`"));
            }
            Some(_) => {}
        }
        match self.changing().forget_signing_key(id, kid, self.clock.now()).await {
            Ok(()) => self.signing_keys(id).await,
            Err(StoreError::NotFound) => Err(refused("is gone already")),
            Err(other) => Err(EnvironmentError::Store(other)),
        }
    }
}
