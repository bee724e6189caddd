//! One quota of one caller: a sliding window from two counters. The requests of the window before count
//! by the part of it that still lies within one window's length from now.

use super::quota::Quota;
use crate::clock::UnixMillis;
use std::time::Duration;

/// Two counters and when the younger one began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    start: i64,
    before: u32,
    current: u32,
}

impl Window {
    /// Moves on to the window of `now`. After a jump of the clock it is empty.
    pub(super) fn roll(&mut self, quota: Quota, now: UnixMillis) {
        let start = now.0 - now.0.rem_euclid(length(quota));
        if start != self.start {
            let follows = self.start.saturating_add(length(quota)) == start;
            *self = Self { start, before: if follows { self.current } else { 0 }, current: 0 };
        }
    }

    /// How long one more request has to wait. Of a window that was rolled.
    pub(super) fn wait(&self, quota: Quota, now: UnixMillis) -> Duration {
        let length = length(quota);
        let (limit, before, current) =
            (i64::from(quota.requests), i64::from(self.before), i64::from(self.current));
        let elapsed = now.0 - self.start;
        let room = (limit - 1 - current) * length;
        if before * (length - elapsed) <= room {
            return Duration::ZERO;
        }
        let wait = if room >= 0 {
            fits_at(before, room, length) - elapsed
        } else {
            length - elapsed + fits_at(current, (limit - 1) * length, length)
        };
        Duration::from_millis(u64::try_from(wait.max(1)).unwrap_or(1))
    }

    /// Counts a request.
    pub(super) fn count(&mut self) {
        self.current = self.current.saturating_add(1);
    }

    /// How much is known about the caller; 0: nothing that is worth keeping.
    pub(super) fn weight(&self) -> u64 {
        u64::from(self.before) + u64::from(self.current)
    }
}

/// How far into a window `before · (length − elapsed) ≤ room` comes true.
fn fits_at(before: i64, room: i64, length: i64) -> i64 {
    if before == 0 { 0 } else { (length - room / before).clamp(0, length) }
}

fn length(quota: Quota) -> i64 {
    i64::try_from(quota.per.as_millis()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::{Quota, UnixMillis, Window};
    use std::time::Duration;

    const QUOTA: Quota = Quota { requests: 10, per: Duration::from_secs(10) };

    fn call(window: &mut Window, now: i64) -> Duration {
        window.roll(QUOTA, UnixMillis(now));
        let wait = window.wait(QUOTA, UnixMillis(now));
        if wait.is_zero() {
            window.count();
        }
        wait
    }

    #[test]
    fn waiting_as_long_as_was_said_is_enough_and_less_is_not() {
        for start in [0, 1, 4_999, 9_999] {
            let mut window = Window::default();
            let mut now = 1_000_000 + start;
            for round in 0..200 {
                let wait = call(&mut window, now);
                if wait.is_zero() {
                    continue;
                }
                let wait = i64::try_from(wait.as_millis()).unwrap();
                assert!((1..=20_000).contains(&wait), "{wait}");
                if wait > 1 {
                    assert!(!call(&mut window, now + wait - 2).is_zero(), "{start} {round}");
                }
                now += wait;
                assert!(call(&mut window, now).is_zero(), "{start} {round} {wait}");
            }
        }
    }

    #[test]
    fn a_burst_at_the_seam_is_no_double_quota() {
        let mut window = Window::default();
        let passed = (19_990..20_010).filter(|now| call(&mut window, *now).is_zero()).count();
        assert!(passed <= 11, "{passed}");
    }

    #[test]
    fn a_clock_that_jumps_locks_nobody_out() {
        let mut window = Window::default();
        for _ in 0..10 {
            assert!(call(&mut window, 100_000_000).is_zero());
        }
        assert!(!call(&mut window, 100_000_000).is_zero());
        assert!(call(&mut window, 50_000_000).is_zero());
    }
}
