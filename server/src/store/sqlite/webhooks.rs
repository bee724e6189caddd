//! Endpoints, and handing out the outbox.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use super::{
    Result, SqliteStore, audit,
    connection::{execute, failed},
    outbox, records,
    sessions::PORTION,
    writer,
};
use crate::{
    clock::UnixMillis,
    secret::Secret,
    store::{
        Conflicting, Page, StoreError,
        webhooks::{
            Claim, Delivery, Event, Finish, MAX_WEBHOOKS, MessageQuery, MessageState, Trimmed, Webhook,
            WebhookChange, WebhookMessage, WebhookStore,
        },
    },
};

const LISTED: &str = "FROM webhook_messages WHERE environment_id = ?1 AND webhook_id = ?2
    AND (?3 IS NULL OR state = ?3)";

const SWEEP_FINISHED: &str = "DELETE FROM webhook_messages WHERE rowid IN
    (SELECT rowid FROM webhook_messages WHERE finished_at <= ? LIMIT ?)";
const SWEEP_STUCK: &str = "DELETE FROM webhook_messages WHERE rowid IN
    (SELECT rowid FROM webhook_messages WHERE state = 'pending' AND created_at <= ?
        AND webhook_id NOT IN (SELECT id FROM webhooks WHERE enabled) LIMIT ?)";
const TRIM: &str = "DELETE FROM webhook_messages WHERE rowid IN
    (SELECT rowid FROM webhook_messages WHERE webhook_id = ?1 AND state = 'pending' AND created_at <= ?2 LIMIT ?3)";
const OF_NOBODY: &str = "DELETE FROM webhook_messages WHERE rowid IN
    (SELECT rowid FROM webhook_messages WHERE webhook_id = ? LIMIT ?)";

#[async_trait]
impl WebhookStore for SqliteStore {
    async fn create_webhook(&self, webhook: &Webhook) -> Result<()> {
        let (webhook, note) = (webhook.clone(), self.note.clone());
        let create = move |writing: &Connection| {
            writer::whole(writing, || {
                // First, since it says whether there is such an environment.
                revise(writing, webhook.environment_id, webhook.created_at)?;
                insert(writing, &webhook)?;
                let ping = Event::ping(webhook.environment_id, webhook.created_at);
                outbox::tell_one(writing, &ping, webhook.id)?;
                audit::append(writing, note.about(None, None).as_slice())
            })
        };
        self.group.write(create).await
    }

    async fn webhooks(&self, environment: Uuid) -> Result<Vec<Webhook>> {
        self.look_ups.read(move |reading| list(reading, environment)).await
    }

    async fn webhook(&self, environment: Uuid, id: Uuid) -> Result<Webhook> {
        self.look_ups.read(move |reading| get(reading, environment, id)).await
    }

    async fn update_webhook(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &WebhookChange,
        now: UnixMillis,
    ) -> Result<Webhook> {
        let (change, note) = (change.clone(), self.note.clone());
        let update = move |writing: &Connection| {
            writer::whole(writing, || {
                let changed = update(writing, environment, id, &change, now)?;
                audit::append(writing, note.about(None, None).as_slice())?;
                Ok(changed)
            })
        };
        self.group.write(update).await
    }

    async fn delete_webhook(&self, environment: Uuid, id: Uuid, now: UnixMillis) -> Result<bool> {
        let note = self.note.clone();
        let delete = move |writing: &Connection| {
            writer::whole(writing, || {
                revise(writing, environment, now)?;
                let text = "DELETE FROM webhooks WHERE environment_id = ? AND id = ?";
                if execute(writing, text, (environment, id))? == 0 {
                    return Err(StoreError::NotFound);
                }
                audit::append(writing, note.about(None, None).as_slice())
            })
        };
        match self.group.write(delete).await {
            Err(StoreError::NotFound) => return Ok(false),
            done => done?,
        }
        // Nobody is handed them any more; where this ends early, they are swept with their age.
        self.in_portions(OF_NOBODY, id).await?;
        Ok(true)
    }

    async fn ping_webhook(&self, environment: Uuid, id: Uuid, now: UnixMillis) -> Result<bool> {
        let note = self.note.clone();
        let ping = move |writing: &Connection| {
            writer::whole(writing, || {
                get(writing, environment, id)?;
                outbox::tell_one(writing, &Event::ping(environment, now), id)?;
                audit::append(writing, note.about(None, None).as_slice())
            })
        };
        match self.group.write(ping).await {
            Err(StoreError::NotFound) => Ok(false),
            done => done.map(|()| true),
        }
    }

    async fn webhook_messages(
        &self,
        environment: Uuid,
        webhook: Uuid,
        query: &MessageQuery,
    ) -> Result<Page<WebhookMessage>> {
        let query = query.clone();
        self.lists.read(move |reading| messages(reading, environment, webhook, &query)).await
    }

    async fn redeliver_message(
        &self,
        environment: Uuid,
        webhook: Uuid,
        message: Uuid,
        now: UnixMillis,
    ) -> Result<bool> {
        let text = "UPDATE webhook_messages SET state = 'pending', tries = 0, due_at = ?, claim = NULL,
                finished_at = NULL
            WHERE environment_id = ? AND webhook_id = ? AND id = ?";
        let note = self.note.clone();
        let again = move |writing: &Connection| {
            writer::whole(writing, || {
                let is_there = execute(writing, text, (now.0, environment, webhook, message))? > 0;
                if is_there {
                    audit::append(writing, note.about(None, None).as_slice())?;
                }
                Ok(is_there)
            })
        };
        self.group.write(again).await
    }

    async fn due_webhooks(&self, now: UnixMillis) -> Result<Vec<Uuid>> {
        self.look_ups.read(move |reading| due(reading, now)).await
    }

    async fn claim_messages(&self, claim: &Claim) -> Result<Vec<Delivery>> {
        let claim = *claim;
        self.group.write(move |writing| writer::whole(writing, || take(writing, &claim))).await
    }

    async fn release_messages(&self, claim: &Claim) -> Result<()> {
        let claim = *claim;
        self.group.write(move |writing| release(writing, &claim)).await
    }

    async fn finish_message(&self, finish: &Finish) -> Result<bool> {
        let finish = finish.clone();
        self.group.write(move |writing| finish_one(writing, &finish)).await
    }

    async fn disable_failing_webhook(
        &self,
        webhook: Uuid,
        most: u32,
        since: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        let disable = move |writing: &Connection| {
            writer::whole(writing, || {
                let environment = disable(writing, webhook, most, since, now)?;
                environment.map(|environment| revise(writing, environment, now)).transpose()
            })
        };
        Ok(self.group.write(disable).await?.is_some())
    }

    async fn queued_messages(&self) -> Result<u64> {
        let text = "SELECT count(*) FROM webhook_messages WHERE state = 'pending'";
        self.lists.read(move |reading| reading.query_row(text, [], |row| row.get(0)).map_err(failed)).await
    }

    async fn trim_messages(&self, most: u32) -> Result<Vec<Trimmed>> {
        let over = self.lists.read(move |reading| over(reading, most)).await?;
        let mut trimmed = Vec::with_capacity(over.len());
        for (environment_id, webhook_id, until) in over {
            let messages = self.trim(webhook_id, until).await?;
            trimmed.push(Trimmed { environment_id, webhook_id, messages });
        }
        Ok(trimmed)
    }

    async fn sweep_messages(&self, before: UnixMillis) -> Result<u64> {
        let finished = self.in_portions(SWEEP_FINISHED, before.0).await?;
        Ok(finished + self.in_portions(SWEEP_STUCK, before.0).await?)
    }
}

impl SqliteStore {
    /// Forgets what waits for an endpoint since `until` or longer, in portions; how many.
    async fn trim(&self, webhook: Uuid, until: i64) -> Result<u64> {
        let mut all = 0;
        loop {
            let some = move |writing: &Connection| execute(writing, TRIM, (webhook, until, PORTION));
            match self.group.write(some).await? {
                0 => return Ok(all),
                rows => all += rows as u64,
            }
        }
    }
}

/// The endpoints for which too many messages wait, and until when those were made that are too many.
fn over(reading: &Connection, most: u32) -> Result<Vec<(Uuid, Uuid, i64)>> {
    let text = "SELECT environment_id, id, (SELECT created_at FROM webhook_messages
            WHERE webhook_id = webhooks.id AND state = 'pending' ORDER BY created_at DESC LIMIT 1 OFFSET ?1)
        FROM webhooks";
    let mut list = reading.prepare_cached(text).map_err(failed)?;
    let found = list.query_map([most], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?)));
    let found = found.and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>).map_err(failed)?;
    Ok(found.into_iter().filter_map(|(of, id, until)| Some((of, id, until?))).collect())
}

/// Whoever caches the environment learns that something about it has changed.
fn revise(writing: &Connection, environment: Uuid, now: UnixMillis) -> Result<()> {
    let text = "UPDATE environments SET revision = revision + 1, updated_at = ? WHERE id = ?";
    let revised = execute(writing, text, (now.0, environment))?;
    if revised == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

fn get(reading: &Connection, environment: Uuid, id: Uuid) -> Result<Webhook> {
    let text = "SELECT * FROM webhooks WHERE environment_id = ? AND id = ?";
    let mut statement = reading.prepare_cached(text).map_err(failed)?;
    statement.query_row((environment, id), |row| Ok(records::webhook(row))).map_err(failed)?
}

fn list(reading: &Connection, environment: Uuid) -> Result<Vec<Webhook>> {
    let text = "SELECT * FROM webhooks WHERE environment_id = ? ORDER BY created_at, id";
    let found = reading
        .prepare_cached(text)
        .and_then(|mut list| {
            list.query_map([environment], |row| Ok(records::webhook(row)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(failed)?;
    found.into_iter().collect()
}

fn insert(writing: &Connection, webhook: &Webhook) -> Result<()> {
    let text =
        "INSERT INTO webhooks (id, environment_id, url, events, secret, enabled, enabled_at, disabled_reason,
            created_at, updated_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
        WHERE (SELECT count(*) FROM webhooks WHERE environment_id = ?2) < ?11";
    let row = (
        webhook.id,
        webhook.environment_id,
        &webhook.url,
        serde_json::json!(webhook.events).to_string(),
        webhook.secret.expose(),
        webhook.enabled,
        webhook.enabled_at.0,
        webhook.disabled_reason.as_deref(),
        webhook.created_at.0,
        webhook.updated_at.0,
        MAX_WEBHOOKS,
    );
    if execute(writing, text, row)? == 0 { Err(Conflicting::Webhooks.into()) } else { Ok(()) }
}

fn update(
    writing: &Connection,
    environment: Uuid,
    id: Uuid,
    change: &WebhookChange,
    now: UnixMillis,
) -> Result<Webhook> {
    revise(writing, environment, now)?;
    let text = "UPDATE webhooks SET url = coalesce(?3, url), events = coalesce(?4, events),
            secret = coalesce(?5, secret),
            enabled_at = iif(?6 AND NOT enabled, ?7, enabled_at),
            disabled_reason = iif(?6, NULL, disabled_reason),
            enabled = coalesce(?6, enabled), updated_at = ?7
        WHERE environment_id = ?1 AND id = ?2";
    let row = (
        environment,
        id,
        change.url.as_deref(),
        change.events.as_ref().map(|events| serde_json::json!(events).to_string()),
        change.secret.as_ref().map(Secret::expose),
        change.enabled,
        now.0,
    );
    execute(writing, text, row)?;
    get(writing, environment, id)
}

fn messages(
    reading: &Connection,
    environment: Uuid,
    webhook: Uuid,
    query: &MessageQuery,
) -> Result<Page<WebhookMessage>> {
    let reading = reading.unchecked_transaction().map_err(failed)?;
    let state = query.state.map(MessageState::as_str);
    let count: u64 = reading
        .prepare_cached(&format!("SELECT count(*) {LISTED}"))
        .and_then(|mut count| count.query_row((environment, webhook, state), |row| row.get(0)))
        .map_err(failed)?;
    let page = format!("SELECT * {LISTED} ORDER BY created_at DESC, id DESC LIMIT ?4 OFFSET ?5");
    let items = reading
        .prepare_cached(&page)
        .and_then(|mut page| {
            let found = (environment, webhook, state, query.limit, query.offset);
            page.query_map(found, |row| Ok(records::webhook_message(row)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(failed)?;
    Ok(Page { items: items.into_iter().collect::<Result<_>>()?, count })
}

/// Steps from endpoint to endpoint in the index of what waits, so that a long queue of one is no long read.
fn due(reading: &Connection, now: UnixMillis) -> Result<Vec<Uuid>> {
    let text = "WITH RECURSIVE waiting (id) AS (
            SELECT (SELECT webhook_id FROM webhook_messages WHERE state = 'pending' ORDER BY webhook_id LIMIT 1)
            UNION ALL
            SELECT (SELECT webhook_id FROM webhook_messages WHERE state = 'pending'
                AND webhook_id > waiting.id ORDER BY webhook_id LIMIT 1)
            FROM waiting WHERE waiting.id IS NOT NULL
        )
        SELECT webhooks.id FROM waiting JOIN webhooks ON webhooks.id = waiting.id
        WHERE enabled AND EXISTS (SELECT 1 FROM webhook_messages
            WHERE webhook_id = waiting.id AND state = 'pending' AND due_at <= ?)";
    reading
        .prepare_cached(text)
        .and_then(|mut due| due.query_map([now.0], |row| row.get(0))?.collect())
        .map_err(failed)
}

fn take(writing: &Connection, claim: &Claim) -> Result<Vec<Delivery>> {
    let text = "SELECT webhooks.*, name FROM webhooks JOIN environments ON environments.id = environment_id
        WHERE webhooks.id = ? AND enabled";
    let found = writing
        .prepare_cached(text)
        .and_then(|mut webhook| {
            webhook
                .query_row([claim.webhook_id], |row| {
                    Ok((records::webhook(row), row.get::<_, String>("name")?))
                })
                .optional()
        })
        .map_err(failed)?;
    let Some((webhook, environment_name)) = found else { return Ok(Vec::new()) };
    let webhook = webhook?;
    let text = "UPDATE webhook_messages SET claim = ?1, tries = tries + 1, due_at = ?2
        WHERE id IN (SELECT id FROM webhook_messages WHERE webhook_id = ?3 AND state = 'pending'
            AND due_at <= ?4 ORDER BY due_at LIMIT ?5)
        RETURNING *";
    let mut statement = writing.prepare_cached(text).map_err(failed)?;
    let bound = (claim.id, claim.until.0, claim.webhook_id, claim.now.0, claim.limit);
    let mut taken = statement.query(bound).map_err(failed)?;
    let mut deliveries = Vec::new();
    while let Some(row) = taken.next().map_err(failed)? {
        deliveries.push(Delivery {
            message: records::webhook_message(row)?,
            url: webhook.url.clone(),
            secret: webhook.secret.clone(),
            environment_name: environment_name.clone(),
        });
    }
    Ok(deliveries)
}

fn release(writing: &Connection, claim: &Claim) -> Result<()> {
    let text = "UPDATE webhook_messages SET claim = NULL, tries = tries - 1, due_at = ?
        WHERE webhook_id = ? AND state = 'pending' AND claim = ?";
    execute(writing, text, (claim.now.0, claim.webhook_id, claim.id)).map(drop)
}

fn finish_one(writing: &Connection, finish: &Finish) -> Result<bool> {
    let text = "UPDATE webhook_messages SET state = ?3, due_at = ?4, last_status = ?5, last_error = ?6, claim = NULL,
            finished_at = iif(?3 = 'pending', NULL, ?7)
        WHERE id = ?1 AND claim = ?2";
    let row = (
        finish.message_id,
        finish.claim_id,
        finish.state.as_str(),
        finish.due_at.0,
        finish.status,
        finish.error.as_deref(),
        finish.now.0,
    );
    Ok(execute(writing, text, row)? > 0)
}

/// The environment, where it was disabled now.
fn disable(
    writing: &Connection,
    webhook: Uuid,
    most: u32,
    since: UnixMillis,
    now: UnixMillis,
) -> Result<Option<Uuid>> {
    let text = "UPDATE webhooks SET enabled = FALSE, disabled_reason = 'failing', updated_at = ?4
        WHERE id = ?1 AND enabled
            AND NOT EXISTS (SELECT 1 FROM webhook_messages WHERE webhook_id = ?1
                AND state = 'delivered' AND finished_at > max(?3, webhooks.enabled_at))
            AND (SELECT count(*) FROM (SELECT 1 FROM webhook_messages WHERE webhook_id = ?1
                AND state = 'failed' AND finished_at > max(?3, webhooks.enabled_at) LIMIT ?2)) = ?2
        RETURNING environment_id";
    writing
        .prepare_cached(text)
        .and_then(|mut disable| {
            disable.query_row((webhook, most, since.0, now.0), |row| row.get(0)).optional()
        })
        .map_err(failed)
}
