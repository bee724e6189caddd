// `npm run bench -- server`: ours and the hand-written peer, in turn, under the same load.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { capture, run } from '../../scripts/lib/children.mjs';
import { Halt } from '../../scripts/lib/halt.mjs';
import { findCargo, root, which } from '../../scripts/lib/places.mjs';
import { installPeer } from './install-peer.mjs';
import { launch, listening } from './processes.mjs';
import { printReport } from './report.mjs';

export const SERVER_USAGE = `         --seconds 5            per cell, after a warm-up
         --warmup 1
         --connections 1,8,64
         --only NAME,NAME       of signin-rs256, signin-es256, refresh, session
         --targets ours,peer
         --returning 2000       users, per algorithm, that sign in again and again
         --population N         users that ours knows besides, on SQLite [default: none]
         --newcomers 10         percent of sign-ins by users never seen before
         --newcomer-tokens N    minted per algorithm [default: enough for most machines]
         --data DIR             where the databases lie [default: the system's temporary directory]
         --database-url URL     ours on another database, such as postgres://…; the peer stays on SQLite
         --peer-tokens 1|2      how many tokens the peer signs per answer [default: 1]
         --one-token            ask for answers without the identity token (Prefer: return=minimal)
         --profile production|release   what cargo builds ours with [default: production]
         --peer-group-commit    let the peer group its commits
         --ours-log FILTER      what ours logs [default: warn, as the peer logs nothing]
         --unpinned             do not give the servers one core and the load another
         --json                 print JSON only`;

const ENVIRONMENT_ID = '00000000-0000-4000-8000-00000000be9c';
const AUDIENCE = 'byoa-bench';
const SCENARIOS = ['signin-rs256', 'signin-es256', 'refresh', 'session'];
const TARGETS = ['ours', 'peer'];
const PEER = join(root, 'bench', 'peers', 'server');
const built = (profile, name) => join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), profile, name);
const GENERATOR = built('release', 'byoa-bench-load');
/** Faster than any server here, so that newcomers do not run out. */
const MOST_SIGN_INS_PER_SECOND = 25_000;
const MOST_NEWCOMER_TOKENS = 60_000;
const SLACK_MS = 60_000;

/** @param {string[]} args */
export async function benchServer(args) {
  const options = read(args);
  const say = options.json ? () => {} : (text) => console.log(text);
  await build(options, say);

  const data = mkdtempSync(join(options.data, 'byoa-bench-'));
  process.on('exit', () => rmSync(data, { recursive: true, force: true }));
  const cores = options.unpinned ? null : coresToPin();
  const report = { machine: machine(cores), options: shownOptions(options), seeded: {}, cells: [] };

  say('Measuring what a durable commit costs here …');
  const floor = launch('The commit measurement', [process.execPath, join(PEER, 'src', 'commit-floor.js'), data, '1'], { core: cores?.server });
  report.commit = JSON.parse(await floor.line(SLACK_MS));

  const generator = launch('The load generator', [GENERATOR], { core: cores?.load });
  const started = [generator];
  try {
    const ask = asker(generator);
    say('Minting tokens …');
    const issuer = await ask(setup(options), 300_000);
    report.crypto = await ask({ do: 'crypto', seconds: 3 }, 10_000);

    for (const name of options.targets) {
      const start = name === 'ours' ? startOurs : startPeer;
      const { server, url } = await start({ data, issuer, options, core: cores?.server });
      started.push(server);
      const target = { name, address: url.host, environment: ENVIRONMENT_ID, pid: server.pid, minimal: options.oneToken };
      say(`Signing in the returning users: ${name} …`);
      report.seeded[name] = await ask({ do: 'seed', target, share: options.returning }, 300_000);
    }
    await measure({ options, ask, report, say });
  } finally {
    await Promise.all(started.map((one) => one.stop()));
  }
  printReport(report, options.json);
}

/** Cell by cell, the servers in turn and each first every other time, so that drift hits both. */
async function measure({ options, ask, report, say }) {
  const cells = options.only.flatMap((scenario) => options.connections.map((connections) => ({ scenario, connections })));
  const perCell = options.warmup + options.seconds;
  say(`Measuring ${cells.length * options.targets.length} cells of ${perCell} s …`);
  for (const [index, { scenario, connections }] of cells.entries()) {
    const order = index % 2 === 0 ? options.targets : [...options.targets].reverse();
    for (const target of order) {
      const { seconds, warmup, newcomers } = options;
      const cell = { do: 'cell', target, scenario, connections, seconds, warmupSeconds: warmup, newcomerPercent: newcomers };
      report.cells.push(await ask(cell, perCell * 1000));
    }
  }
}

/** Sends an order and reads its answer. */
function asker(generator) {
  return async (order, expectedMs) => {
    generator.send(order);
    const { event: _, ...answer } = JSON.parse(await generator.line(expectedMs + SLACK_MS));
    return answer;
  };
}

function setup({ only, connections, seconds, warmup, returning, newcomers, newcomerTokens }) {
  const needed = (MOST_SIGN_INS_PER_SECOND * connections.length * (seconds + warmup) * newcomers) / 100;
  return {
    audience: AUDIENCE,
    tokenSeconds: 3600,
    returning,
    newcomers: newcomerTokens ?? Math.min(Math.ceil(needed), MOST_NEWCOMER_TOKENS),
    algorithms: algorithmsOf(only),
  };
}

/** Refreshes and checks need some session, whatever it was made from. */
function algorithmsOf(only) {
  const named = only.filter((name) => name.startsWith('signin-')).map((name) => name.slice('signin-'.length));
  return named.length > 0 ? named : ['es256'];
}

async function startOurs({ data, issuer, options, core }) {
  const ours = built(options.profile, 'byoa-server');
  const databaseUrl = options.databaseUrl ?? `sqlite://${join(data, 'ours.db')}`;
  const database = ['--database-url', databaseUrl];
  await command(ours, [
    ...['env', 'create', '--id', ENVIRONMENT_ID, '--issuer', issuer.issuer, '--audience', AUDIENCE],
    ...['--jwks-url', issuer.jwksUrl, '--allow-private-jwks', ...database],
  ]);
  await populate({ databaseUrl, issuer, options });
  const help = await command(ours, ['serve', '--help']);
  // A server from before there were rate limits knows no such flag.
  const noLimit = help.includes('--no-rate-limit') ? ['--no-rate-limit'] : [];
  const args = ['serve', '--listen', '127.0.0.1:0', '--allow-private-jwks', ...database, ...noLimit];
  const server = launch('byoa-server', [ours, ...args], { core, env: { BYOA_LOG: options.oursLog } });
  return { server, url: await listening(server) };
}

/** Users that were there before, so that what a sign-in costs among them can be seen. */
async function populate({ databaseUrl, issuer, options: { population, returning, only } }) {
  if (population === 0) return;
  const file = databaseUrl.replace(/^sqlite:\/\//, '');
  const algorithms = algorithmsOf(only);
  await run(process.execPath, [join(PEER, 'src', 'populate.js'), file, ENVIRONMENT_ID, issuer.issuer, population, returning, algorithms.join(',')].map(String), {
    env: process.env,
  });
}

async function startPeer({ data, issuer, options, core }) {
  const args = [
    ...['--environment', ENVIRONMENT_ID, '--issuer', issuer.issuer, '--audience', AUDIENCE],
    ...['--jwks-url', issuer.jwksUrl, '--database', join(data, 'peer.db'), '--tokens', options.peerTokens],
    ...(options.peerGroupCommit ? ['--group-commit'] : []),
  ];
  const server = launch('The peer', [process.execPath, join(PEER, 'src', 'main.js'), ...args], {
    core,
    env: { NODE_ENV: 'production' },
  });
  return { server, url: await listening(server) };
}

/** Each alone: built together, cargo would give the server what only the load generator asks for. */
async function build({ targets, profile }, say) {
  findCargo();
  const crates = [['byoa-bench-load', 'release'], ...(targets.includes('ours') ? [['byoa-server', profile]] : [])];
  for (const [crate, profile] of crates) {
    say(`Building ${crate} (${profile}) …`);
    await run('cargo', ['build', '--profile', profile, '--package', crate], { cwd: root, env: process.env });
  }
  // For the commit's cost, also where only ours is measured.
  await installPeer(PEER, say);
}

async function command(file, args) {
  const output = await capture(file, args);
  if (output === null) throw new Halt(`\`${[file, ...args].join(' ')}\` failed; run it to see why.`);
  return output;
}

/** The first core for the servers, which work one at a time, and the last for the load. */
function coresToPin() {
  const count = availableParallelism();
  if (count < 2 || !which('taskset')) return null;
  return { server: 0, load: count - 1 };
}

function machine(cores) {
  const pinned = cores ? `servers on core ${cores.server}, load on core ${cores.load}` : 'not pinned';
  const model = cpus()[0]?.model ?? 'unknown';
  return { model, cores: availableParallelism(), pinned, node: process.version, loadBefore: loadavg()[0] };
}

function shownOptions({ seconds, warmup, returning, population, newcomers, databaseUrl, peerTokens, peerGroupCommit, oneToken, profile }) {
  // No URL: it may hold a password.
  const database = databaseUrl ? databaseUrl.split(':')[0] : 'sqlite';
  return { seconds, warmup, returning, population, newcomerPercent: newcomers, database, peerTokens, peerGroupCommit, oneToken, profile };
}

function read(args) {
  const text = (fallback) => ({ type: 'string', default: fallback });
  const flag = { type: 'boolean', default: false };
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        seconds: text('5'),
        warmup: text('1'),
        connections: text('1,8,64'),
        only: text(SCENARIOS.join(',')),
        targets: text(TARGETS.join(',')),
        returning: text('2000'),
        population: text('0'),
        newcomers: text('10'),
        'newcomer-tokens': { type: 'string' },
        data: text(tmpdir()),
        'database-url': { type: 'string' },
        'peer-tokens': text('1'),
        'one-token': flag,
        profile: text('production'),
        'peer-group-commit': flag,
        'ours-log': text('warn'),
        unpinned: flag,
        json: flag,
      },
    }));
  } catch (error) {
    throw new Halt(`${error.message}\n${SERVER_USAGE}`);
  }
  const tokens = values['newcomer-tokens'];
  return {
    seconds: number(values.seconds, 'seconds', 0.1, 3600),
    warmup: number(values.warmup, 'warmup', 0, 60),
    connections: values.connections.split(',').map((one) => number(one, 'connections', 1, 4096)),
    only: names(values.only, 'only', SCENARIOS),
    targets: names(values.targets, 'targets', TARGETS),
    returning: number(values.returning, 'returning', 1, 1_000_000),
    population: number(values.population, 'population', 0, 100_000_000),
    newcomers: number(values.newcomers, 'newcomers', 0, 100),
    newcomerTokens: tokens === undefined ? undefined : number(tokens, 'newcomer-tokens', 0, 10_000_000),
    data: values.data,
    databaseUrl: values['database-url'],
    peerTokens: names(values['peer-tokens'], 'peer-tokens', ['1', '2'])[0],
    oneToken: values['one-token'],
    profile: names(values.profile, 'profile', ['production', 'release'])[0],
    peerGroupCommit: values['peer-group-commit'],
    oursLog: values['ours-log'],
    unpinned: values.unpinned,
    json: values.json,
  };
}

function number(text, option, least, most) {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new Halt(`--${option} is "${text}", not a number from ${least} to ${most}.`);
  }
  return value;
}

function names(text, option, known) {
  const all = text.split(',');
  const unknown = all.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Halt(`--${option} knows no "${unknown}": choose from ${known.join(', ')}.`);
  return all;
}
