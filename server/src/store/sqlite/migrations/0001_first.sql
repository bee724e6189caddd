-- Ids are 16 bytes, times are milliseconds since 1970, lists and objects are JSON.

CREATE TABLE environments (
    id                    BLOB PRIMARY KEY NOT NULL,
    name                  TEXT NOT NULL,
    allowed_origins       TEXT NOT NULL,
    cookie_name           TEXT,
    assume_email_verified INTEGER NOT NULL,
    session_algorithm     TEXT NOT NULL,
    nonce_key             BLOB NOT NULL,
    -- Counts changes of this row, its issuers and its signing keys: what caches compare.
    revision              INTEGER NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL
) STRICT;

CREATE TABLE issuers (
    environment_id       BLOB NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    issuer               TEXT NOT NULL,
    -- Which key source, and its value: 'jwks_url' for now.
    key_source           TEXT NOT NULL,
    key_source_value     TEXT NOT NULL,
    audiences            TEXT NOT NULL,
    algorithms           TEXT NOT NULL,
    leeway_seconds       INTEGER NOT NULL,
    max_lifetime_seconds INTEGER,
    position             INTEGER NOT NULL,
    PRIMARY KEY (environment_id, issuer)
) STRICT;

CREATE TABLE signing_keys (
    environment_id BLOB NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    kid            TEXT NOT NULL,
    algorithm      TEXT NOT NULL,
    pkcs8          BLOB NOT NULL,
    public_jwk     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    retired_at     INTEGER,
    PRIMARY KEY (environment_id, kid)
) STRICT;

CREATE UNIQUE INDEX one_active_signing_key ON signing_keys (environment_id) WHERE retired_at IS NULL;

CREATE TABLE users (
    id               BLOB PRIMARY KEY NOT NULL,
    environment_id   BLOB NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
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
    policies_consent INTEGER,
    metadata         TEXT,
    first_visit      INTEGER NOT NULL,
    last_visit       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX users_by_username ON users (environment_id, username_key) WHERE username_key IS NOT NULL;

-- One row for each way in which a user was recognised. `issuer` vouches for `identifier`.
CREATE TABLE credentials (
    id               BLOB PRIMARY KEY NOT NULL,
    environment_id   BLOB NOT NULL,
    user_id          BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind             TEXT NOT NULL,
    issuer           TEXT NOT NULL,
    identifier       TEXT NOT NULL,
    verified_at      INTEGER NOT NULL,
    last_selected_at INTEGER NOT NULL
) STRICT;

-- Only the external identity finds a user; addresses may repeat and never do.
CREATE UNIQUE INDEX users_by_external_identity ON credentials (environment_id, issuer, identifier)
    WHERE kind = 'externalUser';
CREATE UNIQUE INDEX credentials_by_user ON credentials (user_id, kind, issuer);

CREATE TABLE sessions (
    id                   BLOB PRIMARY KEY NOT NULL,
    environment_id       BLOB NOT NULL,
    user_id              BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    signin_credential_id BLOB NOT NULL,
    audience             TEXT NOT NULL,
    public_key           TEXT,
    sdk_version          TEXT,
    ip                   TEXT,
    user_agent           TEXT,
    generation           INTEGER NOT NULL,
    token_id             BLOB NOT NULL,
    previous_token_id    BLOB,
    created_at           INTEGER NOT NULL,
    refreshed_at         INTEGER NOT NULL,
    expires_at           INTEGER NOT NULL,
    refresh_expires_at   INTEGER NOT NULL,
    revoked_at           INTEGER,
    revoke_reason        TEXT
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (refresh_expires_at);

CREATE TABLE used_nonces (
    environment_id BLOB NOT NULL,
    nonce          TEXT NOT NULL,
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (environment_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonces_by_end ON used_nonces (expires_at);

CREATE TABLE admin_tokens (
    id         BLOB PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    scope      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
