//! Takes messages out of the outbox and delivers them, a bounded number at a time.
//!
//! Any number of nodes do this on one database: each message is handed to one of them for [`LEASE`]. A node
//! that dies with it, or cannot write down what became of it, loses it to the next. No endpoint gets more
//! than [`PER_WEBHOOK`] of the places, and one that has just failed gets one, so that the slow and the dead
//! keep the others waiting as little as can be.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

use super::{
    SendProblem, SendWebhook,
    payload::body,
    schedule::{DISABLE_AFTER, DISABLE_WITHIN, after_failure},
    secrets::Secrets,
    sender::Outgoing,
    signature::sign,
};
use crate::{
    clock::{Clock, UnixMillis},
    ids,
    metrics::Metrics,
    seal::Seal,
    secret::Secret,
    store::{
        Store, StoreError,
        webhooks::{Claim, Delivery, Finish, MessageState},
    },
};

/// How long a message is handed out for: longer than a delivery takes.
pub const LEASE: Duration = Duration::from_mins(1);

/// How many deliveries of one node there are at once.
const AT_ONCE: usize = 64;

/// How many of them may be of one endpoint.
const PER_WEBHOOK: usize = 4;

/// How often the outbox is looked at for what has become due, and for what other processes wrote.
const POLL: Duration = Duration::from_secs(1);

/// How often the outbox is counted.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// How long deliveries in the making are waited for at the end.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// What became of a delivery, as the metrics say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Delivered,
    Retried,
    Failed,
}

/// The worker of one node.
#[derive(Debug)]
pub struct Worker {
    store: Arc<dyn Store>,
    sender: Arc<dyn SendWebhook>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    secrets: Secrets,
    deliveries: JoinSet<(Uuid, Option<Outcome>)>,
    /// How many deliveries of each endpoint are under way.
    busy: HashMap<Uuid, usize>,
    /// Endpoints whose latest delivery did not succeed.
    failing: HashSet<Uuid>,
}

impl Worker {
    /// A worker that does nothing yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        sender: Arc<dyn SendWebhook>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            store,
            sender,
            clock,
            metrics,
            secrets: Secrets::default(),
            deliveries: JoinSet::new(),
            busy: HashMap::new(),
            failing: HashSet::new(),
        }
    }

    /// With what opens the endpoints' secrets.
    #[must_use]
    pub fn with_seal(self, seal: Seal) -> Self {
        Self { secrets: Secrets::new(seal), ..self }
    }

    /// Delivers what is due, as soon as it is or `woken` says that it may be, until `stop`. Then nothing
    /// more is begun, and what was begun is waited for, ten seconds at most.
    pub async fn run(mut self, woken: Arc<Notify>, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        // Beside the deliveries: to count may take as long as the longest list that somebody asks for.
        let (mut counting, mut counted) = (JoinSet::new(), None);
        loop {
            self.begin_due().await;
            while counting.try_join_next().is_some() {}
            if counting.is_empty() && counted.is_none_or(|last: Instant| last.elapsed() >= COUNT_EVERY) {
                counted = Some(Instant::now());
                counting.spawn(count(Arc::clone(&self.store), Arc::clone(&self.metrics)));
            }
            tokio::select! {
                () = &mut stop => break,
                () = woken.notified() => {}
                () = sleep(POLL) => {}
                Some(done) = self.deliveries.join_next() => self.ended(&done),
            }
        }
        let rest = async {
            while let Some(done) = self.deliveries.join_next().await {
                self.ended(&done);
            }
        };
        if timeout(STOP_GRACE, rest).await.is_err() {
            tracing::warn!("some webhooks were not answered in time; their messages are tried again");
        }
    }

    /// Delivers everything that is due now, and whatever becomes due by that.
    pub async fn drain(&mut self) {
        loop {
            self.begin_due().await;
            match self.deliveries.join_next().await {
                Some(done) => self.ended(&done),
                None => return,
            }
        }
    }

    /// Fills the free places, endpoint by endpoint, the least busy first.
    async fn begin_due(&mut self) {
        if self.deliveries.len() >= AT_ONCE {
            return;
        }
        let now = self.clock.now();
        let due = self.store.due_webhooks(now).await;
        let mut due = due.unwrap_or_else(|cause| {
            tracing::warn!(%cause, "the webhooks' outbox cannot be read now");
            Vec::new()
        });
        due.retain(|webhook| !self.secrets.is_closed(*webhook, now));
        due.sort_by_key(|webhook| self.busy.get(webhook).copied());
        for webhook in due {
            let most = if self.failing.contains(&webhook) { 1 } else { PER_WEBHOOK };
            let room = most.saturating_sub(self.busy.get(&webhook).copied().unwrap_or_default());
            let limit = room.min(AT_ONCE.saturating_sub(self.deliveries.len()));
            if limit > 0
                && let Err(cause) = self.begin(webhook, limit).await
            {
                tracing::warn!(%cause, "the webhooks' outbox cannot be read now");
            }
        }
    }

    async fn begin(&mut self, webhook: Uuid, limit: usize) -> Result<(), StoreError> {
        let now = self.clock.now();
        let claim = Claim {
            webhook_id: webhook,
            id: ids::unguessable(),
            now,
            until: now.plus(LEASE),
            limit: u32::try_from(limit).unwrap_or(1),
        };
        let claimed = self.store.claim_messages(&claim).await?;
        let Some(first) = claimed.first() else { return Ok(()) };
        let Some(secret) = self.secrets.open(first, now) else {
            // Another node may have the master key that this one lacks.
            return self.store.release_messages(&claim).await;
        };
        for delivery in claimed {
            *self.busy.entry(webhook).or_default() += 1;
            let (store, sender, clock) =
                (Arc::clone(&self.store), Arc::clone(&self.sender), Arc::clone(&self.clock));
            let (metrics, secret) = (Arc::clone(&self.metrics), secret.clone());
            self.deliveries.spawn(async move {
                let outcome = deliver(&*store, &*sender, &*clock, &metrics, &claim, &delivery, &secret).await;
                (webhook, outcome)
            });
        }
        Ok(())
    }

    fn ended(&mut self, done: &Result<(Uuid, Option<Outcome>), JoinError>) {
        let Ok((webhook, outcome)) = *done else {
            // A delivery panicked; whose it was is not told, so all are forgotten rather than one for ever.
            self.busy.clear();
            return;
        };
        if let Some(busy) = self.busy.get_mut(&webhook) {
            *busy = busy.saturating_sub(1);
            if *busy == 0 {
                self.busy.remove(&webhook);
            }
        }
        match outcome {
            Some(Outcome::Delivered) => self.failing.remove(&webhook),
            _ => self.failing.insert(webhook),
        };
    }
}

async fn count(store: Arc<dyn Store>, metrics: Arc<Metrics>) {
    match store.queued_messages().await {
        Ok(queued) => metrics.webhooks_queued(queued),
        Err(cause) => tracing::warn!(%cause, "the webhooks' outbox cannot be counted now"),
    }
}

/// Tries a message once and writes down what became of it. `None` where that could not be written: then the
/// message is tried again when its lease is over.
async fn deliver(
    store: &dyn Store,
    sender: &dyn SendWebhook,
    clock: &dyn Clock,
    metrics: &Metrics,
    claim: &Claim,
    delivery: &Delivery,
    secret: &Secret<Vec<u8>>,
) -> Option<Outcome> {
    let answer = match body(delivery) {
        Some(body) => {
            let (url, message_id) = (delivery.url.clone(), delivery.message.id);
            sender.send(&Outgoing { url, message_id, signature: sign(secret, &body), body }).await
        }
        None => Err(SendProblem::Unreadable),
    };
    let now = clock.now();
    let finish = finish(claim, delivery, answer, now);
    let outcome = match finish.state {
        MessageState::Delivered => Outcome::Delivered,
        MessageState::Pending => Outcome::Retried,
        MessageState::Failed => Outcome::Failed,
    };
    metrics.webhook_delivery(match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Retried => "retried",
        Outcome::Failed => "failed",
    });
    tracing::debug!(
        message = %delivery.message.id, webhook = %delivery.message.webhook_id, status = finish.status,
        error = finish.error.as_deref(), tries = delivery.message.tries, "webhook tried"
    );
    if let Err(cause) = store.finish_message(&finish).await {
        tracing::warn!(%cause, message = %delivery.message.id, "a webhook's outcome cannot be written now");
        return None;
    }
    if outcome == Outcome::Failed {
        give_up(store, metrics, delivery, now).await;
    }
    Some(outcome)
}

fn finish(claim: &Claim, delivery: &Delivery, answer: Result<u16, SendProblem>, now: UnixMillis) -> Finish {
    let (state, due_at) = match answer {
        Ok(200..=299) => (MessageState::Delivered, now),
        // It will not get better, and others wait behind it.
        Err(SendProblem::Unreadable) => (MessageState::Failed, now),
        _ => after_failure(delivery.message.tries, now),
    };
    Finish {
        message_id: delivery.message.id,
        claim_id: claim.id,
        state,
        due_at,
        status: answer.ok(),
        error: match answer {
            Ok(200..=299) => None,
            Ok(_) => Some("status".to_owned()),
            Err(problem) => Some(problem.code().to_owned()),
        },
        now,
    }
}

/// Disables an endpoint for which nothing gets through.
async fn give_up(store: &dyn Store, metrics: &Metrics, delivery: &Delivery, now: UnixMillis) {
    let webhook = delivery.message.webhook_id;
    let within = i64::try_from(DISABLE_WITHIN.as_millis()).unwrap_or(i64::MAX);
    let since = UnixMillis(now.0.saturating_sub(within));
    match store.disable_failing_webhook(webhook, DISABLE_AFTER, since, now).await {
        Ok(true) => {
            metrics.webhook_disabled();
            let environment = delivery.message.environment_id;
            tracing::warn!(%webhook, %environment, "a webhook was disabled, since nothing gets through to it");
        }
        Ok(false) => {}
        Err(cause) => tracing::warn!(%cause, %webhook, "a failing webhook cannot be disabled now"),
    }
}
