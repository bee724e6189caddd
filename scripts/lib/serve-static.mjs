// A folder over HTTP, for looking at it on this machine.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { Halt } from './halt.mjs';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** @returns {Promise<{ url: string, stop: () => Promise<unknown> }>}  port 0: any free one */
export async function serveStatic(directory, port) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    // Normalised as an absolute path, so that no `..` is left to lead out of the folder.
    const path = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    const send = async (status, file) => {
      const bytes = await readFile(join(directory, file));
      response.writeHead(status, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(bytes);
    };
    await send(200, path).catch(() => send(404, '404.html')).catch(() => response.writeHead(404).end());
  });
  server.listen(port, '127.0.0.1');
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => {
      throw error.code === 'EADDRINUSE' ? new Halt(`Port ${port} is in use: set BYOA_DOCS_PORT to a free one.`) : error;
    }),
  ]);
  const stop = () => {
    server.closeAllConnections();
    return once(server.close(), 'close');
  };
  return { url: `http://localhost:${server.address().port}/`, stop };
}
