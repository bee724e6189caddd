// `npm test [-- suite…]`: installs what tests need and runs every suite, or those that are named.
//
//     npm test -- native e2e     these two, and what they cannot run without
//     npm test -- --bail         stop at the first suite that fails
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensure } from './bootstrap.mjs';
import { CommandFailed, start } from './lib/children.mjs';
import { sum } from './lib/counts.mjs';
import { Halt, main } from './lib/halt.mjs';
import { root } from './lib/places.mjs';
import { elapsed, liveLine, stripAnsi } from './lib/steps.mjs';
import { SUITES } from './suites.mjs';

const LOGS = join(root, 'target', 'test-logs');

await main(async () => {
  const { names, bail } = readArguments(process.argv.slice(2));
  const tools = await ensure([...new Set(names.flatMap((name) => SUITES[name].tools))]);
  mkdirSync(LOGS, { recursive: true });
  const results = [];
  for (const name of names) {
    const result = await runSuite(name, tools, results);
    results.push(result);
    if (bail && result.failed > 0) break;
  }
  console.log(`\n${table(results)}\n`);
  const total = sum(results);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 ? 1 : 0;
});

function readArguments(args) {
  const bail = args.includes('--bail');
  const asked = args.filter((argument) => argument !== '--bail');
  const unknown = asked.find((name) => !(name in SUITES));
  if (unknown) throw new Halt(`There is no suite "${unknown}": choose from ${Object.keys(SUITES).join(', ')}.`);
  const wanted = new Set(asked.flatMap((name) => [name, ...(SUITES[name].after ?? [])]));
  const names = Object.keys(SUITES).filter((name) => (asked.length === 0 ? !SUITES[name].onlyWhenNamed : wanted.has(name)));
  return { names, bail };
}

async function runSuite(name, tools, earlier) {
  const begun = Date.now();
  const finish = (counts) => ({ name, ...counts, took: Date.now() - begun });
  const broken = earlier.find((one) => one.failed > 0 && SUITES[name].after?.includes(one.name));
  if (broken) {
    console.log(`${name}: not run, because ${broken.name} failed`);
    return finish({ passed: 0, failed: 1 });
  }

  const line = liveLine(name);
  const log = openLog(name);
  const report = (text) => {
    log.write(text);
    line.report(text);
  };
  const exec = async (command, args, { env = tools.env } = {}) => {
    log.write(`$ ${[command, ...args].join(' ')}`);
    const output = [];
    const child = start(command, args, {
      cwd: root,
      env,
      onLine(text) {
        output.push(stripAnsi(text));
        report(text);
      },
    });
    const { code } = await child.exited;
    if (code === null) log.write(child.tail());
    return { ok: code === 0, output: output.join('\n') };
  };

  let counts;
  let note = '';
  try {
    counts = await SUITES[name].run({ tools, report, exec });
    if (counts.passed + counts.failed === 0) {
      counts = { passed: 0, failed: 1 };
      note = ', ran no test';
    }
  } catch (error) {
    if (!(error instanceof CommandFailed || error instanceof Halt)) throw error;
    log.write(error.message);
    counts = { passed: 0, failed: 1 };
  }
  line.end(`${counts.passed} passed, ${counts.failed} failed${note}`);
  const shown = await log.close();
  if (counts.failed > 0) console.log(`${shown}\n(${relative(root, log.file)})`);
  return finish(counts);
}

/** A suite's whole output: in a file, and at hand for when it fails. */
function openLog(name) {
  const file = join(LOGS, `${name}.log`);
  const stream = createWriteStream(file);
  const lines = [];
  return {
    file,
    write(text) {
      lines.push(text);
      stream.write(`${stripAnsi(text)}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve(lines.join('\n')))),
  };
}

function table(results) {
  const rows = [['suite', 'passed', 'failed', 'time'], ...results.map(({ name, passed, failed, took }) => [name, passed, failed, elapsed(took)])];
  return rows.map(([name, ...rest]) => name.padEnd(12) + rest.map((cell) => String(cell).padStart(8)).join('')).join('\n');
}
