//! Environments that were read once, each as of its revision. Which revision the database has now decides
//! whether one of them still holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::store::Environment;

/// The environments. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<Uuid, Arc<Environment>>>>);

impl Known {
    /// The environment, where it is known as of that revision.
    pub(super) fn at(&self, id: Uuid, revision: i64) -> Option<Arc<Environment>> {
        self.map().get(&id).filter(|known| known.revision == revision).map(Arc::clone)
    }

    /// Keeps it.
    pub(super) fn keep(&self, environment: &Arc<Environment>) {
        self.map().insert(environment.id, Arc::clone(environment));
    }

    /// Lets go of one.
    pub(super) fn forget(&self, id: Uuid) {
        self.map().remove(&id);
    }

    /// Lets go of all.
    pub(super) fn forget_all(&self) {
        self.map().clear();
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Environment>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
