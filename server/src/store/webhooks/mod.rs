//! The part of a store that is about webhooks: endpoints, and the outbox of what they are told.
//!
//! A message is written in the transaction of what it tells about, by the operation that does it, so that
//! neither is there without the other. Handing them out is by lease: whoever dies with one in hand loses it
//! to others when the lease is over. The ids of messages, and of events that come in bulk, are made here:
//! nobody who asks for the operation knows how many there will be.

#[cfg(test)]
pub(crate) mod contract;
mod event;
mod records;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Page, StoreError};
use crate::clock::UnixMillis;
pub(super) use event::{Event, chosen};
pub use event::{SessionSnapshot, Snapshot};
pub use records::{
    Claim, Delivery, Finish, MAX_WEBHOOKS, MessageQuery, MessageState, Trimmed, Webhook, WebhookChange,
    WebhookMessage,
};

/// Endpoints and the outbox.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Adds an endpoint, and a ping for it in the same transaction.
    /// [`Conflicting::Webhooks`](super::Conflicting::Webhooks) where the environment has [`MAX_WEBHOOKS`].
    async fn create_webhook(&self, webhook: &Webhook) -> Result<(), StoreError>;

    /// The environment's endpoints, oldest first.
    async fn webhooks(&self, environment: Uuid) -> Result<Vec<Webhook>, StoreError>;

    /// One endpoint.
    async fn webhook(&self, environment: Uuid, id: Uuid) -> Result<Webhook, StoreError>;

    /// Changes an endpoint; what it is then.
    async fn update_webhook(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &WebhookChange,
        now: UnixMillis,
    ) -> Result<Webhook, StoreError>;

    /// Removes an endpoint and its messages. Whether there was one.
    async fn delete_webhook(&self, environment: Uuid, id: Uuid, now: UnixMillis) -> Result<bool, StoreError>;

    /// Puts a ping into the outbox, whatever the endpoint chose. Whether there is such an endpoint.
    async fn ping_webhook(&self, environment: Uuid, id: Uuid, now: UnixMillis) -> Result<bool, StoreError>;

    /// A part of an endpoint's messages, the newest first, and how many there are in all.
    async fn webhook_messages(
        &self,
        environment: Uuid,
        webhook: Uuid,
        query: &MessageQuery,
    ) -> Result<Page<WebhookMessage>, StoreError>;

    /// Has a message delivered once more, from the first try on, whatever became of it. Whether there is
    /// such a message.
    async fn redeliver_message(
        &self,
        environment: Uuid,
        webhook: Uuid,
        message: Uuid,
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Endpoints that are enabled and have messages to be tried now.
    async fn due_webhooks(&self, now: UnixMillis) -> Result<Vec<Uuid>, StoreError>;

    /// Hands messages of one endpoint that are due to one caller, the longest due first. Nobody else gets
    /// them until [`Claim::until`].
    async fn claim_messages(&self, claim: &Claim) -> Result<Vec<Delivery>, StoreError>;

    /// Gives back what was handed out under a claim and is not finished, as if it had not been: due at
    /// [`Claim::now`] for anybody, and without the try.
    async fn release_messages(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Writes down what became of a try. Whether it was still the caller's to say.
    async fn finish_message(&self, finish: &Finish) -> Result<bool, StoreError>;

    /// Disables an endpoint that has `most` messages which failed for good since `since`, and since it was
    /// enabled, and none that was delivered since then. Whether it was disabled by this.
    async fn disable_failing_webhook(
        &self,
        webhook: Uuid,
        most: u32,
        since: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// How many messages wait for delivery, now or later.
    async fn queued_messages(&self) -> Result<u64, StoreError>;

    /// Forgets the oldest messages that wait for an endpoint which has more than `most` of them. Which endpoints lost
    /// how many: nobody is told of those any more.
    async fn trim_messages(&self, most: u32) -> Result<Vec<Trimmed>, StoreError>;

    /// Forgets messages that were finished until `before`, and those that were made until then for
    /// endpoints that are disabled or gone.
    async fn sweep_messages(&self, before: UnixMillis) -> Result<u64, StoreError>;
}
