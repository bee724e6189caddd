//! Values that an operator may change while the server runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A value that all of its clones share and any of them may replace. What a request has read stays with
/// it: nobody sees half of a change.
pub struct Live<T>(Arc<RwLock<T>>);

impl<T: Clone> Live<T> {
    /// Begins with `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(value)))
    }

    /// The value as it is now.
    #[must_use]
    pub fn get(&self) -> T {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it for all clones.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::Live;

    #[test]
    fn a_change_reaches_every_clone_and_nothing_that_was_read_before() {
        let one = Live::new(vec![1]);
        let other = one.clone();
        let read = other.get();
        one.set(vec![2]);
        assert_eq!((read, other.get()), (vec![1], vec![2]));
    }
}
