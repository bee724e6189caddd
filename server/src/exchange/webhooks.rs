//! Making and changing webhooks, and refusing what could not be meant.

mod view;

use std::{collections::BTreeSet, sync::Arc};

use byoa_protocol::webhook::EVENTS;
use thiserror::Error;
use tokio::sync::Notify;
use url::Url;
use uuid::Uuid;

use crate::{
    audit::audited,
    clock::Clock,
    ids,
    keys::check_url,
    seal::{Label, Seal, SealError},
    secret::Secret,
    store::{
        AuditRecord, Conflicting, Page, Store, StoreError,
        webhooks::{MAX_WEBHOOKS, MessageQuery, Webhook, WebhookChange, WebhookMessage},
    },
    webhooks::new_secret,
};

pub use view::{MessageView, WebhookView, WebhookWithSecret};

/// The longest URL, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// Settings of a webhook as somebody gives them. What is `None` keeps its value, or its default where the
/// webhook is new.
#[derive(Clone, Debug, Default)]
pub struct WebhookSettings {
    /// Where messages go. Required where the webhook is new.
    pub url: Option<String>,
    /// What it is told of, of [`EVENTS`]; replaces the whole list. Default: all of them.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything. Default: yes.
    pub enabled: Option<bool>,
}

/// Why a webhook was not made or changed. The sentence names the setting and the mend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// There is no such environment.
    #[error("there is no such environment; create it with `byoa-server env create`")]
    EnvironmentNotFound,
    /// There is none of that id in the environment.
    #[error("there is no such webhook; `byoa-server webhook list` names them")]
    NotFound,
    /// There is no such message of the webhook.
    #[error("there is no such message; `byoa-server webhook messages` names them")]
    MessageNotFound,
    /// A setting is not acceptable.
    #[error("{setting} {problem}")]
    Invalid {
        /// Which, as the API and the flag are called.
        setting: &'static str,
        /// What is wrong and the mend, as the rest of a sentence.
        problem: String,
    },
    /// The environment has as many as it may have.
    #[error("an environment may have {MAX_WEBHOOKS} webhooks; delete one first")]
    TooMany,
    /// It is disabled, so that nothing would be sent.
    #[error("the webhook is disabled; enable it first")]
    Disabled,
    /// The environment's secrets are sealed, and do not open here: another one beside them would help nobody.
    #[error("a secret of the environment cannot be used: {0}")]
    Sealed(SealError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict(Conflicting::Webhooks) => Self::TooMany,
            other => Self::Store(other),
        }
    }
}

/// A webhook with the secret that it was just given, for the one time that it is shown.
#[derive(Clone, Debug)]
pub struct IssuedSecret {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret as the receiver needs it.
    pub secret: Secret<String>,
}

/// The use cases. They need no server to run; one that runs sees changes at once.
#[derive(Clone, Debug)]
pub struct Webhooks {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    seal: Seal,
    allow_private: bool,
    outbox: Arc<Notify>,
    /// What is written into the audit log with a change.
    event: Option<AuditRecord>,
}

impl Webhooks {
    /// `outbox` wakes who delivers; `allow_private` lets messages go to plain HTTP and private addresses.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        allow_private: bool,
        outbox: Arc<Notify>,
    ) -> Self {
        Self { store, clock, seal: Seal::default(), allow_private, outbox, event: None }
    }

    /// With what seals the webhooks' secrets.
    #[must_use]
    pub fn with_seal(self, seal: Seal) -> Self {
        Self { seal, ..self }
    }

    /// The same use cases, of which each that changes something writes `event` into the audit log with its change,
    /// in one transaction, and which webhook it was.
    #[must_use]
    pub fn recording(&self, event: AuditRecord) -> Self {
        Self { event: Some(event), ..self.clone() }
    }

    /// The store for the change of that webhook that the event tells of.
    fn changing(&self, id: Uuid) -> Arc<dyn Store> {
        audited(&self.store, self.event.as_ref(), |event| event.detail = Some(format!("webhook {id}")))
    }

    /// Makes a webhook, and a ping for it.
    pub async fn create(
        &self,
        environment: Uuid,
        settings: WebhookSettings,
    ) -> Result<IssuedSecret, WebhookError> {
        let url = settings.url.ok_or_else(|| invalid("url", "is needed for a new webhook"))?;
        let now = self.clock.now();
        let enabled = settings.enabled.unwrap_or(true);
        let (id, url) = (ids::sortable(now), self.url(&url)?);
        let events = match settings.events {
            Some(events) => chosen(&events)?,
            None => EVENTS.map(str::to_owned).to_vec(),
        };
        let secret = new_secret();
        let webhook = Webhook {
            id,
            environment_id: environment,
            url,
            events,
            secret: self.sealed(environment, id, &secret).await?,
            enabled,
            enabled_at: now,
            disabled_reason: None,
            created_at: now,
            updated_at: now,
        };
        match self.changing(id).create_webhook(&webhook).await {
            Err(StoreError::NotFound) => return Err(WebhookError::EnvironmentNotFound),
            made => made?,
        }
        self.outbox.notify_one();
        Ok(IssuedSecret { webhook, secret })
    }

    /// The environment's webhooks, oldest first.
    pub async fn list(&self, environment: Uuid) -> Result<Vec<Webhook>, WebhookError> {
        match self.store.environment(environment).await {
            Err(StoreError::NotFound) => Err(WebhookError::EnvironmentNotFound),
            Err(other) => Err(other.into()),
            Ok(_) => Ok(self.store.webhooks(environment).await?),
        }
    }

    /// One webhook.
    pub async fn show(&self, environment: Uuid, id: Uuid) -> Result<Webhook, WebhookError> {
        Ok(self.store.webhook(environment, id).await?)
    }

    /// Changes a webhook. Enabling one also lets out what has waited.
    pub async fn set(
        &self,
        environment: Uuid,
        id: Uuid,
        settings: WebhookSettings,
    ) -> Result<Webhook, WebhookError> {
        let change = WebhookChange {
            url: settings.url.map(|url| self.url(&url)).transpose()?,
            events: settings.events.map(|events| chosen(&events)).transpose()?,
            enabled: settings.enabled,
            secret: None,
        };
        let changed = self.changing(id).update_webhook(environment, id, &change, self.clock.now()).await?;
        self.outbox.notify_one();
        Ok(changed)
    }

    /// Gives a webhook another secret, which signs from now on, also what waits already.
    pub async fn rotate_secret(&self, environment: Uuid, id: Uuid) -> Result<IssuedSecret, WebhookError> {
        let secret = new_secret();
        let kept = self.sealed(environment, id, &secret).await?;
        let change = WebhookChange { secret: Some(kept), ..WebhookChange::default() };
        let webhook = self.changing(id).update_webhook(environment, id, &change, self.clock.now()).await?;
        Ok(IssuedSecret { webhook, secret })
    }

    /// Removes a webhook and its messages, also those that wait.
    pub async fn delete(&self, environment: Uuid, id: Uuid) -> Result<(), WebhookError> {
        let is_gone = self.changing(id).delete_webhook(environment, id, self.clock.now()).await?;
        if is_gone { Ok(()) } else { Err(WebhookError::NotFound) }
    }

    /// Sends a ping.
    pub async fn ping(&self, environment: Uuid, id: Uuid) -> Result<(), WebhookError> {
        if !self.show(environment, id).await?.enabled {
            return Err(WebhookError::Disabled);
        }
        self.changing(id).ping_webhook(environment, id, self.clock.now()).await?;
        self.outbox.notify_one();
        Ok(())
    }

    /// A part of a webhook's messages, the newest first.
    pub async fn messages(
        &self,
        environment: Uuid,
        id: Uuid,
        query: &MessageQuery,
    ) -> Result<Page<WebhookMessage>, WebhookError> {
        self.show(environment, id).await?;
        Ok(self.store.webhook_messages(environment, id, query).await?)
    }

    /// Sends a message once more, with its first id, whatever became of it.
    pub async fn redeliver(&self, environment: Uuid, id: Uuid, message: Uuid) -> Result<(), WebhookError> {
        self.show(environment, id).await?;
        let is_there =
            self.changing(id).redeliver_message(environment, id, message, self.clock.now()).await?;
        self.outbox.notify_one();
        if is_there { Ok(()) } else { Err(WebhookError::MessageNotFound) }
    }

    /// A new secret as it is to be kept. Refused where what the environment has already does not open.
    async fn sealed(
        &self,
        environment: Uuid,
        id: Uuid,
        secret: &Secret<String>,
    ) -> Result<Secret<Vec<u8>>, WebhookError> {
        let environment = match self.store.environment(environment).await {
            Err(StoreError::NotFound) => return Err(WebhookError::EnvironmentNotFound),
            found => found?,
        };
        self.seal
            .open(&Label::nonce_key(environment.id), environment.nonce_key.expose())
            .and_then(|_| {
                let label = Label::webhook_secret(environment.id, &id);
                self.seal.seal(&label, secret.expose().as_bytes())
            })
            .map_err(WebhookError::Sealed)
    }

    fn url(&self, text: &str) -> Result<String, WebhookError> {
        let url: Url = text
            .parse()
            .map_err(|_| invalid("url", "must be an absolute URL such as https://app.example.com/hooks"))?;
        if text.len() > MAX_URL_BYTES {
            return Err(invalid("url", format!("may have {MAX_URL_BYTES} bytes")));
        }
        check_url(&url, self.allow_private).map_err(|why| invalid("url", format!("is refused: {why}")))?;
        Ok(url.into())
    }
}

/// Each once, in the order of [`EVENTS`].
fn chosen(events: &[String]) -> Result<Vec<String>, WebhookError> {
    let asked: BTreeSet<_> = events.iter().map(String::as_str).collect();
    if asked.is_empty() || asked.iter().any(|event| !EVENTS.contains(event)) {
        return Err(invalid("events", format!("must be some of {}", EVENTS.join(", "))));
    }
    Ok(EVENTS.iter().filter(|event| asked.contains(**event)).map(|event| (*event).to_owned()).collect())
}

fn invalid(setting: &'static str, problem: impl Into<String>) -> WebhookError {
    WebhookError::Invalid { setting, problem: problem.into() }
}
