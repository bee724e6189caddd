//! What goes into the audit log. What was done is written by the store, in the transaction that does it
//! ([`Store::audited`]): neither is there without the other, also after a crash.
//!
//! What was refused changed nothing, and has its own way: a bounded queue and one writer, so that strangers
//! cannot make the server write more than a little, and nobody waits for a commit. Refusals are written within
//! a fifth of a second, up to [`REFUSALS_PER_SECOND`] and while there is room in the queue; the others are counted,
//! and one row a second says how many they were. A crash may lose those of the last fifth of a second.

mod event;

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

use crate::{
    clock::{Clock, UnixMillis},
    ids,
    metrics::Metrics,
    store::{AuditRecord, Store},
};

pub use event::AuditEvent;

/// The most events that wait to be written.
const QUEUE: usize = 4_096;
/// How long events are collected for one commit.
const PAUSE: Duration = Duration::from_millis(200);
/// The most refusals that are written in a second.
pub const REFUSALS_PER_SECOND: u64 = 100;

#[derive(Debug)]
enum Message {
    Event(Box<AuditRecord>),
    Flush(oneshot::Sender<()>),
}

/// The way in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Audit {
    queue: mpsc::Sender<Message>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl Audit {
    /// Starts the writer, which ends with the last clone of what is returned.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        let (queue, events) = mpsc::channel(QUEUE);
        let writer = Writer {
            store,
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            second: 0,
            refusals: 0,
            dropped: 0,
        };
        tokio::spawn(writer.run(events));
        Self { queue, clock, metrics }
    }

    /// An event of now, without anything but a name.
    #[must_use]
    pub fn event(&self, action: &str, actor: &str) -> AuditRecord {
        event(self.clock.now(), action, actor)
    }

    /// Takes along what was refused. It may be dropped and counted.
    pub fn refused(&self, event: AuditRecord) {
        if self.queue.try_send(Message::Event(Box::new(event))).is_err() {
            self.metrics.audit_dropped(1);
        }
    }

    /// Waits until what was taken along is written.
    pub async fn flush(&self) {
        let (done, waiting) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            let _ = waiting.await;
        }
    }
}

/// The store for a change, which writes the event down with it, if there is one.
pub(crate) fn audited(
    store: &Arc<dyn Store>,
    event: Option<&AuditRecord>,
    complete: impl FnOnce(&mut AuditRecord),
) -> Arc<dyn Store> {
    let Some(event) = event else { return Arc::clone(store) };
    let mut event = event.clone();
    complete(&mut event);
    store.audited(event)
}

/// An event of `now`, without anything but a name.
#[must_use]
pub fn event(now: UnixMillis, action: &str, actor: &str) -> AuditRecord {
    AuditRecord {
        id: ids::sortable(now),
        environment_id: None,
        at: now,
        action: action.to_owned(),
        refused: None,
        actor: actor.to_owned(),
        user_id: None,
        session_id: None,
        issuer: None,
        kid: None,
        request_id: None,
        ip: None,
        user_agent: None,
        detail: None,
    }
}

struct Writer {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    /// The second that the next two numbers are of.
    second: i64,
    refusals: u64,
    dropped: u64,
}

impl Writer {
    async fn run(mut self, mut events: mpsc::Receiver<Message>) {
        let mut messages = Vec::new();
        while events.recv_many(&mut messages, QUEUE).await > 0 {
            if !messages.iter().any(|message| matches!(message, Message::Flush(_))) {
                tokio::time::sleep(PAUSE).await;
                // What came meanwhile goes into the same commit.
                while let Ok(message) = events.try_recv() {
                    messages.push(message);
                }
            }
            self.write(&mut messages).await;
        }
    }

    async fn write(&mut self, messages: &mut Vec<Message>) {
        let (mut batch, mut waiting) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Event(event) => self.sift(*event, &mut batch),
                Message::Flush(done) => waiting.push(done),
            }
        }
        self.tell_dropped(&mut batch);
        if !batch.is_empty()
            && let Err(cause) = self.store.append_audit(&batch).await
        {
            tracing::error!(%cause, events = batch.len(), "the audit log cannot be written");
            self.metrics.audit_dropped(batch.len());
        }
        for done in waiting {
            // Whoever waited may be gone.
            let _ = done.send(());
        }
    }

    fn sift(&mut self, event: AuditRecord, batch: &mut Vec<AuditRecord>) {
        if self.second != event.at.seconds() {
            self.tell_dropped(batch);
            (self.second, self.refusals) = (event.at.seconds(), 0);
        }
        self.refusals += 1;
        if self.refusals > REFUSALS_PER_SECOND {
            self.dropped += 1;
            self.metrics.audit_dropped(1);
            return;
        }
        batch.push(event);
    }

    fn tell_dropped(&mut self, batch: &mut Vec<AuditRecord>) {
        if self.dropped > 0 {
            let detail = format!("{} refusals were not written", self.dropped);
            let told = event(self.clock.now(), "audit.dropped", "server");
            batch.push(AuditRecord { detail: Some(detail), ..told });
            self.dropped = 0;
        }
    }
}
