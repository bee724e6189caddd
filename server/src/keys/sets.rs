//! The cache of issuers' key sets. It cannot be used as an amplifier: whatever tokens come in, an issuer
//! is asked at most once per cooldown, by one flight at a time, outside every lock; an issuer that hangs
//! keeps nobody else waiting. A withdrawn key goes when the answer's time is over; an issuer that is down
//! is served from what it last said until [`KeySetSettings::max_age`], and then nothing passes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use byoa_jwt::KeySet;
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    FetchJwks, KeySetUnavailable,
    entry::{Entry, Plan},
    source,
};
use crate::{
    clock::Clock,
    ids,
    store::{IssuerConfig, KeySource},
};

/// The numbers of the cache.
#[derive(Clone, Debug)]
pub struct KeySetSettings {
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The least time that an answer counts as fresh, whatever it says.
    pub min_ttl: Duration,
    /// The same where it says nothing.
    pub default_ttl: Duration,
    /// The most.
    pub max_ttl: Duration,
    /// The least time between two attempts, after a success and after a first failure.
    pub cooldown: Duration,
    /// The most between two attempts, after many failures. Jitter comes on top.
    pub max_backoff: Duration,
    /// How long an answer serves while no newer one can be had.
    pub max_age: Duration,
    /// Gives numbers from 0 to 1: how much of the jitter to add.
    pub jitter: fn() -> f64,
}

impl Default for KeySetSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            min_ttl: Duration::from_mins(1),
            default_ttl: Duration::from_mins(10),
            max_ttl: Duration::from_hours(24),
            cooldown: Duration::from_secs(30),
            max_backoff: Duration::from_mins(5),
            max_age: Duration::from_hours(24),
            jitter: ids::fraction,
        }
    }
}

impl KeySetSettings {
    /// The time until the next attempt after `failures` earlier ones in a row: doubling, and up to a
    /// tenth more, so that many servers do not knock at once.
    pub(super) fn backoff(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = self.cooldown.saturating_mul(1 << failures.min(16)).min(self.max_backoff);
        doubled + doubled.mul_f64(jitter.clamp(0.0, 1.0) / 10.0)
    }
}

/// Whose keys: a tenant's view of an issuer. Tenants share nothing, so that none can poison another.
type Key = (Uuid, String);

type Shared = Arc<Mutex<Entry>>;

/// The cache of issuers' key sets.
#[derive(Debug)]
pub struct KeySets {
    fetcher: Arc<dyn FetchJwks>,
    clock: Arc<dyn Clock>,
    settings: Arc<KeySetSettings>,
    entries: Mutex<HashMap<Key, (KeySource, Shared)>>,
    kept: Mutex<HashMap<Key, (KeySource, Arc<KeySet>)>>,
}

impl KeySets {
    /// An empty cache with the usual numbers.
    #[must_use]
    pub fn new(fetcher: Arc<dyn FetchJwks>, clock: Arc<dyn Clock>) -> Self {
        Self::with_settings(fetcher, clock, KeySetSettings::default())
    }

    /// An empty cache.
    #[must_use]
    pub fn with_settings(
        fetcher: Arc<dyn FetchJwks>,
        clock: Arc<dyn Clock>,
        settings: KeySetSettings,
    ) -> Self {
        Self {
            fetcher,
            clock,
            settings: Arc::new(settings),
            entries: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// The issuer's keys, for a token that names `kid`. The set may lack that key: then it was looked for
    /// as far as the cooldown allows.
    pub async fn keys(
        &self,
        issuer: &IssuerConfig,
        kid: Option<&str>,
    ) -> Result<Arc<KeySet>, KeySetUnavailable> {
        if let KeySource::Jwks(_) | KeySource::Pem(_) = &issuer.keys {
            return self.kept(issuer);
        }
        let entry = self.entry(issuer);
        let mut waited = false;
        loop {
            let plan = {
                let mut locked = lock(&entry);
                let plan = locked.plan(kid, waited, self.clock.now(), &self.settings);
                match plan {
                    Plan::Fetch(sequence) => Plan::Wait(self.take_off(&entry, &mut locked, issuer, sequence)),
                    Plan::UseAndFetch(keys, sequence) => {
                        self.take_off(&entry, &mut locked, issuer, sequence);
                        Plan::Use(keys)
                    }
                    other => other,
                }
            };
            match plan {
                Plan::Use(keys) => return Ok(keys),
                Plan::Refuse(problem) => return Err(problem),
                Plan::Wait(mut flight) => {
                    // Nothing is ever sent: this ends when the flight does, however it does.
                    let _ended = flight.changed().await;
                    waited = true;
                }
                Plan::Fetch(_) | Plan::UseAndFetch(..) => unreachable!("turned into a flight above"),
            }
        }
    }

    /// Starts a fetch of its own: whoever asked for it may go away without ending it for the others.
    fn take_off(
        &self,
        shared: &Shared,
        entry: &mut Entry,
        issuer: &IssuerConfig,
        sequence: u64,
    ) -> watch::Receiver<()> {
        let (landed, flight) = watch::channel(());
        entry.depart(sequence, flight.clone());
        let (shared, issuer) = (Arc::clone(shared), issuer.clone());
        let (fetcher, clock, settings) =
            (Arc::clone(&self.fetcher), Arc::clone(&self.clock), Arc::clone(&self.settings));
        tokio::spawn(async move {
            let outcome = attempt(&*fetcher, &issuer, settings.timeout).await;
            if let Err(problem) = &outcome {
                tracing::warn!(host = source::host(&issuer), %problem, "cannot read an issuer's key set");
            }
            lock(&shared).arrive(sequence, outcome, clock.now(), (settings.jitter)(), &settings);
            drop(landed);
        });
        flight
    }

    /// The keys that an operator gave, parsed once.
    fn kept(&self, issuer: &IssuerConfig) -> Result<Arc<KeySet>, KeySetUnavailable> {
        let key = (issuer.environment_id, issuer.issuer.clone());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, keys)) = kept.get(&key).filter(|(source, _)| *source == issuer.keys) {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(source::kept(&issuer.keys)?);
        kept.insert(key, (issuer.keys.clone(), Arc::clone(&keys)));
        Ok(keys)
    }

    fn entry(&self, issuer: &IssuerConfig) -> Shared {
        let now = self.clock.now();
        let key = (issuer.environment_id, issuer.issuer.clone());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.get(&key) {
            Some((known, entry)) if *known == issuer.keys => Arc::clone(entry),
            _ => {
                // Issuers that nobody configures any more are nobody's to ask for.
                entries.retain(|_, (_, entry)| now.since(lock(entry).used_at) < self.settings.max_age);
                let entry = Arc::new(Mutex::new(Entry::new(now)));
                entries.insert(key, (issuer.keys.clone(), Arc::clone(&entry)));
                entry
            }
        }
    }
}

fn lock(entry: &Shared) -> MutexGuard<'_, Entry> {
    // Every step leaves the entry whole, so a panic elsewhere while it was held does not spoil it.
    entry.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn attempt(
    fetcher: &dyn FetchJwks,
    issuer: &IssuerConfig,
    timeout: Duration,
) -> Result<(Arc<KeySet>, Option<Duration>), KeySetUnavailable> {
    let answer = tokio::time::timeout(timeout, source::fetch(fetcher, issuer))
        .await
        .map_err(|_| KeySetUnavailable::Timeout { seconds: timeout.as_secs() })??;
    let keys =
        KeySet::parse(&answer.body).map_err(|error| KeySetUnavailable::NotAKeySet(error.to_string()))?;
    for unusable in keys.unusable() {
        tracing::warn!(host = source::host(issuer), why = %unusable.why, "an issuer publishes a key that cannot be used");
    }
    Ok((Arc::new(keys), answer.fresh_for))
}

#[cfg(test)]
mod tests;
