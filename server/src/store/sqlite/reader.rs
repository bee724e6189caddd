//! Reads by key: one thread with a connection, which takes whatever waits before it sleeps again.
//!
//! Nothing here may walk through a table: the next in the queue waits for it.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Result, connection::File, queue::Queue};
use crate::store::StoreError;

/// How many reads may wait; further callers wait for room.
const MOST_WAITING: usize = 1_024;

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// Takes reads and answers each as of a moment after it was asked. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    queue: Queue<Read>,
}

impl Reader {
    /// Starts the thread. It ends with the last clone of the reader.
    pub(super) fn start(file: &File) -> rusqlite::Result<Self> {
        let connection = file.for_reading()?;
        let queue = Queue::<Read>::start(MOST_WAITING, move |mut waiting| {
            while let Some(read) = waiting.blocking_recv() {
                read(&connection);
            }
        });
        Ok(Self { queue })
    }

    /// Reads. A caller that is gone before its turn has nothing read.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            if !answer.is_closed() {
                // The caller may leave meanwhile.
                let _ = answer.send(work(connection));
            }
        });
        self.queue.send(read).await;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the reader has stopped".into())
}
