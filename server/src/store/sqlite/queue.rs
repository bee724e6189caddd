//! A thread that takes work from a queue.

use std::{
    fmt,
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc;

/// Hands work to a thread. Cheap to clone. The last clone waits for the thread to end after what it has
/// accepted, so that the file is closed when the store is, and a program that ends leaves nothing beside it.
pub(super) struct Queue<T>(Arc<Ends<T>>);

struct Ends<T> {
    queue: Option<mpsc::Sender<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Queue<T> {
    /// Starts a thread that does `work` until nothing can come any more. Where `most` wait already, further
    /// callers wait for room.
    pub(super) fn start(most: usize, work: impl FnOnce(mpsc::Receiver<T>) + Send + 'static) -> Self {
        let (queue, waiting) = mpsc::channel(most);
        let thread = thread::spawn(move || work(waiting));
        Self(Arc::new(Ends { queue: Some(queue), thread: Some(thread) }))
    }

    /// Hands work over. It is dropped where the thread has panicked.
    pub(super) async fn send(&self, work: T) {
        if let Some(queue) = &self.0.queue {
            let _ = queue.send(work).await;
        }
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl<T> Drop for Ends<T> {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // An error says that it has panicked, and nobody is left to be told.
            let _ = thread.join();
        }
    }
}
