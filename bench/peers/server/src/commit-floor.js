// What one SQLite commit costs here, durable and not: `node src/commit-floor.js DIRECTORY [SECONDS]`.
// Prints {"durableMicros", "unsyncedMicros"}: medians of commits of one small row.
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** SQLite's log is copied back and begun anew after about a thousand pages; some commits take several. */
const COMMITS_UNTIL_REUSE = 3_000;

const [directory, seconds = '1'] = process.argv.slice(2);

console.log(JSON.stringify({ durableMicros: median('FULL'), unsyncedMicros: median('OFF') }));

function median(synchronous) {
  const database = new Database(join(directory, `commit-floor-${synchronous}.db`));
  database.pragma('journal_mode = WAL');
  database.exec('CREATE TABLE row (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO row VALUES (?, ?)');
  const commit = () =>
    insert.run(randomUUID(), 'a session of about as many bytes as one has, with a token id and its times');

  // A log that still grows costs more to sync than one that is written over, as in a server that runs.
  database.pragma('synchronous = OFF');
  for (let commits = 0; commits < COMMITS_UNTIL_REUSE; commits += 1) commit();
  database.pragma(`synchronous = ${synchronous}`);

  const micros = [];
  const end = performance.now() + Number(seconds) * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    commit();
    micros.push((performance.now() - start) * 1000);
  }
  database.close();
  micros.sort((a, b) => a - b);
  return micros[micros.length >> 1];
}
