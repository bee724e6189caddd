//! Webhooks: what is in the outbox goes out, at least once, in no promised order. Nothing here knows what the
//! events mean to anybody, and nothing here decides what is told: the store's operations do, in their own
//! transactions.

mod payload;
mod schedule;
mod secrets;
mod sender;
mod signature;
mod worker;

pub use payload::body;
pub use schedule::{DISABLE_AFTER, DISABLE_WITHIN, KEPT, MAX_TRIES, MOST_WAITING, RETRY_AFTER};
pub use sender::{HttpSender, Outgoing, SendProblem, SendWebhook};
pub use signature::{SECRET_PREFIX, new_secret, sign};
pub use worker::{LEASE, Worker};
