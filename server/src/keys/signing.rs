//! Our own keys, with which sessions are signed. Parsed once per change of the environment.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use byoa_jwt::{KeySet, SigningError, SigningKey, thumbprint};
use byoa_protocol::jwks::JwksResponse;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    clock::{Clock, UnixMillis},
    seal::{Label, Seal, SealError},
    secret::Secret,
    store::{Environment, SessionAlgorithm, SigningKeyRecord, Store, StoreError},
};

/// How long a key stays published after it stopped signing: longer than any token lives. Whoever comes back with a
/// token that ended before that can refresh it no more.
pub const PUBLISHED_AFTER_RETIREMENT: Duration = Duration::from_hours(7 * 24);

/// The most keys that an environment publishes when another one takes over. Whoever fetches a key set bounds it:
/// we do so ourselves, at [`byoa_jwt::MAX_KEYS`].
pub const MAX_PUBLISHED: usize = 50;

/// Whether a key that retired then, if ever, is still published at `now` and verifies what it has signed.
#[must_use]
pub fn is_published(retired_at: Option<UnixMillis>, now: UnixMillis) -> bool {
    retired_at.is_none_or(|retired| now < retired.plus(PUBLISHED_AFTER_RETIREMENT))
}

/// Why an environment's own keys cannot be had.
#[derive(Debug, Error)]
pub enum OwnKeysError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They are sealed, and do not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
}

/// Makes a signing key, named after its RFC 7638 thumbprint. Its private half is not sealed yet.
pub fn generate_signing_key(
    environment_id: Uuid,
    algorithm: SessionAlgorithm,
    now: UnixMillis,
) -> Result<SigningKeyRecord, SigningError> {
    let key = SigningKey::generate(algorithm.algorithm())?;
    let kid = thumbprint(&key.public_jwk("")).map_err(|_| SigningError::KeyInvalid)?;
    Ok(SigningKeyRecord {
        environment_id,
        algorithm,
        pkcs8: Secret::new(key.to_pkcs8()?.to_vec()),
        public_jwk: key.public_jwk(&kid),
        kid,
        created_at: now,
        retired_at: None,
    })
}

/// An environment's own keys, ready for use.
pub struct OwnKeys {
    revision: i64,
    kid: String,
    active: SigningKey,
    verifying: KeySet,
    published: Vec<(Value, Option<UnixMillis>)>,
}

impl fmt::Debug for OwnKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnKeys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl OwnKeys {
    /// Without the keys that are past their time at `now`: what they signed has long expired.
    fn read(
        revision: i64,
        records: &[SigningKeyRecord],
        seal: &Seal,
        now: UnixMillis,
    ) -> Result<Self, OwnKeysError> {
        let corrupt = || StoreError::Corrupt("signing key");
        let active = records.iter().find(|record| record.retired_at.is_none()).ok_or_else(corrupt)?;
        let label = Label::signing_key(active.environment_id, &active.kid);
        let pkcs8 = seal.open(&label, active.pkcs8.expose())?;
        let published: Vec<_> =
            records.iter().filter(|record| is_published(record.retired_at, now)).collect();
        let verifying = KeySet::of_own(published.iter().map(|record| &record.public_jwk));
        Ok(Self {
            revision,
            kid: active.kid.clone(),
            active: SigningKey::from_pkcs8(active.algorithm.algorithm(), pkcs8.expose())
                .map_err(|_| corrupt())?,
            verifying,
            published: published
                .iter()
                .map(|record| (record.public_jwk.clone(), record.retired_at))
                .collect(),
        })
    }

    /// The name of the key that signs.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs claims as a JWT.
    pub fn sign<C: Serialize>(&self, claims: &C) -> Result<String, SigningError> {
        self.sign_as("JWT", claims)
    }

    /// Signs claims as a token of another kind, which `typ` names.
    pub fn sign_as<C: Serialize>(&self, typ: &str, claims: &C) -> Result<String, SigningError> {
        self.active.sign(&self.kid, typ, claims)
    }

    /// Every key that may have signed a token which is still alive.
    #[must_use]
    pub const fn verifying(&self) -> &KeySet {
        &self.verifying
    }

    /// What to publish at `now`, the active key first.
    #[must_use]
    pub fn jwks(&self, now: UnixMillis) -> JwksResponse {
        let keys = self.published.iter().filter(|(_, retired)| is_published(*retired, now));
        JwksResponse { keys: keys.map(|(jwk, _)| jwk.clone()).collect() }
    }
}

/// The cache of our own keys.
#[derive(Debug)]
pub struct SigningKeys {
    store: Arc<dyn Store>,
    seal: Seal,
    clock: Arc<dyn Clock>,
    parsed: Mutex<HashMap<Uuid, Arc<OwnKeys>>>,
    /// Environments whose keys take a master key that was not here when they were asked for.
    locked: Mutex<HashSet<Uuid>>,
}

impl SigningKeys {
    /// An empty cache of what `seal` opens.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, seal: Seal, clock: Arc<dyn Clock>) -> Self {
        Self { store, seal, clock, parsed: Mutex::default(), locked: Mutex::default() }
    }

    /// The environment's keys as of the revision that was read.
    pub async fn of(&self, environment: &Environment) -> Result<Arc<OwnKeys>, OwnKeysError> {
        let known = held(&self.parsed).get(&environment.id).map(Arc::clone);
        if let Some(known) = known.filter(|known| known.revision == environment.revision) {
            return Ok(known);
        }
        // Read after the environment, so they are of its revision or newer; if newer, they are merely
        // read once more with the next request.
        let records = self.store.signing_keys(environment.id).await?;
        let own = OwnKeys::read(environment.revision, &records, &self.seal, self.clock.now());
        if let Err(OwnKeysError::Sealed(error)) = &own {
            self.note(environment, *error);
        }
        let own = Arc::new(own?);
        held(&self.parsed).insert(environment.id, Arc::clone(&own));
        Ok(own)
    }

    /// Lets go of an environment's keys, the private one with them, until they are asked for.
    pub(crate) fn forget(&self, environment: Uuid) {
        held(&self.parsed).remove(&environment);
    }

    /// The same of all.
    pub(crate) fn forget_all(&self) {
        held(&self.parsed).clear();
    }

    /// The key of the environment's nonces.
    pub fn nonce_key(&self, environment: &Environment) -> Result<Secret<Vec<u8>>, SealError> {
        let opened = self.seal.open(&Label::nonce_key(environment.id), environment.nonce_key.expose());
        opened.inspect_err(|error| self.note(environment, *error))
    }

    /// Fails while there is an environment that was asked for and whose master key is not here: another
    /// server may have it.
    pub async fn check(&self) -> Result<(), OwnKeysError> {
        let locked: Vec<_> = held(&self.locked).iter().copied().collect();
        for id in locked {
            match self.store.environment(id).await {
                Ok(environment) => {
                    self.of(&environment).await?;
                    self.nonce_key(&environment)?;
                }
                Err(StoreError::NotFound) => {}
                Err(other) => return Err(other.into()),
            }
            held(&self.locked).remove(&id);
        }
        Ok(())
    }

    fn note(&self, environment: &Environment, error: SealError) {
        if error.is_for_lack_of_a_key() {
            held(&self.locked).insert(environment.id);
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
