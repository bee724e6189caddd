// The peer as a process: `node src/main.js --help`.
import { parseArgs } from 'node:util';
import { createApp } from './app.js';
import { openStore } from './store.js';
import { externalVerifier, sessionTokens } from './tokens.js';

const USAGE = `usage: node src/main.js --environment UUID --issuer ISS --audience AUD --jwks-url URL --database FILE
  --port N            0 picks a free one; printed as "listening on URL"
  --tokens 1|2        how many session tokens an answer carries (2: also the fat "jwt"), default 1
  --group-commit      one durable commit for all sign-ins of one turn of the event loop`;

const { values: options } = parseArgs({
  options: {
    environment: { type: 'string' },
    issuer: { type: 'string' },
    audience: { type: 'string' },
    'jwks-url': { type: 'string' },
    database: { type: 'string' },
    port: { type: 'string', default: '0' },
    tokens: { type: 'string', default: '1' },
    'group-commit': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const missing = ['environment', 'issuer', 'audience', 'jwks-url', 'database'].filter((name) => !options[name]);
if (options.help || missing.length > 0) {
  console.error(USAGE);
  process.exit(options.help ? 0 : 2);
}

const store = openStore(options.database, { groupCommit: options['group-commit'] });
const app = createApp({
  environmentId: options.environment,
  store,
  verifyExternal: externalVerifier({
    issuer: options.issuer,
    audience: options.audience,
    jwksUrl: options['jwks-url'],
  }),
  tokens: await sessionTokens({ environmentId: options.environment, withIdentityToken: options.tokens === '2' }),
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await app.close();
    store.close();
  });
}

console.log(`listening on ${await app.listen({ host: '127.0.0.1', port: Number(options.port) })}`);
