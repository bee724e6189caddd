//! Lets go of what was made of environments as they were.

use super::Exchange;
use crate::store::{Change, Changes};

impl Exchange {
    /// Forgets private keys of our own when another server announces that their environment has changed, also
    /// where nobody asks for that environment any more. Until the announcements end.
    ///
    /// No answer depends on it: whether a key may be used still says the revision, which each request reads.
    pub async fn follow(self, mut changes: Changes) {
        while let Some(change) = changes.next().await {
            match change {
                Change::Environment(id) => self.signing.forget(id),
                Change::Everything => self.signing.forget_all(),
                Change::Swept => {}
            }
        }
    }
}
