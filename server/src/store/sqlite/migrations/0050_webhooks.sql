-- Endpoints that are told what happens.
CREATE TABLE webhooks (
    id              BLOB PRIMARY KEY NOT NULL,
    environment_id  BLOB NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    url             TEXT NOT NULL,
    -- Names of events, as JSON.
    events          TEXT NOT NULL,
    -- What its messages are signed with.
    secret          BLOB NOT NULL,
    enabled         INTEGER NOT NULL,
    -- When it was enabled last.
    enabled_at      INTEGER NOT NULL,
    -- Why it is not enabled, where that was not asked for.
    disabled_reason TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX webhooks_by_environment ON webhooks (environment_id, created_at, id);

-- The outbox: what each endpoint is told, written in the transaction of what it tells about. The id is a random
-- UUID (version 4), since one statement makes as many rows as there are endpoints and sessions.
CREATE TABLE webhook_messages (
    id               BLOB PRIMARY KEY NOT NULL
        DEFAULT (CAST(randomblob(6) || x'40' || randomblob(1) || x'80' || randomblob(7) AS BLOB)),
    environment_id   BLOB NOT NULL,
    -- No reference: each message would lock the row of its endpoint, and sign-ins would meet there.
    webhook_id       BLOB NOT NULL,
    -- The same for every endpoint that is told.
    event_id         BLOB NOT NULL,
    event            TEXT NOT NULL,
    user_id          BLOB,
    external_user_id TEXT,
    -- What it was about, as it was then.
    data             TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    -- 'pending', 'delivered' or 'failed'.
    state            TEXT NOT NULL,
    -- How often it was begun to be delivered.
    tries            INTEGER NOT NULL,
    -- When it may be tried; while somebody tries, when others may.
    due_at           INTEGER NOT NULL,
    -- Who tries it now.
    claim            BLOB,
    finished_at      INTEGER,
    -- What came of the last try.
    last_status      INTEGER,
    last_error       TEXT
) STRICT;

CREATE INDEX webhook_messages_due ON webhook_messages (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_messages_outcomes ON webhook_messages (webhook_id, state, finished_at)
    WHERE finished_at IS NOT NULL;
CREATE INDEX webhook_messages_finished ON webhook_messages (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX webhook_messages_by_webhook ON webhook_messages (webhook_id, created_at, id);
CREATE INDEX webhook_messages_by_user ON webhook_messages (user_id);
