//! Endpoints, and handing out the outbox.

use async_trait::async_trait;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{ONE_MOMENT, PORTION, PostgresStore, Result, each_portion, in_portions, outbox, rows};
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

const LISTED: &str = "FROM webhook_messages WHERE environment_id = $1 AND webhook_id = $2
    AND ($3::text IS NULL OR state = $3)";

/// Rows that another server is forgetting already are left to it.
const SWEEP_FINISHED: &str = "DELETE FROM webhook_messages WHERE id IN (SELECT id FROM webhook_messages
    WHERE finished_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
const SWEEP_STUCK: &str = "DELETE FROM webhook_messages WHERE id IN (SELECT id FROM webhook_messages
    WHERE state = 'pending' AND created_at <= $1
        AND webhook_id NOT IN (SELECT id FROM webhooks WHERE enabled) LIMIT $2 FOR UPDATE SKIP LOCKED)";
const TRIM: &str = "DELETE FROM webhook_messages WHERE id IN (SELECT id FROM webhook_messages
    WHERE webhook_id = $1 AND state = 'pending' AND created_at <= $2 LIMIT $3 FOR UPDATE SKIP LOCKED)";
const OF_NOBODY: &str = "DELETE FROM webhook_messages WHERE id IN (SELECT id FROM webhook_messages
    WHERE webhook_id = $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";

#[async_trait]
impl WebhookStore for PostgresStore {
    async fn create_webhook(&self, webhook: &Webhook) -> Result<()> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        // First, since it says whether there is such an environment.
        revise(&mut writing, webhook.environment_id, webhook.created_at).await?;
        insert(&mut writing, webhook).await?;
        let ping = Event::ping(webhook.environment_id, webhook.created_at);
        outbox::tell_one(&mut writing, &ping, webhook.id).await?;
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)
    }

    async fn webhooks(&self, environment: Uuid) -> Result<Vec<Webhook>> {
        let found = sqlx::query("SELECT * FROM webhooks WHERE environment_id = $1 ORDER BY created_at, id")
            .bind(environment)
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)?;
        found.iter().map(rows::webhook).collect()
    }

    async fn webhook(&self, environment: Uuid, id: Uuid) -> Result<Webhook> {
        let mut reading = self.pool.acquire().await.map_err(rows::failed)?;
        get(&mut reading, environment, id).await
    }

    async fn update_webhook(
        &self,
        environment: Uuid,
        id: Uuid,
        change: &WebhookChange,
        now: UnixMillis,
    ) -> Result<Webhook> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        revise(&mut writing, environment, now).await?;
        sqlx::query(
            "UPDATE webhooks SET url = coalesce($3, url), events = coalesce($4::text::json, events),
                secret = coalesce($5, secret),
                enabled_at = CASE WHEN $6::boolean AND NOT enabled THEN $7 ELSE enabled_at END,
                disabled_reason = CASE WHEN $6::boolean THEN NULL ELSE disabled_reason END,
                enabled = coalesce($6::boolean, enabled), updated_at = $7
             WHERE environment_id = $1 AND id = $2",
        )
        .bind(environment)
        .bind(id)
        .bind(change.url.as_deref())
        .bind(change.events.as_ref().map(|events| serde_json::json!(events).to_string()))
        .bind(change.secret.as_ref().map(Secret::expose))
        .bind(change.enabled)
        .bind(now.0)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
        let changed = get(&mut writing, environment, id).await?;
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(changed)
    }

    async fn delete_webhook(&self, environment: Uuid, id: Uuid, now: UnixMillis) -> Result<bool> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        if let Err(StoreError::NotFound) = revise(&mut writing, environment, now).await {
            return Ok(false);
        }
        let done = sqlx::query("DELETE FROM webhooks WHERE environment_id = $1 AND id = $2")
            .bind(environment)
            .bind(id)
            .execute(&mut *writing)
            .await
            .map_err(rows::failed)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)?;
        // Nobody is handed them any more; where this ends early, they are swept with their age.
        each_portion(|| sqlx::query(OF_NOBODY).bind(id).bind(PORTION), &self.pool).await?;
        Ok(true)
    }

    async fn ping_webhook(&self, environment: Uuid, id: Uuid, now: UnixMillis) -> Result<bool> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        if let Err(StoreError::NotFound) = get(&mut writing, environment, id).await {
            return Ok(false);
        }
        outbox::tell_one(&mut writing, &Event::ping(environment, now), id).await?;
        self.noted(&mut writing).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(true)
    }

    async fn webhook_messages(
        &self,
        environment: Uuid,
        webhook: Uuid,
        query: &MessageQuery,
    ) -> Result<Page<WebhookMessage>> {
        let mut reading = self.pool.begin_with(ONE_MOMENT).await.map_err(rows::failed)?;
        let state = query.state.map(MessageState::as_str);
        let count = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT count(*) AS n {LISTED}")))
            .bind(environment)
            .bind(webhook)
            .bind(state)
            .fetch_one(&mut *reading)
            .await
            .map_err(rows::failed)?;
        let page = format!("SELECT * {LISTED} ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5");
        let found = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(environment)
            .bind(webhook)
            .bind(state)
            .bind(i64::from(query.limit))
            .bind(i64::from(query.offset))
            .fetch_all(&mut *reading)
            .await
            .map_err(rows::failed)?;
        Ok(Page {
            items: found.iter().map(rows::webhook_message).collect::<Result<_>>()?,
            count: rows::number(&count)?,
        })
    }

    async fn redeliver_message(
        &self,
        environment: Uuid,
        webhook: Uuid,
        message: Uuid,
        now: UnixMillis,
    ) -> Result<bool> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let done = sqlx::query(
            "UPDATE webhook_messages SET state = 'pending', tries = 0, due_at = $1, claim = NULL,
                finished_at = NULL
             WHERE environment_id = $2 AND webhook_id = $3 AND id = $4",
        )
        .bind(now.0)
        .bind(environment)
        .bind(webhook)
        .bind(message)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
        let is_there = done.rows_affected() > 0;
        if is_there {
            self.noted(&mut writing).await?;
        }
        writing.commit().await.map_err(rows::failed)?;
        Ok(is_there)
    }

    /// Steps from endpoint to endpoint in the index of what waits, so that a long queue of one is no long read.
    async fn due_webhooks(&self, now: UnixMillis) -> Result<Vec<Uuid>> {
        let found = sqlx::query(
            "WITH RECURSIVE waiting (id) AS (
                SELECT (SELECT webhook_id FROM webhook_messages WHERE state = 'pending'
                    ORDER BY webhook_id LIMIT 1)
                UNION ALL
                SELECT (SELECT webhook_id FROM webhook_messages WHERE state = 'pending'
                    AND webhook_id > waiting.id ORDER BY webhook_id LIMIT 1)
                FROM waiting WHERE waiting.id IS NOT NULL
             )
             SELECT webhooks.id FROM waiting JOIN webhooks ON webhooks.id = waiting.id
             WHERE enabled AND EXISTS (SELECT 1 FROM webhook_messages
                WHERE webhook_id = waiting.id AND state = 'pending' AND due_at <= $1)",
        )
        .bind(now.0)
        .fetch_all(&self.pool)
        .await
        .map_err(rows::failed)?;
        found.iter().map(|row| row.try_get("id").map_err(rows::failed)).collect()
    }

    async fn claim_messages(&self, claim: &Claim) -> Result<Vec<Delivery>> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let taken = take(&mut writing, claim).await?;
        writing.commit().await.map_err(rows::failed)?;
        Ok(taken)
    }

    async fn release_messages(&self, claim: &Claim) -> Result<()> {
        sqlx::query(
            "UPDATE webhook_messages SET claim = NULL, tries = tries - 1, due_at = $1
             WHERE webhook_id = $2 AND state = 'pending' AND claim = $3",
        )
        .bind(claim.now.0)
        .bind(claim.webhook_id)
        .bind(claim.id)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(rows::failed)
    }

    async fn finish_message(&self, finish: &Finish) -> Result<bool> {
        let mut writing = self.pool.acquire().await.map_err(rows::failed)?;
        finish_one(&mut writing, finish).await
    }

    async fn disable_failing_webhook(
        &self,
        webhook: Uuid,
        most: u32,
        since: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        let mut writing = self.pool.begin().await.map_err(rows::failed)?;
        let row = sqlx::query("SELECT environment_id FROM webhooks WHERE id = $1")
            .bind(webhook)
            .fetch_optional(&mut *writing)
            .await
            .map_err(rows::failed)?;
        let Some(row) = row else { return Ok(false) };
        revise(&mut writing, row.try_get("environment_id").map_err(rows::failed)?, now).await?;
        let done = sqlx::query(
            "UPDATE webhooks SET enabled = FALSE, disabled_reason = 'failing', updated_at = $4
             WHERE id = $1 AND enabled
                AND NOT EXISTS (SELECT 1 FROM webhook_messages WHERE webhook_id = $1
                    AND state = 'delivered' AND finished_at > greatest($3, webhooks.enabled_at))
                AND (SELECT count(*) FROM (SELECT 1 FROM webhook_messages WHERE webhook_id = $1
                    AND state = 'failed' AND finished_at > greatest($3, webhooks.enabled_at) LIMIT $2) AS failed) = $2",
        )
        .bind(webhook)
        .bind(i64::from(most))
        .bind(since.0)
        .bind(now.0)
        .execute(&mut *writing)
        .await
        .map_err(rows::failed)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        writing.commit().await.map_err(rows::failed)?;
        Ok(true)
    }

    async fn queued_messages(&self) -> Result<u64> {
        let row = sqlx::query("SELECT count(*) AS n FROM webhook_messages WHERE state = 'pending'")
            .fetch_one(&self.pool)
            .await
            .map_err(rows::failed)?;
        rows::number(&row)
    }

    async fn trim_messages(&self, most: u32) -> Result<Vec<Trimmed>> {
        let found = sqlx::query(
            "SELECT environment_id, id, (SELECT created_at FROM webhook_messages
                WHERE webhook_id = webhooks.id AND state = 'pending' ORDER BY created_at DESC LIMIT 1 OFFSET $1)
                AS until FROM webhooks",
        )
        .bind(i64::from(most))
        .fetch_all(&self.pool)
        .await
        .map_err(rows::failed)?;
        let mut trimmed = Vec::new();
        for row in found {
            let Some(until) = row.try_get::<Option<i64>, _>("until").map_err(rows::failed)? else { continue };
            let webhook_id: Uuid = row.try_get("id").map_err(rows::failed)?;
            let environment_id = row.try_get("environment_id").map_err(rows::failed)?;
            let portion = || sqlx::query(TRIM).bind(webhook_id).bind(until).bind(PORTION);
            let messages = each_portion(portion, &self.pool).await?;
            trimmed.push(Trimmed { environment_id, webhook_id, messages });
        }
        Ok(trimmed)
    }

    async fn sweep_messages(&self, before: UnixMillis) -> Result<u64> {
        let finished = in_portions(&self.pool, SWEEP_FINISHED, before).await?;
        Ok(finished + in_portions(&self.pool, SWEEP_STUCK, before).await?)
    }
}

/// Whoever caches the environment learns that something about it has changed. Comes first in every change, so
/// that two of them wait for each other in one order. Others who change its
/// endpoints wait until the transaction ends.
async fn revise(writing: &mut PgConnection, environment: Uuid, now: UnixMillis) -> Result<()> {
    let done = sqlx::query("UPDATE environments SET revision = revision + 1, updated_at = $1 WHERE id = $2")
        .bind(now.0)
        .bind(environment)
        .execute(writing)
        .await
        .map_err(rows::failed)?;
    if done.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

async fn get(reading: &mut PgConnection, environment: Uuid, id: Uuid) -> Result<Webhook> {
    let row = sqlx::query("SELECT * FROM webhooks WHERE environment_id = $1 AND id = $2")
        .bind(environment)
        .bind(id)
        .fetch_optional(reading)
        .await
        .map_err(rows::failed)?;
    rows::webhook(&row.ok_or(StoreError::NotFound)?)
}

async fn insert(writing: &mut PgConnection, webhook: &Webhook) -> Result<()> {
    let done = sqlx::query(
        "INSERT INTO webhooks (id, environment_id, url, events, secret, enabled, enabled_at, disabled_reason,
            created_at, updated_at)
         SELECT $1, $2, $3, $4::text::json, $5, $6, $7, $8::text, $9, $10
         WHERE (SELECT count(*) FROM webhooks WHERE environment_id = $2) < $11",
    )
    .bind(webhook.id)
    .bind(webhook.environment_id)
    .bind(&webhook.url)
    .bind(serde_json::json!(webhook.events).to_string())
    .bind(webhook.secret.expose())
    .bind(webhook.enabled)
    .bind(webhook.enabled_at.0)
    .bind(webhook.disabled_reason.as_deref())
    .bind(webhook.created_at.0)
    .bind(webhook.updated_at.0)
    .bind(i64::try_from(MAX_WEBHOOKS).unwrap_or(i64::MAX))
    .execute(writing)
    .await
    .map_err(rows::failed)?;
    if done.rows_affected() == 0 { Err(Conflicting::Webhooks.into()) } else { Ok(()) }
}

async fn take(writing: &mut PgConnection, claim: &Claim) -> Result<Vec<Delivery>> {
    let webhook = sqlx::query(
        "SELECT webhooks.*, name FROM webhooks JOIN environments ON environments.id = environment_id
         WHERE webhooks.id = $1 AND enabled",
    )
    .bind(claim.webhook_id)
    .fetch_optional(&mut *writing)
    .await
    .map_err(rows::failed)?;
    let Some(row) = webhook else { return Ok(Vec::new()) };
    let (webhook, environment_name) =
        (rows::webhook(&row)?, row.try_get::<String, _>("name").map_err(rows::failed)?);
    let found = sqlx::query(
        "UPDATE webhook_messages SET claim = $1, tries = tries + 1, due_at = $2
         WHERE id IN (SELECT id FROM webhook_messages WHERE webhook_id = $3 AND state = 'pending'
            AND due_at <= $4 ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED)
         RETURNING *",
    )
    .bind(claim.id)
    .bind(claim.until.0)
    .bind(claim.webhook_id)
    .bind(claim.now.0)
    .bind(i64::from(claim.limit))
    .fetch_all(writing)
    .await
    .map_err(rows::failed)?;
    found
        .iter()
        .map(|row| {
            Ok(Delivery {
                message: rows::webhook_message(row)?,
                url: webhook.url.clone(),
                secret: webhook.secret.clone(),
                environment_name: environment_name.clone(),
            })
        })
        .collect()
}

async fn finish_one(writing: &mut PgConnection, finish: &Finish) -> Result<bool> {
    sqlx::query(
        "UPDATE webhook_messages SET state = $3, due_at = $4, last_status = $5, last_error = $6, claim = NULL,
            finished_at = CASE WHEN $3 = 'pending' THEN NULL ELSE $7 END
         WHERE id = $1 AND claim = $2",
    )
    .bind(finish.message_id)
    .bind(finish.claim_id)
    .bind(finish.state.as_str())
    .bind(finish.due_at.0)
    .bind(finish.status.map(i64::from))
    .bind(finish.error.as_deref())
    .bind(finish.now.0)
    .execute(writing)
    .await
    .map(|done| done.rows_affected() > 0)
    .map_err(rows::failed)
}
