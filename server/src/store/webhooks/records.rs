//! What goes into the outbox and comes out of it. Data only.

use std::str::FromStr;

use uuid::Uuid;

use super::Snapshot;
use crate::{clock::UnixMillis, secret::Secret};

/// The most endpoints of one environment.
pub const MAX_WEBHOOKS: usize = 10;

/// An endpoint that is told what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// The environment.
    pub environment_id: Uuid,
    /// Where messages go.
    pub url: String,
    /// Names of the events that it is told of.
    pub events: Vec<String>,
    /// What its messages are signed with, as it is kept: sealed where there is a master key.
    pub secret: Secret<Vec<u8>>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// When it was enabled last.
    pub enabled_at: UnixMillis,
    /// Why it is disabled, where nobody asked for that.
    pub disabled_reason: Option<String>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was changed last.
    pub updated_at: UnixMillis,
}

/// A change of an endpoint: `None` leaves a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChange {
    /// Where messages go.
    pub url: Option<String>,
    /// Names of events; replaces all.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything. Enabling takes the reason for having been disabled away.
    pub enabled: Option<bool>,
    /// What its messages are signed with, as it is to be kept.
    pub secret: Option<Secret<Vec<u8>>>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// It is tried, or will be.
    Pending,
    /// The endpoint has it.
    Delivered,
    /// It is not tried any more.
    Failed,
}

impl MessageState {
    /// The word in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Not the name of a [`MessageState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message is pending, delivered or failed")]
pub struct UnknownMessageState;

impl FromStr for MessageState {
    type Err = UnknownMessageState;

    fn from_str(name: &str) -> Result<Self, UnknownMessageState> {
        let all = [Self::Pending, Self::Delivered, Self::Failed];
        all.into_iter().find(|state| state.as_str() == name).ok_or(UnknownMessageState)
    }
}

/// What one endpoint is told of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookMessage {
    /// Its id.
    pub id: Uuid,
    /// The environment.
    pub environment_id: Uuid,
    /// The endpoint.
    pub webhook_id: Uuid,
    /// What happened; the same for every endpoint.
    pub event_id: Uuid,
    /// The event's name.
    pub event: String,
    /// The user that it is about.
    pub user_id: Option<Uuid>,
    /// That user's subject.
    pub external_user_id: Option<String>,
    /// What it is about, as it was then; `None` where that cannot be read, so that one message stops no others.
    pub data: Option<Snapshot>,
    /// When it happened.
    pub created_at: UnixMillis,
    /// What became of it.
    pub state: MessageState,
    /// How often delivery was begun.
    pub tries: u32,
    /// When it may be tried next.
    pub due_at: UnixMillis,
    /// When it was delivered, or given up.
    pub finished_at: Option<UnixMillis>,
    /// Status of the last answer, where there was one.
    pub last_status: Option<u16>,
    /// What went wrong last, as a code.
    pub last_error: Option<String>,
}

/// Which messages of an endpoint, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Those in that state.
    pub state: Option<MessageState>,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

/// Asks for messages to deliver.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Of which endpoint.
    pub webhook_id: Uuid,
    /// Names this claim.
    pub id: Uuid,
    /// Now.
    pub now: UnixMillis,
    /// When others may have what is not finished.
    pub until: UnixMillis,
    /// How many at most.
    pub limit: u32,
}

/// A message to deliver, and everything that is needed for it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message; its tries count this one.
    pub message: WebhookMessage,
    /// Where it goes.
    pub url: String,
    /// What it is signed with, as it is kept.
    pub secret: Secret<Vec<u8>>,
    /// The environment's name.
    pub environment_name: String,
}

/// What became of a try.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The message.
    pub message_id: Uuid,
    /// The claim that it was handed out under.
    pub claim_id: Uuid,
    /// What it is from now on.
    pub state: MessageState,
    /// When it is tried again, if it is.
    pub due_at: UnixMillis,
    /// Status of the answer, where there was one.
    pub status: Option<u16>,
    /// What went wrong, as a code.
    pub error: Option<String>,
    /// Now.
    pub now: UnixMillis,
}

/// Messages of an endpoint that were given up since too many waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    /// The environment.
    pub environment_id: Uuid,
    /// The endpoint.
    pub webhook_id: Uuid,
    /// How many.
    pub messages: u64,
}
