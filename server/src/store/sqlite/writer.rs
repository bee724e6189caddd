//! Group commit: what many callers write at the same time goes to the disk in one transaction.
//!
//! One task owns the queue. It begins a transaction for the first operation that it finds, takes along
//! whatever else is waiting, and commits; only then does it answer. So an answer means that the disk has
//! it, and while one group waits for the disk the next gathers: under load the cost of a durable commit
//! is shared, and without load nobody waits for company.
//!
//! Operations are isolated from one another: each is one statement, or a script in a savepoint of its own
//! ([`script`]). One that is refused (a conflict, nothing found) leaves no trace, and the group goes on.
//! Where the database itself fails, the whole group is rolled back and told so.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use sqlx::{
    SqliteConnection, SqlitePool,
    query::Query,
    sqlite::{Sqlite, SqliteArguments, SqliteRow},
};
use tokio::sync::{mpsc, oneshot};

use super::{Result, rows};
use crate::store::StoreError;

/// How many operations may wait; further callers wait for room.
const MOST_WAITING: usize = 1_024;

/// How many operations share a commit, so that the first of them is not held back without end.
const MOST_IN_A_GROUP: usize = 256;

/// Why a whole group failed.
type Failure = Arc<dyn Error + Send + Sync>;

/// Takes operations and answers each when it is on the disk.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Operation>>,
    is_failing: Arc<AtomicBool>,
    #[cfg(test)]
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the task. It ends with the last clone of the writer, after what was accepted.
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let commits = Arc::new(AtomicU64::new(0));
        let is_failing = Arc::new(AtomicBool::new(false));
        tokio::spawn(serve(pool, waiting, Arc::clone(&commits), Arc::clone(&is_failing)));
        Self {
            queue,
            is_failing,
            #[cfg(test)]
            commits,
        }
    }

    /// Has `work` done in a transaction with others and resolves once that is on the disk.
    ///
    /// A caller that is gone before its turn has nothing done. One that goes later has it done, as
    /// somebody who hangs up before the answer.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending { work: Some(Box::new(work)), result: None, answer };
        self.queue.send(Box::new(pending)).await.map_err(|_| stopped())?;
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

/// Runs statements in one go, as one operation: where one of them fails, those before it are undone. The
/// text begins with `SAVEPOINT operation;` and ends with `RELEASE operation`. Gives the rows of all.
pub(super) async fn script(
    writing: &mut SqliteConnection,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<Vec<SqliteRow>> {
    match query.fetch_all(&mut *writing).await {
        Ok(found) => Ok(found),
        Err(error) => {
            // Fails where the database gave the whole transaction up, and then the group fails with it.
            sqlx::raw_sql("ROLLBACK TO operation; RELEASE operation")
                .execute(writing)
                .await
                .map_err(|_| StoreError::Unavailable("the transaction is gone".into()))?;
            Err(rows::failed(error))
        }
    }
}

/// Carries out several statements or scripts as one operation: where it is refused halfway, what came
/// before is undone.
pub(super) async fn whole<T>(
    writing: &mut SqliteConnection,
    work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>>,
) -> Result<T> {
    sqlx::raw_sql("SAVEPOINT whole").execute(&mut *writing).await.map_err(rows::failed)?;
    let done = work(&mut *writing).await;
    let end = match &done {
        Ok(_) => "RELEASE whole",
        Err(_) => "ROLLBACK TO whole; RELEASE whole",
    };
    // Fails where the database gave the whole transaction up, and then the group fails with it.
    sqlx::raw_sql(end)
        .execute(writing)
        .await
        .map_err(|_| StoreError::Unavailable("the transaction is gone".into()))?;
    done
}

fn failure(error: sqlx::Error) -> Failure {
    Arc::new(error)
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}

async fn serve(
    pool: SqlitePool,
    mut queue: mpsc::Receiver<Box<dyn Operation>>,
    commits: Arc<AtomicU64>,
    is_failing: Arc<AtomicBool>,
) {
    while let Some(first) = queue.recv().await {
        let mut group = vec![first];
        let failure = commit_group(&pool, &mut group, &mut queue).await.err();
        is_failing.store(failure.is_some(), Ordering::Relaxed);
        if failure.is_none() {
            commits.fetch_add(1, Ordering::Relaxed);
        }
        for operation in group {
            operation.answer(failure.as_ref());
        }
    }
}

async fn commit_group(
    pool: &SqlitePool,
    group: &mut Vec<Box<dyn Operation>>,
    queue: &mut mpsc::Receiver<Box<dyn Operation>>,
) -> std::result::Result<(), Failure> {
    let mut writing = pool.acquire().await.map_err(failure)?;
    let done = transact(&mut writing, group, queue).await;
    if done.is_err() {
        // Whatever state it is in goes with it: what is not committed is rolled back. If that fails as
        // well, there is nobody who has not been told already.
        let _ = writing.close().await;
    }
    done
}

/// The statements are sent as they are, without the driver's own count of open transactions: a database
/// that runs out of room ends a transaction by itself, which that count would not notice.
async fn transact(
    writing: &mut SqliteConnection,
    group: &mut Vec<Box<dyn Operation>>,
    queue: &mut mpsc::Receiver<Box<dyn Operation>>,
) -> std::result::Result<(), Failure> {
    // With the intent to write: it waits for other processes here and cannot fail halfway for being late.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *writing).await.map_err(failure)?;
    let mut done = 0;
    loop {
        while let Some(operation) = group.get_mut(done) {
            operation.carry_out(writing).await?;
            done += 1;
        }
        if done == MOST_IN_A_GROUP {
            break;
        }
        if let Some(next) = next(queue).await {
            group.push(next);
        } else {
            break;
        }
    }
    sqlx::query("COMMIT").execute(writing).await.map(drop).map_err(failure)
}

/// Who else is there: those that wait, and those that only lack a turn of the processor.
async fn next(queue: &mut mpsc::Receiver<Box<dyn Operation>>) -> Option<Box<dyn Operation>> {
    if let Ok(operation) = queue.try_recv() {
        return Some(operation);
    }
    tokio::task::yield_now().await;
    queue.try_recv().ok()
}

#[async_trait]
trait Operation: Send {
    /// Does it, and keeps the result until [`Operation::answer`]. An error is that of the database, after
    /// which nothing in this transaction can be relied on.
    async fn carry_out(&mut self, writing: &mut SqliteConnection) -> std::result::Result<(), Failure>;

    /// Hands the result out, now that it is on the disk, or the failure.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

type Work<T> = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>> + Send>;

struct Pending<T> {
    work: Option<Work<T>>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

#[async_trait]
impl<T: Send> Operation for Pending<T> {
    async fn carry_out(&mut self, writing: &mut SqliteConnection) -> std::result::Result<(), Failure> {
        let Some(work) = self.work.take().filter(|_| !self.answer.is_closed()) else { return Ok(()) };
        match work(writing).await {
            Err(StoreError::Unavailable(cause)) => Err(Arc::from(cause)),
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
