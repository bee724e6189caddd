//! What is announced between servers that share a database.
//!
//! Announcements are hints. They come after the change, may come late, twice or not at all, and nothing may
//! be answered on the strength of none having come: what is current says the database, in the revision that
//! every look-up of an environment reads.

use tokio::sync::broadcast;
use uuid::Uuid;

/// What one announcement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// This environment, its issuers or its signing keys are others now.
    Environment(Uuid),
    /// Announcements may have been missed: anything may be other than it was.
    Everything,
    /// A server, perhaps this one, has just forgotten what had ended.
    Swept,
}

/// Announcements from now on.
#[derive(Debug)]
pub struct Changes(Option<broadcast::Receiver<Change>>);

impl Changes {
    /// Where nothing is ever announced.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The next one; `None` where none comes any more. Whoever is too slow is told that it may be anything.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.as_mut()?.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Everything),
            Err(broadcast::error::RecvError::Closed) => {
                self.0 = None;
                None
            }
        }
    }
}

impl From<broadcast::Receiver<Change>> for Changes {
    fn from(receiver: broadcast::Receiver<Change>) -> Self {
        Self(Some(receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Changes};
    use tokio::sync::broadcast;
    use uuid::Uuid;

    #[tokio::test]
    async fn whoever_is_too_slow_is_told_that_it_may_be_anything() {
        let (sender, receiver) = broadcast::channel(2);
        let mut changes = Changes::from(receiver);
        for number in 1..=4 {
            sender.send(Change::Environment(Uuid::from_u128(number))).unwrap();
        }
        drop(sender);
        assert_eq!(changes.next().await, Some(Change::Everything));
        for number in 3..=4 {
            assert_eq!(changes.next().await, Some(Change::Environment(Uuid::from_u128(number))));
        }
        assert_eq!((changes.next().await, changes.next().await), (None, None));
        assert_eq!(Changes::none().next().await, None);
    }
}
