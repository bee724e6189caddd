// Benchmarks: `npm run bench -- server`, `-- size` and `-- startup`. What they measure: bench/README.md.
import { Halt, main } from '../scripts/lib/halt.mjs';
import { benchServer, SERVER_USAGE } from './lib/server.mjs';
import { benchSize, SIZE_USAGE } from './lib/size.mjs';
import { benchStartup, STARTUP_USAGE } from './lib/startup.mjs';

const BENCHMARKS = { server: benchServer, size: benchSize, startup: benchStartup };
const USAGE = `usage: npm run bench -- server [options]\n${SERVER_USAGE}\n       npm run bench -- size [options]\n${SIZE_USAGE}\n       npm run bench -- startup [options]\n${STARTUP_USAGE}`;

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  if (name === '--help' || name === 'help') return console.log(USAGE);
  const bench = BENCHMARKS[name];
  if (!bench) throw new Halt(`Name a benchmark.\n${USAGE}`);
  if (args.includes('--help')) return console.log(USAGE);
  await bench(args);
});
