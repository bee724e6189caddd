//! Group commit: what many callers write at the same time goes to the disk in one transaction.
//!
//! One thread owns the queue and a connection. It begins a transaction for the first operation that it
//! finds, takes along whatever else is waiting, and commits; only then does it answer. So an answer means
//! that the disk has it, and while one group waits for the disk the next gathers: under load the cost of a
//! durable commit is shared, and without load nobody waits for company.
//!
//! Operations are isolated from one another: each is one statement, or several in a savepoint of their own
//! ([`whole`]). One that is refused (a conflict, nothing found) leaves no trace, and the group goes on.
//! Where the database itself fails, the whole group is rolled back and told so.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use rusqlite::Connection;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{
    Result,
    connection::{File, execute},
    queue::Queue,
};
use crate::store::StoreError;

/// How many operations may wait; further callers wait for room.
const MOST_WAITING: usize = 1_024;

/// How many operations share a commit, so that the first of them is not held back without end.
const MOST_IN_A_GROUP: usize = 256;

/// Why a whole group failed.
type Failure = Arc<dyn Error + Send + Sync>;

/// Whose turn it is to write, of this thread and of what writes without it: a queue, where the database
/// itself would have each try again and again.
pub(super) type Turn = Arc<Mutex<()>>;

/// Takes operations and answers each when it is on the disk. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: Queue<Box<dyn Operation>>,
    is_failing: Arc<AtomicBool>,
    #[cfg(test)]
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the thread. It ends with the last clone of the writer, after what was accepted.
    pub(super) fn start(file: File, turn: Turn) -> rusqlite::Result<Self> {
        let connection = file.for_writing()?;
        let commits = Arc::new(AtomicU64::new(0));
        let (counted, is_failing) = (Arc::clone(&commits), Arc::new(AtomicBool::new(false)));
        let noticed = Arc::clone(&is_failing);
        let queue = Queue::start(MOST_WAITING, move |waiting| {
            serve(&file, connection, &turn, waiting, (&counted, &noticed));
        });
        Ok(Self {
            queue,
            is_failing,
            #[cfg(test)]
            commits,
        })
    }

    /// Has `work` done in a transaction with others and resolves once that is on the disk.
    ///
    /// A caller that is gone before its turn has nothing done. One that goes later has it done, as
    /// somebody who hangs up before the answer.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending { work: Some(work), result: None, answer };
        self.queue.send(Box::new(pending)).await;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Whether the latest group could not be written.
    pub(super) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// How many transactions were committed.
    #[cfg(test)]
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

/// Carries out several statements as one operation: where one of them is refused, those before it are undone.
pub(super) fn whole<T>(writing: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    execute(writing, "SAVEPOINT whole", [])?;
    let done = work();
    // Either fails where the database gave the whole transaction up, and then the group fails with it.
    let ended = match &done {
        Ok(_) => execute(writing, "RELEASE whole", []),
        Err(_) => {
            execute(writing, "ROLLBACK TO whole", []).and_then(|_| execute(writing, "RELEASE whole", []))
        }
    };
    ended.map_err(|_| StoreError::Unavailable("the transaction is gone".into()))?;
    done
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}

fn serve(
    file: &File,
    connection: Connection,
    turn: &Turn,
    mut queue: mpsc::Receiver<Box<dyn Operation>>,
    (commits, is_failing): (&AtomicU64, &AtomicBool),
) {
    let mut open = Some(connection);
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        let _turn = turn.blocking_lock();
        let done = opened(&mut open, file).and_then(|connection| {
            let transact = || transact(connection, &mut group, &mut queue);
            catch_unwind(AssertUnwindSafe(transact)).unwrap_or_else(|_| Err("an operation panicked".into()))
        });
        let failure = done.err().map(Failure::from);
        is_failing.store(failure.is_some(), Ordering::Relaxed);
        match &failure {
            None => _ = commits.fetch_add(1, Ordering::Relaxed),
            // Whatever state it is in goes with it: what is not committed is rolled back.
            Some(_) => open = None,
        }
        for operation in group {
            operation.answer(failure.as_ref());
        }
    }
}

type Done<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The connection, opened anew where the last one was given up.
fn opened<'c>(open: &'c mut Option<Connection>, file: &File) -> Done<&'c Connection> {
    Ok(match open {
        Some(connection) => connection,
        None => open.insert(file.for_writing()?),
    })
}

fn transact(
    writing: &Connection,
    group: &mut Vec<Box<dyn Operation>>,
    queue: &mut mpsc::Receiver<Box<dyn Operation>>,
) -> Done<()> {
    // With the intent to write: it waits for other processes here and cannot fail halfway for being late.
    execute(writing, "BEGIN IMMEDIATE", [])?;
    let mut done = 0;
    loop {
        while let Some(operation) = group.get_mut(done) {
            operation.carry_out(writing)?;
            done += 1;
        }
        if done == MOST_IN_A_GROUP {
            break;
        }
        if let Some(next) = next(queue) {
            group.push(next);
        } else {
            break;
        }
    }
    execute(writing, "COMMIT", [])?;
    Ok(())
}

/// Who else is there: those that wait, and those that only lack a turn of the processor.
fn next(queue: &mut mpsc::Receiver<Box<dyn Operation>>) -> Option<Box<dyn Operation>> {
    if let Ok(operation) = queue.try_recv() {
        return Some(operation);
    }
    thread::yield_now();
    queue.try_recv().ok()
}

trait Operation: Send {
    /// Does it, and keeps the result until [`Operation::answer`]. An error is that of the database, after
    /// which nothing in this transaction can be relied on.
    fn carry_out(&mut self, writing: &Connection) -> Done<()>;

    /// Hands the result out, now that it is on the disk, or the failure.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

struct Pending<T, W> {
    work: Option<W>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, W: FnOnce(&Connection) -> Result<T> + Send> Operation for Pending<T, W> {
    fn carry_out(&mut self, writing: &Connection) -> Done<()> {
        let Some(work) = self.work.take().filter(|_| !self.answer.is_closed()) else { return Ok(()) };
        match work(writing) {
            Err(StoreError::Unavailable(cause)) => Err(cause),
            result => {
                self.result = Some(result);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let result = match failure {
            Some(failure) => Err(StoreError::Unavailable(Box::new(Arc::clone(failure)))),
            None => self.result.unwrap_or_else(|| Err(stopped())),
        };
        // The caller may be gone.
        let _ = self.answer.send(result);
    }
}
