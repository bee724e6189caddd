-- A user's sessions, the newest first, without sorting all of them.
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
