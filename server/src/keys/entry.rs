//! One issuer's key set: what is known, how fresh it is, and when the next attempt may be made. A state
//! machine over given times; it fetches nothing itself.

use std::{sync::Arc, time::Duration};

use byoa_jwt::KeySet;
use tokio::sync::watch;

use super::{KeySetSettings, KeySetUnavailable};
use crate::clock::UnixMillis;

/// A flight that may be waited for; it ends when its sender goes.
pub(super) type Flight = watch::Receiver<()>;

/// What to do for somebody who wants keys.
#[derive(Debug)]
pub(super) enum Plan {
    /// Take these.
    Use(Arc<KeySet>),
    /// Take these, and fetch meanwhile under this number.
    UseAndFetch(Arc<KeySet>, u64),
    /// Fetch under this number, then look again.
    Fetch(u64),
    /// Somebody fetches: wait, then look again.
    Wait(Flight),
    /// There are none.
    Refuse(KeySetUnavailable),
}

/// One issuer's key set.
#[derive(Debug)]
pub(super) struct Entry {
    current: Option<Current>,
    flight: Option<Flight>,
    /// Flights that took off.
    started: u64,
    /// Failures since the last success.
    failures: u32,
    next_attempt: UnixMillis,
    last_problem: Option<KeySetUnavailable>,
    /// When somebody last asked.
    pub(super) used_at: UnixMillis,
}

#[derive(Debug)]
struct Current {
    keys: Arc<KeySet>,
    sequence: u64,
    fetched_at: UnixMillis,
    fresh_for: Duration,
}

impl Current {
    /// Fresh answers are renewed in the background when this much of their time has gone.
    fn is_aging(&self, now: UnixMillis) -> bool {
        now.since(self.fetched_at) >= self.fresh_for * 4 / 5
    }

    fn is_fresh(&self, now: UnixMillis) -> bool {
        // A clock that was set back must not make an answer fresh for ever.
        now >= self.fetched_at && now.since(self.fetched_at) < self.fresh_for
    }

    fn is_too_old(&self, now: UnixMillis, max_age: Duration) -> bool {
        now.since(self.fetched_at) >= max_age
    }
}

impl Entry {
    pub(super) const fn new(now: UnixMillis) -> Self {
        Self {
            current: None,
            flight: None,
            started: 0,
            failures: 0,
            next_attempt: UnixMillis(i64::MIN),
            last_problem: None,
            used_at: now,
        }
    }

    /// What to do for somebody who needs the key `kid`. Whoever is told to fetch must say so with
    /// [`Self::depart`] before letting go of the entry. `waited`: has waited for a flight already.
    pub(super) fn plan(
        &mut self,
        kid: Option<&str>,
        waited: bool,
        now: UnixMillis,
        settings: &KeySetSettings,
    ) -> Plan {
        self.used_at = now;
        if self.current.as_ref().is_some_and(|current| current.is_too_old(now, settings.max_age)) {
            self.current = None;
        }
        // A flight comes back through `arrive`; one whose sender went without that has died.
        if self.flight.as_ref().is_some_and(|flight| flight.has_changed().is_err()) {
            self.flight = None;
            self.next_attempt = now.plus(settings.cooldown);
        }
        // A clock that was set back must not put the next attempt off for long.
        if self.next_attempt.since(now) > settings.max_backoff * 2 {
            self.next_attempt = now;
        }
        let may_fetch = self.flight.is_none() && now >= self.next_attempt;

        let Some(current) = &self.current else {
            return match (&self.flight, &self.last_problem) {
                (Some(flight), _) if !waited => Plan::Wait(flight.clone()),
                (None, _) if may_fetch && !waited => Plan::Fetch(self.started + 1),
                (_, Some(problem)) => Plan::Refuse(problem.clone()),
                (_, None) => Plan::Refuse(KeySetUnavailable::Unreachable),
            };
        };
        let keys = Arc::clone(&current.keys);
        let has_key = kid.is_none_or(|kid| knows(&keys, kid));
        match &self.flight {
            _ if waited => Plan::Use(keys),
            _ if has_key && current.is_fresh(now) => {
                if may_fetch && current.is_aging(now) {
                    Plan::UseAndFetch(keys, self.started + 1)
                } else {
                    Plan::Use(keys)
                }
            }
            Some(flight) => Plan::Wait(flight.clone()),
            None if may_fetch => Plan::Fetch(self.started + 1),
            None => Plan::Use(keys),
        }
    }

    /// A flight took off.
    pub(super) fn depart(&mut self, sequence: u64, flight: Flight) {
        self.started = sequence;
        self.flight = Some(flight);
    }

    /// A flight came back. `jitter` is from 0 to 1.
    pub(super) fn arrive(
        &mut self,
        sequence: u64,
        outcome: Result<(Arc<KeySet>, Option<Duration>), KeySetUnavailable>,
        now: UnixMillis,
        jitter: f64,
        settings: &KeySetSettings,
    ) {
        if sequence == self.started {
            self.flight = None;
        }
        match outcome {
            // Overtaken by a later flight: its answer is the newer one.
            Ok(_) if self.current.as_ref().is_some_and(|current| current.sequence > sequence) => {}
            Ok((keys, fresh_for)) => {
                let fresh_for =
                    fresh_for.unwrap_or(settings.default_ttl).clamp(settings.min_ttl, settings.max_ttl);
                self.current = Some(Current { keys, sequence, fetched_at: now, fresh_for });
                self.failures = 0;
                self.last_problem = None;
                self.next_attempt = now.plus(settings.cooldown);
            }
            Err(problem) => {
                self.next_attempt = now.plus(settings.backoff(self.failures, jitter));
                self.failures = self.failures.saturating_add(1);
                self.last_problem = Some(problem);
            }
        }
    }
}

/// Whether a set has a word to say about `kid`: also "that key cannot be used" needs no refetch.
fn knows(keys: &KeySet, kid: &str) -> bool {
    keys.kids().contains(&kid) || keys.unusable().iter().any(|key| key.kid.as_deref() == Some(kid))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use byoa_jwt::KeySet;
    use tokio::sync::watch;

    use super::{Entry, Plan};
    use crate::{clock::UnixMillis, keys::KeySetSettings};

    #[test]
    fn a_newer_answer_is_not_overwritten_by_an_older_one() {
        let (settings, now) = (KeySetSettings::default(), UnixMillis(0));
        let (older, newer) = (Arc::new(KeySet::default()), Arc::new(KeySet::default()));
        let mut entry = Entry::new(now);
        entry.depart(1, watch::channel(()).1);
        entry.depart(2, watch::channel(()).1);
        entry.arrive(2, Ok((Arc::clone(&newer), None)), now, 0.0, &settings);
        entry.arrive(1, Ok((older, None)), now, 0.0, &settings);
        match entry.plan(None, false, now, &settings) {
            Plan::Use(keys) => assert!(Arc::ptr_eq(&keys, &newer)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn back_off_doubles_up_to_a_limit_and_jitter_only_adds() {
        let settings = KeySetSettings::default();
        let seconds = |failures, jitter| settings.backoff(failures, jitter).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 40].map(|n| seconds(n, 0.0)), [30, 60, 120, 240, 300, 300]);
        assert_eq!(settings.backoff(0, 1.0), Duration::from_secs(33));
        assert_eq!(seconds(u32::MAX, 9.0), 330);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_fresh_for_ever() {
        let settings = KeySetSettings::default();
        let mut entry = Entry::new(UnixMillis(1_000_000_000));
        entry.depart(1, watch::channel(()).1);
        entry.arrive(1, Ok((Arc::default(), None)), UnixMillis(1_000_000_000), 0.0, &settings);
        entry.next_attempt = UnixMillis(0);
        assert!(matches!(entry.plan(None, false, UnixMillis(500_000), &settings), Plan::Fetch(2)));
    }
}
