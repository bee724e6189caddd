// Serves the built demo page, as any static host would, with the content security policy that byoa needs.
//
//     node www/serve.mjs [--port 4600]
//     BYOA_PAGE_PORT    the same
//     BYOA_ISSUER_PORT  the backend's port, the next one unless set
//     BYOA_SERVER_PORT  byoa-server's port, the one after that unless set
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const PAGES = ['/index.html', '/session.html'];
const CONFIG_SLOT = '<script type="application/json" id="config"></script>';

const { values } = parseArgs({ options: { port: { type: 'string' }, dist: { type: 'string' } } });
const dist = values.dist ?? fileURLToPath(new URL('dist', import.meta.url));
const port = Number(values.port ?? process.env.BYOA_PAGE_PORT ?? 4600);
const issuerUrl = `http://localhost:${process.env.BYOA_ISSUER_PORT ?? port + 1}`;
const serverUrl = `http://localhost:${process.env.BYOA_SERVER_PORT ?? port + 2}`;

const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  `connect-src 'self' ${issuerUrl} ${serverUrl}`,
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

const server = createServer((request, response) => {
  response.setHeader('content-security-policy', policy);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();
  const path = pathOf(request.url);
  if (PAGES.includes(path)) return void page(response, path);
  const file = path && join(dist, path);
  if (!file || !isFile(file)) return void response.writeHead(404).end('Not found');
  // Names under assets/ carry a hash of what is in them.
  const lasting = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'cache-control': lasting });
  createReadStream(file).pipe(response);
});

server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use: choose another with --port.` : error.message);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => console.log(`The demo page is at http://localhost:${port}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}

/** The page with the addresses in it, so that they may change without a build. */
function page(response, path) {
  const config = JSON.stringify({ issuerUrl, apiBaseUrl: `${serverUrl}/api/v0` });
  const html = readFileSync(join(dist, path), 'utf8').replace(CONFIG_SLOT, CONFIG_SLOT.replace('><', `>${config}<`));
  response.writeHead(200, { 'content-type': TYPES['.html'], 'cache-control': 'no-cache' }).end(html);
}

/** Whether it is a file; a name that no file can have is none. */
function isFile(path) {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A path inside dist, or null. */
function pathOf(url) {
  try {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname)).split(sep).join('/');
    return path === '/' ? '/index.html' : path;
  } catch {
    return null;
  }
}
