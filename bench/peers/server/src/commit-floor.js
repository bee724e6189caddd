// What one SQLite commit costs here, durable and not: `node src/commit-floor.js DIRECTORY [SECONDS]`.
// Prints {"durableMicros", "unsyncedMicros"}: medians of commits of one small row.
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

const [directory, seconds = '1'] = process.argv.slice(2);

console.log(JSON.stringify({ durableMicros: median('FULL'), unsyncedMicros: median('OFF') }));

function median(synchronous) {
  const database = new Database(join(directory, `commit-floor-${synchronous}.db`));
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
  database.exec('CREATE TABLE row (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO row VALUES (?, ?)');
  const micros = [];
  const end = performance.now() + Number(seconds) * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    insert.run(randomUUID(), 'a session of about as many bytes as one has, with a token id and its times');
    micros.push((performance.now() - start) * 1000);
  }
  database.close();
  micros.sort((a, b) => a - b);
  return micros[micros.length >> 1];
}
