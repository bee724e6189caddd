// A PostgreSQL for as long as a command runs: `node scripts/postgres.mjs cargo test --package byoa-server`.
// The command finds its URL in BYOA_TEST_POSTGRES_URL.
import { spawn } from 'node:child_process';
import { Halt, main } from './lib/halt.mjs';
import { startPostgres } from './lib/postgres.mjs';

await main(async () => {
  const [command, ...args] = process.argv.slice(2);
  if (!command) throw new Halt('Name a command: `node scripts/postgres.mjs cargo test --package byoa-server`.');
  const postgres = await startPostgres();
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, BYOA_TEST_POSTGRES_URL: postgres.url } });
      child.on('error', (error) => reject(new Halt(`\`${command}\` could not be started: ${error.message}.`)));
      child.on('close', (code) => resolve(code ?? 1));
    });
  } finally {
    await postgres.stop();
  }
});
