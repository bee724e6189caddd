// Users and sessions in SQLite: WAL and synchronous=FULL, so an answered sign-in survives a power cut.
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';

const REFRESH_SECONDS = 30 * 24 * 60 * 60;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    email TEXT,
    email_credential_id TEXT,
    first_visit INTEGER NOT NULL,
    last_visit INTEGER NOT NULL,
    UNIQUE (issuer, subject)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    token_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id);`;

/** @param {{ groupCommit: boolean }} options one commit per request, or per turn of the event loop */
export function openStore(file, { groupCommit }) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('cache_size = -65536');
  database.exec(SCHEMA);

  const upsertUser = database.prepare(`
    INSERT INTO users (id, issuer, subject, credential_id, email, email_credential_id, first_visit, last_visit)
    VALUES (@id, @issuer, @subject, @credentialId, @email, @emailCredentialId, @now, @now)
    ON CONFLICT (issuer, subject) DO UPDATE SET
      last_visit = excluded.last_visit,
      email = coalesce(excluded.email, email),
      email_credential_id = coalesce(email_credential_id, excluded.email_credential_id)
    RETURNING *`);
  const insertSession = database.prepare(`
    INSERT INTO sessions (id, user_id, token_id, created_at, expires_at, refresh_expires_at)
    VALUES (@id, @userId, @tokenId, @now, @expiresAt, @refreshExpiresAt)`);
  const rotateSession = database.prepare(`
    UPDATE sessions SET token_id = @next, expires_at = min(@expiresAt, refresh_expires_at)
    WHERE id = @id AND token_id = @presented AND revoked_at IS NULL AND refresh_expires_at > @now
    RETURNING *`);
  const userById = database.prepare('SELECT * FROM users WHERE id = ?');
  const liveSession = database
    .prepare('SELECT 1 FROM sessions WHERE id = ? AND revoked_at IS NULL AND expires_at > ?')
    .pluck();

  function signIn({ issuer, subject, email, now, tokenId, expiresAt }) {
    const id = randomUUID();
    const user = upsertUser.get({
      id,
      issuer,
      subject,
      credentialId: randomUUID(),
      email,
      emailCredentialId: email && randomUUID(),
      now: now * 1000,
    });
    const session = { id: randomUUID(), tokenId, expiresAt, refreshExpiresAt: now + REFRESH_SECONDS };
    insertSession.run({ ...session, userId: user.id, now });
    return { user: { ...user, isNew: user.id === id }, session };
  }

  function refresh({ id, presented, next, now, expiresAt }) {
    const row = rotateSession.get({ id, presented, next, now, expiresAt });
    if (!row) return null;
    const session = { id, tokenId: next, expiresAt: row.expires_at, refreshExpiresAt: row.refresh_expires_at };
    return { user: { ...userById.get(row.user_id), isNew: false }, session };
  }

  const durably = groupCommit ? perTurn(database) : perRequest(database);
  return {
    signIn: durably(signIn),
    refresh: durably(refresh),
    isLive: (id, now) => liveSession.get(id, now) === 1,
    close: () => database.close(),
  };
}

/** Each call is a transaction of its own. */
function perRequest(database) {
  return (work) => {
    const transaction = database.transaction(work).immediate;
    return async (input) => transaction(input);
  };
}

/** The calls of one turn of the event loop share a transaction; one that fails does so alone. */
function perTurn(database) {
  let waiting = [];
  const commitAll = database.transaction((calls) => {
    for (const call of calls) {
      try {
        call.value = call.savepoint(call.input);
      } catch (error) {
        call.error = error;
      }
    }
  }).immediate;

  function flush() {
    const calls = waiting;
    waiting = [];
    try {
      commitAll(calls);
    } catch (error) {
      for (const call of calls) call.error ??= error;
    }
    for (const { error, value, resolve, reject } of calls) error ? reject(error) : resolve(value);
  }

  return (work) => {
    const savepoint = database.transaction(work);
    return (input) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ savepoint, input, resolve, reject }) === 1) setImmediate(flush);
      });
  };
}
