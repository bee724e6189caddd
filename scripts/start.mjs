// `npm start`: installs what is missing, builds, and runs the server, the demo's issuer and its page.
//
//     BYOA_PORT=4700 npm start     other ports: the page's, the next for the issuer, the next for the server
//     npm start -- --verbose       with what the three print
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FOR_START, ensure } from './bootstrap.mjs';
import { serverProgram, staleBuilds } from './build.mjs';
import { CommandFailed, run, start } from './lib/children.mjs';
import { Halt, main } from './lib/halt.mjs';
import { answers } from './lib/health.mjs';
import { root } from './lib/places.mjs';
import { checkPorts, demoPorts } from './lib/ports.mjs';
import { runSteps } from './lib/steps.mjs';

const ENVIRONMENT_ID = '00000000-0000-4000-8000-00000000b0a0';
const AUDIENCE = 'byoa-demo';
/** So that a visitor sees a session being refreshed. */
const SHORT_LIVED = ['--session-lifetime', '120'];
const ANSWER_WITHIN_MS = 30_000;
const verbose = process.argv.includes('--verbose');
let serving = false;

// While the three run, Ctrl-C is the ordinary end and no failure.
await main(demo, { ownsSignals: () => serving });

async function demo(interrupted) {
  const ports = demoPorts();
  await checkPorts(ports);
  const tools = await ensure(FOR_START);
  await runSteps(staleBuilds(['server', 'demo'], tools));
  // Building may have taken minutes.
  await checkPorts(ports);

  const site = describe(ports);
  mkdirSync(site.data, { recursive: true });
  await configure(site);
  serving = true;
  const children = site.processes.map(launch);
  const stopped = interrupted.then(() => 'stopped');
  const died = Promise.race(children.map(death));
  const ready = Promise.all(children.map(readiness)).then(() => 'ready');

  if ((await Promise.race([stopped, died, ready])) === 'ready') {
    console.log(`The demo runs at ${site.origins.page} (Ctrl-C stops it).`);
    await Promise.race([stopped, died]);
  }
  return 0;
}

/** Where everything is, and the three processes. */
function describe(ports) {
  const origin = (name) => `http://localhost:${ports[name]}`;
  const origins = { page: origin('page'), issuer: origin('issuer'), server: origin('server') };
  const data = join(root, '.byoa', 'demo');
  const database = ['--database-url', `sqlite://${join(data, 'byoa.db')}`];
  const www = join(root, 'www');
  const env = {
    BYOA_PAGE_PORT: String(ports.page),
    BYOA_ISSUER_PORT: String(ports.issuer),
    BYOA_SERVER_PORT: String(ports.server),
    BYOA_DEMO_DIR: data,
  };
  return {
    origins,
    data,
    database,
    processes: [
      {
        name: 'server',
        command: serverProgram,
        args: ['serve', '--listen', `127.0.0.1:${ports.server}`, '--public-url', origins.server, ...database, '--allow-private-jwks', '--no-rate-limit', ...SHORT_LIVED],
        health: `${origins.server}/healthz`,
      },
      {
        name: 'issuer',
        command: process.execPath,
        args: [join(www, 'issuer', 'server.mjs')],
        env,
        health: `${origins.issuer}/.well-known/jwks.json`,
      },
      { name: 'page', command: process.execPath, args: [join(www, 'serve.mjs')], env, health: origins.page },
    ],
  };
}

/** Tells the server's database about the demo's issuer, anew at each start: the ports may differ. */
async function configure({ origins, database }) {
  const env = (verb) =>
    run(serverProgram, [
      ...['env', verb, '--id', ENVIRONMENT_ID, '--issuer', origins.issuer],
      ...['--jwks-url', `${origins.issuer}/.well-known/jwks.json`, '--audience', AUDIENCE],
      ...['--allowed-origin', origins.page, ...database, '--allow-private-jwks'],
    ]);
  try {
    // Refused where it is there from an earlier start; then `set` has the last word.
    await env('create').catch(() => env('set'));
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Halt('The demo environment could not be created: mend what the server says above.', error.output);
  }
}

function launch({ name, command, args, env, health }) {
  const onLine = verbose ? (line) => console.log(`${name}: ${line}`) : undefined;
  const child = start(command, args, { cwd: root, env: { ...process.env, ...env }, onLine });
  return { ...child, name, health };
}

async function death({ name, exited, tail }) {
  const { ending } = await exited;
  throw new Halt(`The demo's ${name} ${ending}, so the others were stopped too.`, tail());
}

async function readiness({ name, health, tail }) {
  if (await answers(health, ANSWER_WITHIN_MS)) return;
  throw new Halt(`The demo's ${name} did not answer at ${health} within ${ANSWER_WITHIN_MS / 1000} s.`, tail());
}
