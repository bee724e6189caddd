// "Your backend" of the demo: knows its users, signs JWTs for them, and publishes its public keys.
//
//     BYOA_ISSUER_PORT  its port, 4601 unless set
//     BYOA_PAGE_PORT    the page's port, one below its own unless set; no other origin may ask for a token
//     BYOA_DEMO_DIR     where its keys are kept, .byoa/demo of the repository unless set
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { ALGORITHMS, loadKeys } from './keys.mjs';
import { USERS, tokenMaker } from './tokens.mjs';

const MAX_BODY_BYTES = 4096;

const port = Number(process.env.BYOA_ISSUER_PORT ?? 4601);
const pagePort = Number(process.env.BYOA_PAGE_PORT ?? port - 1);
const directory = process.env.BYOA_DEMO_DIR ?? fileURLToPath(new URL('../../.byoa/demo', import.meta.url));

const issuer = `http://localhost:${port}`;
const allowedOrigins = [`http://localhost:${pagePort}`, `http://127.0.0.1:${pagePort}`];
const keys = await loadKeys(directory);
const tokens = tokenMaker({ issuer, audience: 'byoa-demo', keys });

const ROUTES = {
  'GET /.well-known/jwks.json': () => ({ keys: keys.map(({ publicJwk }) => publicJwk) }),
  'GET /users': () => ({ users: USERS, algorithms: ALGORITHMS }),
  'POST /token': async (request) => {
    const asked = await body(request);
    if (!tokens.knows(asked)) throw refusal(400, 'Ask with { user, alg, bend? } as GET /users lists them.');
    return tokens.make(asked);
  },
};

const server = createServer(async (request, response) => {
  const { origin } = request.headers;
  if (allowedOrigins.includes(origin)) {
    response.setHeader('access-control-allow-origin', origin).setHeader('access-control-allow-headers', 'content-type');
  }
  response.setHeader('vary', 'origin').setHeader('cache-control', 'no-store');
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  try {
    const route = ROUTES[`${request.method} ${request.url.split('?')[0]}`];
    if (!route) throw refusal(404, 'There is nothing here.');
    answer(response, 200, await route(request));
  } catch (error) {
    answer(response, error.status ?? 500, { error: error.status ? error.message : 'The demo backend failed.' });
    if (!error.status) console.error(error);
  }
});

server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use: set BYOA_ISSUER_PORT to a free one.` : error.message);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => console.log(`The demo backend answers at ${issuer}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}

function answer(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function body(request) {
  if (!request.headers['content-type']?.startsWith('application/json')) throw refusal(415, 'Send application/json.');
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw refusal(413, 'The body is too large.');
  }
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw refusal(400, 'The body is not JSON.');
  }
}

function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}
