//! When a message is tried again, when it is given up, and when its endpoint is.

use std::time::Duration;

use crate::{clock::UnixMillis, store::webhooks::MessageState};

/// How many messages may wait for one webhook; the oldest go beyond that, with a line in the audit log.
pub const MOST_WAITING: u32 = 100_000;

/// How long after each failed try the next one comes.
pub const RETRY_AFTER: [Duration; 5] = [
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(24),
];

/// How often a message is tried before it is given up.
#[expect(clippy::cast_possible_truncation, reason = "it is six")]
pub const MAX_TRIES: u32 = RETRY_AFTER.len() as u32 + 1;

/// An endpoint is disabled when so many messages were given up …
pub const DISABLE_AFTER: u32 = 100;

/// … within this time, in which none was delivered.
pub const DISABLE_WITHIN: Duration = Duration::from_hours(24);

/// How long a message is kept after it was delivered or given up.
pub const KEPT: Duration = Duration::from_hours(90 * 24);

/// What becomes of a message whose try number `tries` has failed at `now`.
pub(super) fn after_failure(tries: u32, now: UnixMillis) -> (MessageState, UnixMillis) {
    let wait = usize::try_from(tries).ok().and_then(|tries| RETRY_AFTER.get(tries.saturating_sub(1)));
    match wait {
        Some(wait) => (MessageState::Pending, now.plus(*wait)),
        None => (MessageState::Failed, now),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TRIES, after_failure};
    use crate::{clock::UnixMillis, store::webhooks::MessageState};

    #[test]
    fn five_waits_and_then_no_more() {
        let now = UnixMillis(1_000_000);
        let waits: Vec<_> = (1..=MAX_TRIES).map(|tries| after_failure(tries, now)).collect();
        let seconds: Vec<_> = waits.iter().map(|(_, due)| due.since(now).as_secs()).collect();
        assert_eq!(seconds, [15, 60, 600, 3_600, 86_400, 0]);
        let failed = waits.iter().filter(|(state, _)| *state == MessageState::Failed).count();
        assert_eq!((failed, waits.last().map(|(state, _)| *state)), (1, Some(MessageState::Failed)));
    }
}
