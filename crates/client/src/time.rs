//! What time it is for the server, as far as this machine can know.
//!
//! The wall clock may be wrong or be stepped; the monotonic one never is, but stops while the machine
//! sleeps. Together, with what the server's answers say, they give bounds.

use crate::ports::Clock;
use std::{cell::Cell, fmt, rc::Rc};

/// A difference between the two clocks beyond this is a sleep or a step, in milliseconds.
const STEP_MS: i64 = 2000;

/// An answer that took longer says too little: the page was frozen meanwhile.
const LONGEST_TRIP_MS: i64 = 15_000;

/// The server's time now, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// It is not earlier.
    pub low: i64,
    /// The best guess.
    pub best: i64,
    /// It is not later.
    pub high: i64,
    /// Whether that can be relied upon: not before the first answer, and not after a sleep or a step of the
    /// clock before the next.
    pub certain: bool,
    /// Whether it may be later than that, nobody knows by how much: the clock was put back.
    pub behind: bool,
    /// Whether the page can be seen: a hidden one leaves work to others for a while.
    pub visible: bool,
}

/// What an answer said of the time, in milliseconds, for other pages of the same machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learnt {
    /// The server's time then; 0 where nothing was learnt.
    pub(crate) server: i64,
    /// How far it was ahead of the wall clock, at least.
    pub(crate) skew: i64,
    /// And how much more it may have been.
    pub(crate) spread: i64,
}

/// Reads both clocks and learns from answers.
pub(crate) struct Timekeeper {
    clock: Rc<dyn Clock>,
    kept: Cell<Kept>,
}

#[derive(Clone, Copy)]
struct Kept {
    wall: i64,
    monotonic: i64,
    /// What the wall clock lacks since it was put back.
    correction: i64,
    /// Bounds of what the server's clock is ahead of the corrected wall clock.
    low: i64,
    high: i64,
    certain: bool,
    /// It is later than the best guess says, nobody knows by how much.
    behind: bool,
    /// That was so when this page compared itself with others.
    noted: bool,
    /// The latest time that others have told of, once: an answer since then knows better.
    told: i64,
    learnt: Learnt,
}

impl fmt::Debug for Timekeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timekeeper").finish_non_exhaustive()
    }
}

impl Timekeeper {
    pub(crate) fn new(clock: Rc<dyn Clock>) -> Self {
        let (wall, monotonic) = (clock.now_ms(), clock.monotonic_ms());
        let kept = Kept {
            wall,
            monotonic,
            correction: 0,
            low: 0,
            high: 0,
            certain: false,
            behind: false,
            noted: false,
            told: 0,
            learnt: Learnt::default(),
        };
        Self { clock, kept: Cell::new(kept) }
    }

    /// This machine's time, without its steps backwards. For measuring a round trip with [`Self::learn`].
    pub(crate) fn local_ms(&self) -> i64 {
        let kept = self.read();
        kept.wall + kept.correction
    }

    /// The server's time.
    pub(crate) fn now(&self, visible: bool) -> Now {
        let kept = self.read();
        let local = kept.wall + kept.correction;
        Now {
            low: local + kept.low,
            best: local + best(&kept),
            high: local + kept.high,
            certain: kept.certain,
            behind: kept.behind,
            visible,
        }
    }

    /// How far the server's clock is ahead of the wall clock.
    pub(crate) fn skew_ms(&self) -> i64 {
        let kept = self.read();
        kept.correction + best(&kept)
    }

    /// What was learnt last.
    pub(crate) fn learnt(&self) -> Learnt {
        self.kept.get().learnt
    }

    /// Compares with what another page had learnt when it wrote, and when its tokens were issued. It was at
    /// least that late already. Its skew
    /// is taken where this page has learnt nothing, and where it was in doubt when the other page did: the
    /// other has renewed the tokens meanwhile.
    pub(crate) fn compare(&self, other: Learnt, issued_ms: i64, renewed: bool) {
        let mut kept = self.read();
        let has_doubt = !kept.certain || kept.behind;
        let is_useful = (has_doubt && kept.noted && renewed) || kept.learnt.server == 0;
        if is_useful && other.server > 0 {
            kept.low = other.skew - kept.correction;
            kept.high = kept.low + other.spread;
            kept.learnt = other;
            (kept.certain, kept.behind) = (kept.certain || renewed, kept.behind && !renewed);
        }
        let told = other.server.max(issued_ms);
        if told != kept.told {
            at_least(&mut kept, told);
            kept.told = told;
        }
        kept.noted = !kept.certain || kept.behind;
        self.kept.set(kept);
    }

    /// Learns from the whole second that an answer names; the request was sent at this local time. The
    /// server said it somewhere between then and now, and that is how far it can be believed.
    pub(crate) fn learn(&self, sent_local_ms: i64, server_second: i64) {
        let mut kept = self.read();
        let received = kept.wall + kept.correction;
        if received - sent_local_ms > LONGEST_TRIP_MS {
            at_least(&mut kept, server_second * 1000);
            return self.kept.set(kept);
        }
        let low = server_second * 1000 - received;
        let high = server_second * 1000 + 999 - sent_local_ms.min(received);
        let agrees = low <= kept.high && kept.low <= high && kept.low != kept.high;
        let (low, high) = if agrees { (low.max(kept.low), high.min(kept.high)) } else { (low, high) };
        self.remember(Kept { low, high, certain: true, ..kept }, server_second * 1000);
    }

    /// The server does not say what time it is: what is known has to do.
    pub(crate) fn give_up(&self) {
        let kept = self.read();
        self.remember(Kept { certain: true, ..kept }, kept.wall + kept.correction + best(&kept));
    }

    fn remember(&self, kept: Kept, server_ms: i64) {
        let best = best(&kept);
        let learnt = Learnt { server: server_ms, skew: kept.correction + best, spread: kept.high - best };
        self.kept.set(Kept { behind: false, noted: false, learnt, ..kept });
    }

    fn read(&self) -> Kept {
        let mut kept = self.kept.get();
        let (wall, monotonic) = (self.clock.now_ms(), self.clock.monotonic_ms());
        let drift = (wall - kept.wall) - (monotonic - kept.monotonic);
        // Put back, and perhaps it slept meanwhile; or slept, or put forward: nobody here can tell which.
        if drift.abs() > STEP_MS {
            kept.correction += (-drift).max(0);
            (kept.behind, kept.certain) = (kept.behind || drift < 0, kept.certain && drift < 0);
        }
        (kept.wall, kept.monotonic) = (wall, monotonic);
        self.kept.set(kept);
        kept
    }
}

/// It was that late for the server already.
fn at_least(kept: &mut Kept, server_ms: i64) {
    let late_by = server_ms - (kept.wall + kept.correction + best(kept));
    if late_by > STEP_MS {
        kept.correction += late_by;
        kept.behind = true;
    }
}

/// No skew where none is needed to explain what was seen.
fn best(kept: &Kept) -> i64 {
    0.clamp(kept.low, kept.high)
}

/// The second of a `Date` header (RFC 9110 5.6.7, the form that is sent): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let month = MONTHS.find(text.get(8..11)?).filter(|at| at % 3 == 0)? / 3;
    let (day, year) = (number(5, 7)?, number(12, 16)?);
    // Years that begin in March have their odd day at their end.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let month = i64::try_from(month).ok()?;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    let seconds = number(17, 19)? * 3600 + number(20, 22)? * 60 + number(23, 25)?;
    text.ends_with(" GMT").then_some(days * 86_400 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Fake {
        wall: Cell<i64>,
        monotonic: Cell<i64>,
    }

    impl Clock for Fake {
        fn now_ms(&self) -> i64 {
            self.wall.get()
        }

        fn monotonic_ms(&self) -> i64 {
            self.monotonic.get()
        }
    }

    fn keeper() -> (Rc<Fake>, Timekeeper) {
        let fake = Rc::new(Fake::default());
        fake.wall.set(1_800_000_000_000);
        let keeper = Timekeeper::new(Rc::clone(&fake) as _);
        (fake, keeper)
    }

    impl Fake {
        fn pass(&self, wall: i64, monotonic: i64) {
            self.wall.set(self.wall.get() + wall);
            self.monotonic.set(self.monotonic.get() + monotonic);
        }
    }

    #[test]
    fn dates_are_read() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(http_date("Fri, 31 Dec 2100 00:00:00 GMT"), Some(4_133_894_400));
        for text in
            ["", "x", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nxx 1994 08:49:37 GMT", "Sünday 06 Nov 94 GMT"]
        {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_that_is_put_back_is_not_believed() {
        let (fake, keeper) = keeper();
        let before = keeper.now(true);
        fake.pass(-86_400_000 + 500, 500);
        let after = keeper.now(true);
        assert_eq!(after.best - before.best, 500);
        assert!(keeper.now(true).behind, "it may have slept meanwhile");
        assert_eq!(keeper.skew_ms(), 86_400_000);
    }

    #[test]
    fn time_that_only_the_wall_clock_knows_of_has_passed_but_is_not_certain() {
        let (fake, keeper) = keeper();
        assert!(!keeper.now(true).certain, "nobody has said what time it is");
        keeper.learn(keeper.local_ms(), 1_800_000_000);
        let before = keeper.now(true);
        assert!(before.certain);
        fake.pass(3_600_000, 0);
        let after = keeper.now(true);
        assert_eq!((after.best - before.best, after.certain), (3_600_000, false));
    }

    #[test]
    fn skew_is_learnt_within_the_round_trip() {
        let (fake, keeper) = keeper();
        let sent = keeper.local_ms();
        fake.pass(400, 400);
        // The server is two hours ahead.
        keeper.learn(sent, 1_800_007_200);
        let now = keeper.now(true);
        assert_eq!((now.low, now.high), (1_800_007_200_000, 1_800_007_200_999 + 400));
        assert!(now.certain);
    }

    #[test]
    fn a_clock_that_agrees_has_no_skew() {
        let (fake, keeper) = keeper();
        let sent = keeper.local_ms();
        fake.pass(400, 400);
        keeper.learn(sent, 1_800_000_000);
        assert_eq!(keeper.skew_ms(), 0);
    }

    #[test]
    fn answers_narrow_the_bounds_and_a_contradiction_replaces_them() {
        let (fake, keeper) = keeper();
        let sent = keeper.local_ms();
        fake.pass(3000, 3000);
        keeper.learn(sent, 1_800_000_101);
        let sent = keeper.local_ms();
        keeper.learn(sent, 1_800_000_103);
        let kept = keeper.kept.get();
        assert_eq!((kept.low, kept.high), (100_000, 100_999));
        keeper.learn(keeper.local_ms(), 1_700_000_000);
        assert_eq!(keeper.skew_ms(), -100_000_002_001);
    }

    #[test]
    fn another_page_saw_a_later_time() {
        let (_, keeper) = keeper();
        keeper.compare(Learnt { server: 1_800_000_001_000, skew: 0, spread: 0 }, 0, false);
        assert!(!keeper.now(true).behind);
        keeper.compare(Learnt { server: 1_800_000_100_000, skew: 0, spread: 0 }, 0, false);
        assert!(keeper.now(true).behind);
        assert_eq!(keeper.now(true).best, 1_800_000_100_000);
        keeper.learn(keeper.local_ms(), 1_800_000_200);
        assert!(!keeper.now(true).behind);
    }

    #[test]
    fn what_another_page_learnt_ends_the_doubt() {
        let (fake, keeper) = keeper();
        keeper.learn(keeper.local_ms(), 1_800_000_000);
        fake.pass(86_400_000, 0);
        assert!(!keeper.now(true).certain);
        // Perhaps it was renewed before the clock was put forward.
        keeper.compare(Learnt { server: 1_799_999_999_000, skew: 0, spread: 0 }, 0, true);
        assert!(!keeper.now(true).certain);
        fake.pass(1000, 1000);
        keeper.compare(Learnt { server: 1_800_000_001_000, skew: -86_400_000, spread: 0 }, 0, true);
        assert_eq!((keeper.now(true).best, keeper.now(true).certain), (1_800_000_001_000, true));
    }
}
