// What `npm run bench -- server` prints: the two servers beside each other, and what to compare them with.

const TITLES = {
  'signin-rs256': 'Sign-in with an RS256 token',
  'signin-es256': 'Sign-in with an ES256 token',
  refresh: 'Refresh',
  session: 'Session check',
};
/** From here on, the load and not the server may be what is measured. */
const GENERATOR_BUSY = 0.9;
const MACHINE_BUSY = 0.3;

/** Numbers that are read off the cells, then everything as tables or as JSON. */
export function printReport(report, asJson) {
  const summary = summarise(report);
  if (asJson) return console.log(JSON.stringify({ ...report, summary }, null, 2));
  const { machine, crypto, commit, seeded } = report;
  print(`\n${machine.model}, ${machine.cores} cores (${machine.pinned}), Node ${machine.node}`);
  print(`Bare cryptography, µs: RS256 verify ${fixed(crypto.rs256Verify)}, ES256 verify ${fixed(crypto.es256Verify)}, ES256 sign ${fixed(crypto.es256Sign)}`);
  print(`One SQLite commit of one row, median µs: durable ${fixed(commit.durableMicros)}, not synced ${fixed(commit.unsyncedMicros)}`);
  for (const [name, { tokensPerAnswer, answerBytes }] of Object.entries(seeded)) {
    print(`An answer of ${name}: ${tokensPerAnswer} signed token${tokensPerAnswer === 1 ? '' : 's'}, ${answerBytes} bytes`);
  }
  for (const [scenario, rows] of grouped(report.cells)) printScenario(scenario, rows);
  printSummary(summary);
  for (const warning of warnings(report)) print(`! ${warning}`);
}

function printScenario(scenario, rows) {
  const heads = ['conns', '', 'per s', 'p50 ms', 'p99 ms', 'max ms', 'CPU µs', 'kernel', 'cores', 'RSS MB', 'errors'];
  const table = [heads];
  for (const { connections, ours, peer } of rows) {
    for (const cell of [ours, peer].filter(Boolean)) table.push([String(connections), ...row(cell)]);
    if (ours && peer) table.push(ratios(ours, peer));
  }
  print(`\n${TITLES[scenario]}`);
  const widths = heads.map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
  for (const cells of table) print(`  ${cells.map((text, column) => text.padStart(widths[column])).join('  ')}`);
}

function row(cell) {
  return [
    cell.target,
    fixed(cell.perSecond, 0),
    fixed(cell.p50Ms, 2),
    fixed(cell.p99Ms, 2),
    fixed(cell.maxMs),
    fixed(cell.cpuMicros),
    fixed(cell.cpuKernelMicros),
    fixed(cell.serverCores, 2),
    fixed(cell.rssBytes === null ? null : cell.rssBytes / 1e6),
    String(cell.errors),
  ];
}

/** Of ours to the peer's; of processor time the other way round, so that more is better throughout. */
function ratios(ours, peer) {
  const better = (ratio) => (Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : '');
  const part = (ratio) => (Number.isFinite(ratio) ? `${ratio.toFixed(2)}` : '');
  return [
    '',
    'ratio',
    better(ours.perSecond / peer.perSecond),
    part(ours.p50Ms / peer.p50Ms),
    part(ours.p99Ms / peer.p99Ms),
    part(ours.maxMs / peer.maxMs),
    better(peer.cpuMicros / ours.cpuMicros),
    '',
    '',
    part(ours.rssBytes / peer.rssBytes),
    '',
  ];
}

function summarise({ cells, crypto }) {
  const bare = {
    'signin-rs256': crypto.rs256Verify + crypto.es256Sign,
    'signin-es256': crypto.es256Verify + crypto.es256Sign,
  };
  return [...grouped(cells)].flatMap(([scenario, rows]) =>
    rows.map(({ connections, ours, peer }) => ({
      scenario,
      connections,
      perCpuSecondRatio: ours && peer ? peer.cpuMicros / ours.cpuMicros : null,
      p99Ratio: ours && peer ? ours.p99Ms / peer.p99Ms : null,
      bareCryptoMicros: bare[scenario] ?? null,
      oursOverBareCrypto: ours && bare[scenario] ? ours.cpuMicros / bare[scenario] : null,
      peerOverBareCrypto: peer && bare[scenario] ? peer.cpuMicros / bare[scenario] : null,
    })),
  );
}

function printSummary(summary) {
  print('\nAnswers per server CPU second, ours ÷ peer; p99, ours ÷ peer; CPU per sign-in ÷ bare cryptography (verify + one ES256 sign)');
  for (const one of summary) {
    const compared = one.perCpuSecondRatio === null ? '' : `${fixed(one.perCpuSecondRatio, 2)}x, p99 ${fixed(one.p99Ratio, 2)}`;
    const bare = ['ours', 'peer']
      .map((name) => [name, one[`${name}OverBareCrypto`]])
      .filter(([, ratio]) => ratio !== null)
      .map(([name, ratio]) => `${name} ${fixed(ratio, 2)}x`);
    const floor = bare.length > 0 ? `bare ${fixed(one.bareCryptoMicros)} µs: ${bare.join(', ')}` : '';
    print(`  ${one.scenario.padEnd(12)} ${String(one.connections).padStart(3)}  ${[compared, floor].filter(Boolean).join('; ')}`);
  }
}

function warnings({ machine, cells, seeded }) {
  const all = [];
  if (machine.loadBefore > machine.cores * MACHINE_BUSY) {
    all.push(`The machine was busy before the run (load ${fixed(machine.loadBefore, 1)}): do not quote these numbers.`);
  }
  if (Object.values(seeded).some(({ users }) => users === 0)) all.push('A server was not seeded.');
  for (const cell of cells) {
    const where = `${cell.target}, ${cell.scenario}, ${cell.connections} connections`;
    if (cell.errors > 0) all.push(`${where}: ${cell.errors} errors, the first: ${cell.firstError}`);
    if (cell.newcomersRanOut) all.push(`${where}: newcomers ran out; give --newcomer-tokens.`);
    if (cell.generatorCores > GENERATOR_BUSY) all.push(`${where}: the load generator was busy (${fixed(cell.generatorCores, 2)} cores), so the server could do more.`);
  }
  if (machine.pinned === 'not pinned') all.push('Not pinned: server and load share the cores.');
  return all;
}

/** @returns {Map<string, { connections: number, ours?: object, peer?: object }[]>} by scenario, in order */
function grouped(cells) {
  const scenarios = new Map();
  for (const cell of cells) {
    const rows = scenarios.get(cell.scenario) ?? [];
    scenarios.set(cell.scenario, rows);
    let row = rows.find(({ connections }) => connections === cell.connections);
    if (!row) rows.push((row = { connections: cell.connections }));
    row[cell.target] = cell;
  }
  return scenarios;
}

function fixed(value, digits = 1) {
  return value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

function print(text) {
  console.log(text);
}
