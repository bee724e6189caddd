-- What happened, for those who must know later. Rows are added, never changed, and go with their age.
-- No reference to what they tell about: the row outlives it.

CREATE TABLE audit_log (
    id             BLOB PRIMARY KEY NOT NULL,
    environment_id BLOB,
    at             INTEGER NOT NULL,
    action         TEXT NOT NULL,
    refused        TEXT,
    actor          TEXT NOT NULL,
    user_id        BLOB,
    session_id     BLOB,
    issuer         TEXT,
    kid            TEXT,
    request_id     TEXT,
    ip             TEXT,
    user_agent     TEXT,
    detail         TEXT
) STRICT;

CREATE INDEX audit_log_by_environment ON audit_log (environment_id, id);
CREATE INDEX audit_log_by_time ON audit_log (at);

CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is not changed');
END;
