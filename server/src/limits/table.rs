//! Callers and their windows in a table of fixed size: sets of eight, chosen by a keyed hash. Where a set
//! is full the quietest caller is forgotten, so that a flood from many addresses neither grows the table
//! nor lets the loudest start afresh.

use super::quota::{MAX_QUOTAS, Quota, Quotas};
use super::window::Window;
use crate::clock::UnixMillis;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const WAYS: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u128,
    windows: [Window; MAX_QUOTAS],
}

impl Slot {
    fn weight(&self) -> u64 {
        self.windows.iter().map(Window::weight).max().unwrap_or_default()
    }
}

/// See the module.
pub(super) struct Table {
    quotas: Vec<Quota>,
    sets: Vec<Mutex<[Slot; WAYS]>>,
    /// Keyed afresh in each process, so that nobody can choose addresses that meet in one set.
    hasher: RandomState,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Table").field("quotas", &self.quotas).finish_non_exhaustive()
    }
}

impl Table {
    pub(super) fn new(quotas: &Quotas, callers: usize) -> Self {
        let sets = (0..callers.div_ceil(WAYS).max(1)).map(|_| Mutex::default()).collect();
        Self { quotas: quotas.all().to_vec(), sets, hasher: RandomState::new() }
    }

    /// Counts a request of `key`, or says how long it has to wait.
    pub(super) fn admit(&self, key: u128, now: UnixMillis) -> Result<(), Duration> {
        self.look(key, now, true)
    }

    /// Says how long a request of `key` would have to wait, and counts nothing.
    pub(super) fn check(&self, key: u128, now: UnixMillis) -> Result<(), Duration> {
        self.look(key, now, false)
    }

    fn look(&self, key: u128, now: UnixMillis, is_counted: bool) -> Result<(), Duration> {
        let index = usize::try_from(self.hasher.hash_one(key)).unwrap_or(usize::MAX) % self.sets.len();
        let Some(set) = self.sets.get(index) else { return Ok(()) };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in &mut *set {
            for (window, quota) in slot.windows.iter_mut().zip(&self.quotas) {
                window.roll(*quota, now);
            }
        }
        let rank = |slot: &&mut Slot| (slot.key != key || slot.weight() == 0, slot.weight());
        let Some(slot) = set.iter_mut().min_by_key(rank) else { return Ok(()) };
        if slot.key != key {
            if !is_counted {
                return Ok(());
            }
            *slot = Slot { key, ..Slot::default() };
            for (window, quota) in slot.windows.iter_mut().zip(&self.quotas) {
                window.roll(*quota, now);
            }
        }
        let windows = || slot.windows.iter().zip(&self.quotas);
        let wait = windows().map(|(window, quota)| window.wait(*quota, now)).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        if is_counted {
            for window in slot.windows.iter_mut().take(self.quotas.len()) {
                window.count();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Quotas, Table, UnixMillis};

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    #[test]
    fn a_flood_of_addresses_does_not_free_the_loudest() {
        let table = Table::new(&Quotas::of(&[(10, 60)]), 64);
        while table.admit(1, NOW).is_ok() {}
        let passed = (2..100_000).filter(|key| table.admit(*key, NOW).is_ok()).count();
        assert_eq!(passed, 99_998, "strangers are let in");
        assert!(table.admit(1, NOW).is_err(), "and the loudest is still known");
    }

    #[test]
    fn one_caller_has_one_slot() {
        let table = Table::new(&Quotas::of(&[(1_000, 60), (3, 60)]), 8);
        for key in 0..6 {
            for _ in 0..3 {
                assert!(table.admit(key, NOW).is_ok(), "{key}");
            }
            assert!(table.admit(key, NOW).is_err(), "{key}");
        }
    }

    #[test]
    fn looking_counts_nothing_and_forgets_nobody() {
        let table = Table::new(&Quotas::of(&[(1, 60)]), 8);
        for key in 0..8 {
            assert!(table.admit(key, NOW).is_ok());
        }
        for key in 8..1_000 {
            assert!(table.check(key, NOW).is_ok() && table.check(key, NOW).is_ok());
        }
        assert!((0..8).all(|key| table.check(key, NOW).is_err()));
    }
}
