-- Times are milliseconds since 1970. Documents are JSON and not JSONB, so that they come back as they were
-- written. Texts are compared byte for byte: the default collations are deterministic, and what is
-- sorted by a text says so with COLLATE "C".

CREATE TABLE environments (
    id                    UUID PRIMARY KEY,
    name                  TEXT NOT NULL,
    allowed_origins       JSON NOT NULL,
    cookie_name           TEXT,
    assume_email_verified BOOLEAN NOT NULL,
    session_algorithm     TEXT NOT NULL,
    -- Whether one external JWT opens one session ('once') or several ('off').
    replay                TEXT NOT NULL DEFAULT 'off',
    -- Scopes of the operations that need an elevated token.
    step_up               JSON NOT NULL DEFAULT '[]',
    -- Whether sessions live in a cookie that pages cannot read.
    session_cookie        BOOLEAN NOT NULL DEFAULT FALSE,
    nonce_key             BYTEA NOT NULL,
    -- Counts changes of this row, its issuers and its signing keys: what caches compare.
    revision              BIGINT NOT NULL,
    created_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL
);

CREATE TABLE issuers (
    environment_id       UUID NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    issuer               TEXT NOT NULL,
    -- Which key source, and its value: 'jwks_url' for now.
    key_source           TEXT NOT NULL,
    key_source_value     TEXT NOT NULL,
    audiences            JSON NOT NULL,
    algorithms           JSON NOT NULL,
    leeway_seconds       BIGINT NOT NULL,
    max_lifetime_seconds BIGINT,
    position             BIGINT NOT NULL,
    PRIMARY KEY (environment_id, issuer)
);

CREATE TABLE signing_keys (
    environment_id UUID NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    kid            TEXT NOT NULL,
    algorithm      TEXT NOT NULL,
    pkcs8          BYTEA NOT NULL,
    public_jwk     JSON NOT NULL,
    created_at     BIGINT NOT NULL,
    retired_at     BIGINT,
    PRIMARY KEY (environment_id, kid)
);

CREATE UNIQUE INDEX one_active_signing_key ON signing_keys (environment_id) WHERE retired_at IS NULL;

CREATE TABLE users (
    id               UUID PRIMARY KEY,
    environment_id   UUID NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    email            TEXT,
    alias            TEXT,
    first_name       TEXT,
    last_name        TEXT,
    job_title        TEXT,
    phone_number     TEXT,
    t_shirt_size     TEXT,
    team             TEXT,
    country          TEXT,
    username         TEXT,
    -- The username as it is compared.
    username_key     TEXT,
    policies_consent BOOLEAN,
    metadata         JSON,
    first_visit      BIGINT NOT NULL,
    last_visit       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
) WITH (fillfactor = 85);

CREATE UNIQUE INDEX users_by_username ON users (environment_id, username_key) WHERE username_key IS NOT NULL;
CREATE INDEX users_by_environment ON users (environment_id, first_visit, id);

-- One row for each way in which a user was recognised. `issuer` vouches for `identifier`.
CREATE TABLE credentials (
    id               UUID PRIMARY KEY,
    environment_id   UUID NOT NULL,
    user_id          UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind             TEXT NOT NULL,
    issuer           TEXT NOT NULL,
    identifier       TEXT NOT NULL,
    verified_at      BIGINT NOT NULL,
    last_selected_at BIGINT NOT NULL
) WITH (fillfactor = 85);

-- Only the external identity finds a user; addresses may repeat and never do.
CREATE UNIQUE INDEX users_by_external_identity ON credentials (environment_id, issuer, identifier)
    WHERE kind = 'externalUser';
CREATE UNIQUE INDEX credentials_by_user ON credentials (user_id, kind, issuer);
CREATE INDEX credentials_by_identifier ON credentials (environment_id, identifier);

CREATE TABLE sessions (
    id                   UUID PRIMARY KEY,
    environment_id       UUID NOT NULL,
    user_id              UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    signin_credential_id UUID NOT NULL,
    audience             TEXT NOT NULL,
    public_key           TEXT,
    -- Thumbprint of the key that must be proved with every use of the session's tokens.
    dpop_jkt             TEXT,
    sdk_version          TEXT,
    ip                   TEXT,
    user_agent           TEXT,
    generation           BIGINT NOT NULL,
    token_id             UUID NOT NULL,
    previous_token_id    UUID,
    created_at           BIGINT NOT NULL,
    refreshed_at         BIGINT NOT NULL,
    expires_at           BIGINT NOT NULL,
    refresh_expires_at   BIGINT NOT NULL,
    revoked_at           BIGINT,
    revoke_reason        TEXT
) WITH (fillfactor = 85);

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (refresh_expires_at);

CREATE TABLE used_nonces (
    environment_id UUID NOT NULL,
    nonce          TEXT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, nonce)
);

CREATE INDEX used_nonces_by_end ON used_nonces (expires_at);

CREATE TABLE admin_tokens (
    id         UUID PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       BYTEA NOT NULL UNIQUE,
    scope      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

-- What happened, for those who must know later. Rows are added, never changed, and go with their age.
-- No reference to what they tell about: the row outlives it.
CREATE TABLE audit_log (
    id             UUID PRIMARY KEY,
    environment_id UUID,
    at             BIGINT NOT NULL,
    action         TEXT NOT NULL,
    refused        TEXT,
    actor          TEXT NOT NULL,
    user_id        UUID,
    session_id     UUID,
    issuer         TEXT,
    kid            TEXT,
    request_id     TEXT,
    ip             TEXT,
    user_agent     TEXT,
    detail         TEXT
);

CREATE INDEX audit_log_by_environment ON audit_log (environment_id, id);
CREATE INDEX audit_log_by_time ON audit_log (at);

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''the audit log is not changed''; END';
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
