//! Endpoints' secrets as a delivery needs them: opened, or left alone for a while where they do not open.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use crate::{
    clock::UnixMillis,
    seal::{Label, Seal},
    secret::Secret,
    store::webhooks::Delivery,
};

/// How long an endpoint is left to other nodes whose secret does not open here.
const LEFT_ALONE: Duration = Duration::from_mins(1);

/// Opens endpoints' secrets, and knows which do not open.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    seal: Seal,
    /// Until when each endpoint is left alone whose secret did not open last.
    closed: HashMap<Uuid, UnixMillis>,
}

impl Secrets {
    pub(super) fn new(seal: Seal) -> Self {
        Self { seal, closed: HashMap::new() }
    }

    /// Whether it would not open, as far as is known.
    pub(super) fn is_closed(&self, webhook: Uuid, now: UnixMillis) -> bool {
        self.closed.get(&webhook).is_some_and(|until| now < *until)
    }

    /// What a delivery is signed with. `None` where that does not open, which is logged once until it does.
    pub(super) fn open(&mut self, delivery: &Delivery, now: UnixMillis) -> Option<Secret<Vec<u8>>> {
        let (webhook, environment) = (delivery.message.webhook_id, delivery.message.environment_id);
        match self.seal.open(&Label::webhook_secret(environment, &webhook), delivery.secret.expose()) {
            Ok(secret) => {
                self.closed.remove(&webhook);
                Some(secret)
            }
            Err(cause) => {
                if self.closed.insert(webhook, now.plus(LEFT_ALONE)).is_none() {
                    tracing::error!(
                        %webhook, %environment, %cause,
                        "a webhook's secret cannot be used, so that its messages wait"
                    );
                }
                None
            }
        }
    }
}
