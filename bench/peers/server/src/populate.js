// Fills a database of ours with users, as if they had signed in over years:
// `node src/populate.js DATABASE ENVIRONMENT ISSUER USERS RETURNING ALGORITHM,…`.
//
// The returning users of the benchmark are among them, evenly over the years, so that what a sign-in touches
// lies all over the file. Written past the server: that way ten million take minutes.
import Database from 'better-sqlite3';
import { createHash, randomBytes } from 'node:crypto';

const YEARS_MS = 3 * 365 * 24 * 3600 * 1000;

const [file, environment, issuer, users, returning, algorithms] = process.argv.slice(2);
const database = new Database(file);
database.pragma('journal_mode = OFF');
database.pragma('synchronous = OFF');
database.pragma('cache_size = -1000000');

// Made anew at the end, by sorting: kept up row by row, they would be written all over the file.
const indexes = database
  .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('users', 'credentials')")
  .all();
for (const { name } of indexes) database.exec(`DROP INDEX "${name}"`);

const environmentId = Buffer.from(environment.replaceAll('-', ''), 'hex');
const insertUser = database.prepare(
  'INSERT INTO users (id, environment_id, first_visit, last_visit, updated_at) VALUES (?, ?, ?, ?, ?)',
);
const insertCredential = database.prepare(
  `INSERT INTO credentials (id, environment_id, user_id, kind, issuer, identifier, verified_at, last_selected_at)
   VALUES (?, ?, ?, 'externalUser', ?, ?, ?, ?)`,
);

const known = algorithms.split(',').flatMap((algorithm) => Array.from({ length: Number(returning) }, (_, user) => subjectOf(algorithm, user)));
const total = Number(users);
const every = Math.max(1, Math.floor(total / known.length));
const end = Date.now();
database.exec('BEGIN');
for (let number = 0; number < total; number += 1) {
  const at = Math.floor(end - YEARS_MS + (number / total) * YEARS_MS);
  const subject = (number % every === 0 && known[number / every]) || randomBytes(12).toString('hex');
  const id = sortable(at);
  insertUser.run(id, environmentId, at, at, at);
  insertCredential.run(sortable(at), environmentId, id, issuer, subject, at, at);
}
database.exec('COMMIT');
for (const { sql } of indexes) database.exec(sql);
database.exec('ANALYZE');
database.pragma('journal_mode = WAL');
database.close();
console.log(JSON.stringify({ users: total }));

/** As the load generator names them. */
function subjectOf(algorithm, user) {
  const name = `${algorithm}-user-${String(user).padStart(8, '0')}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 24);
}

/** A UUID of version 7. */
function sortable(at) {
  const id = randomBytes(16);
  id.writeUIntBE(at, 0, 6);
  id[6] = (id[6] & 0x0f) | 0x70;
  id[8] = (id[8] & 0x3f) | 0x80;
  return id;
}
