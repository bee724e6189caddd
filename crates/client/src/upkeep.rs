//! When a session is refreshed, when its end is told, and when it is over. Functions of values only.

use crate::{Session, time::Now};

/// How a session is kept alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// A refresh is under way.
    pub refreshing: bool,
    /// How many refreshes failed in a row.
    pub failures: u32,
    /// Where one failed: when the next is due, in milliseconds since 1970.
    pub retry_at_ms: i64,
    /// The listeners know that the token ends soon.
    pub told: bool,
}

/// What does not change while a client lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Sessions are refreshed without being asked for.
    pub auto_refresh: bool,
    /// Spreads the refreshes of many tabs and pages.
    pub seed: u32,
}

/// The first retry comes after about this time; each further one after twice as much.
const FIRST_RETRY_MS: i64 = 1000;

const LAST_RETRY_MS: i64 = 60_000;

/// The end is told this long before it, or a tenth of a shorter life.
const TOLD_BEFORE_MS: i64 = 60_000;

impl Policy {
    /// When the refresh is due: from 75 % of the token's life, later in a page that nobody sees, and
    /// never after 90 %: somebody has to.
    #[must_use]
    pub fn refresh_at(self, session: &Session, generation: u32, upkeep: Upkeep, now: Now) -> i64 {
        if upkeep.failures > 0 {
            return upkeep.retry_at_ms;
        }
        // How much time has passed is not known, or seems to be too much, and an answer says it.
        if now.behind || self.limit(session) <= now.best {
            return now.best;
        }
        // A refresh would not make it live longer.
        if session.refresh_expires_at_ms.is_some_and(|limit| limit <= session.expires_at_ms) {
            return i64::MAX;
        }
        let life = session.expires_at_ms - session.issued_at_ms;
        let spread = self.spread(generation) * 75 / 1000;
        let share = if now.visible { 750 } else { 825 } + spread;
        session.issued_at_ms + life * share / 1000
    }

    /// How fresh tokens are kept alive. Those that were given out before may be due at once: they wait. Where
    /// that happens again, some clock is wrong, and no refresh sets it right: ever longer, up to half a life.
    #[must_use]
    pub fn renewed(self, session: &Session, generation: u32, before: Upkeep, now: Now) -> Upkeep {
        let fresh = Upkeep::default();
        if self.refresh_at(session, generation, fresh, now) > now.best {
            return fresh;
        }
        let rest = (session.expires_at_ms - now.best) / 2;
        let half_life = (session.expires_at_ms - session.issued_at_ms) / 2;
        let wait = (FIRST_RETRY_MS << (2 * before.failures.min(8))).min(half_life).max(FIRST_RETRY_MS);
        Upkeep { failures: before.failures + 1, retry_at_ms: now.best + rest.max(wait), ..fresh }
    }

    /// When to try again after that many failures in a row.
    #[must_use]
    pub fn retry_at(self, failures: u32, wait_ms: i64, now: Now) -> i64 {
        let back_off = (FIRST_RETRY_MS << failures.saturating_sub(1).min(6)).min(LAST_RETRY_MS);
        now.best + (back_off / 2 + back_off * self.spread(failures) / 1000).max(wait_ms)
    }

    /// When the session cannot be kept alive any more.
    #[must_use]
    pub fn limit(self, session: &Session) -> i64 {
        let refreshable = session.refresh_expires_at_ms.filter(|_| self.auto_refresh);
        refreshable.unwrap_or(0).max(session.expires_at_ms)
    }

    /// Whether that time has come, beyond doubt.
    #[must_use]
    pub fn is_over(self, session: &Session, now: Now) -> bool {
        self.limit(session) <= now.low && now.certain
    }

    /// Whether that time seems to have come, and nobody is going to ask the server.
    #[must_use]
    pub fn is_left(self, session: &Session, now: Now) -> bool {
        self.limit(session) <= now.low && !self.auto_refresh
    }

    /// When something has to be done next.
    #[must_use]
    pub fn wake_at(self, session: &Session, generation: u32, upkeep: Upkeep, now: Now) -> i64 {
        // The limit is judged by the earliest time that it can be; past it only an answer helps.
        let limit = self.limit(session);
        let mut next = if limit > now.low { limit + now.best - now.low } else { i64::MAX };
        if self.auto_refresh && !upkeep.refreshing {
            next = next.min(self.refresh_at(session, generation, upkeep, now));
        }
        if upkeep.told { next } else { next.min(tell_at(session)) }
    }

    /// From 0 to 1000, another for every tab and every token.
    fn spread(self, salt: u32) -> i64 {
        let mixed = (self.seed ^ salt.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
        i64::from((mixed >> 16) % 1001)
    }
}

/// When the listeners are told that the token ends soon.
pub(crate) fn tell_at(session: &Session) -> i64 {
    let life = session.expires_at_ms - session.issued_at_ms;
    session.expires_at_ms - (life / 10).min(TOLD_BEFORE_MS)
}
