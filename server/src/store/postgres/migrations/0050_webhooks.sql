-- Endpoints that are told what happens.
CREATE TABLE webhooks (
    id              UUID PRIMARY KEY,
    environment_id  UUID NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    url             TEXT NOT NULL,
    -- Names of events.
    events          JSON NOT NULL,
    -- What its messages are signed with.
    secret          BYTEA NOT NULL,
    enabled         BOOLEAN NOT NULL,
    -- When it was enabled last.
    enabled_at      BIGINT NOT NULL,
    -- Why it is not enabled, where that was not asked for.
    disabled_reason TEXT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);

CREATE INDEX webhooks_by_environment ON webhooks (environment_id, created_at, id);

-- The outbox: what each endpoint is told, written in the transaction of what it tells about. The id is a random
-- UUID, since one statement makes as many rows as there are endpoints and sessions.
CREATE TABLE webhook_messages (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    environment_id   UUID NOT NULL,
    -- No reference: each message would lock the row of its endpoint, and sign-ins would meet there.
    webhook_id       UUID NOT NULL,
    -- The same for every endpoint that is told.
    event_id         UUID NOT NULL,
    event            TEXT NOT NULL,
    user_id          UUID,
    external_user_id TEXT,
    -- What it was about, as it was then.
    data             JSON NOT NULL,
    created_at       BIGINT NOT NULL,
    -- 'pending', 'delivered' or 'failed'.
    state            TEXT NOT NULL,
    -- How often it was begun to be delivered.
    tries            BIGINT NOT NULL,
    -- When it may be tried; while somebody tries, when others may.
    due_at           BIGINT NOT NULL,
    -- Who tries it now.
    claim            UUID,
    finished_at      BIGINT,
    -- What came of the last try.
    last_status      BIGINT,
    last_error       TEXT
) WITH (fillfactor = 85);

CREATE INDEX webhook_messages_due ON webhook_messages (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_messages_outcomes ON webhook_messages (webhook_id, state, finished_at)
    WHERE finished_at IS NOT NULL;
CREATE INDEX webhook_messages_finished ON webhook_messages (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX webhook_messages_by_webhook ON webhook_messages (webhook_id, created_at, id);
CREATE INDEX webhook_messages_by_user ON webhook_messages (user_id);
