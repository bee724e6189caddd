// What a machine lacks, in sentences: the bootstrap itself, on a PATH of pretended programs and with an empty home.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandFailed, run } from '../lib/children.mjs';
import { root } from '../lib/places.mjs';

const GOOD = { npm: 'exit 0', cargo: 'exit 0', rustc: 'echo rustc 1.99.0', cc: 'exit 0' };
/** A rustup that reaches no server, on a Debian without the packages. */
const BARE_DEBIAN = { ...GOOD, rustup: 'exit 1', 'apt-get': 'exit 0', 'dpkg-query': 'exit 1' };

/**
 * Runs the bootstrap where there are only these programs. Each writes down how it was called.
 *
 * @param {Record<string, string>} programs  names and what they do, as shell
 * @param {{ platform?: string, user?: number, args?: string[] }} [machine]
 */
async function bootstrap(programs, { platform = 'linux', user = 1000, args = [] } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'byoa-missing-'));
  const bin = join(home, 'bin');
  const calls = join(home, 'calls');
  mkdirSync(bin);
  for (const [name, does] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> "${calls}"\n${does}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const machine = `Object.defineProperty(process, 'platform', { value: '${platform}' }); process.getuid = () => ${user};`;
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(machine)}`];
  const env = { HOME: home, PATH: bin };
  try {
    return await new Promise((resolve) => {
      execFile(process.execPath, [...flags, join(root, 'scripts', 'bootstrap.mjs'), ...args], { env }, (error, stdout, stderr) => {
        const said = stderr.trim().split('\n');
        const called = existsSync(calls) ? readFileSync(calls, 'utf8') : '';
        resolve({ code: error?.code ?? 0, said, called, cached: existsSync(join(home, '.cache', 'byoa', 'tools')) });
      });
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** One sentence, and nothing begun. */
function stopsWith({ code, said, called, cached }, sentence) {
  assert.equal(code, 1);
  assert.equal(said.length, 1, said.join('\n'));
  assert.match(said[0], sentence);
  assert.doesNotMatch(called, /install|update|target add/);
  assert.equal(cached, false, 'nothing was laid into the cache');
}

const without = (name, programs = GOOD) => Object.fromEntries(Object.entries(programs).filter(([each]) => each !== name));

for (const [lack, programs, machine, sentence] of [
  ['npm', without('npm'), {}, /^npm is missing: install node, then run this again\.$/],
  ['Rust', without('cargo'), {}, /^Rust is missing: run `curl .+ https:\/\/sh\.rustup\.rs \| sh`/],
  ['a Rust that runs', { ...GOOD, rustc: 'exit 1' }, {}, /run `rustup default stable`/],
  ['a later Rust', { ...GOOD, rustc: 'echo rustc 1.60.0' }, {}, /^Rust 1\.60\.0 is too old, .+ run `rustup update stable`/],
  ['a C compiler on Debian', { ...without('cc'), 'apt-get': 'exit 0' }, {}, /run `sudo apt-get install -y build-essential`/],
  ['a C compiler on Fedora', { ...without('cc'), dnf: 'exit 0' }, {}, /run `sudo dnf install -y gcc`/],
  ['a C compiler on macOS', { ...without('cc'), brew: 'exit 0' }, { platform: 'darwin' }, /run `xcode-select --install`/],
  ['a C compiler elsewhere', without('cc'), {}, /install gcc, then run this again/],
]) {
  test(`without ${lack} it says what to run, and begins nothing`, async () => {
    stopsWith(await bootstrap(programs, machine), sentence);
  });
}

test('without the right to install a browser nothing else is installed either', async () => {
  const stopped = await bootstrap(BARE_DEBIAN, { args: ['--test'] });
  stopsWith(stopped, /installing needs root: run `sudo apt-get update && sudo apt-get install -y chromium chromium-driver`/);
});

test('without apt-get it says where a browser comes from', async () => {
  stopsWith(await bootstrap(without('apt-get', BARE_DEBIAN), { args: ['--test'], user: 0 }), /install Chrome or Chromium and the ChromeDriver/);
});

for (const [who, programs, sentence] of [
  ['on Debian, not root', BARE_DEBIAN, /could not be added by rustup, .+ run `sudo apt-get update && sudo apt-get install -y rustc-web/],
  ['on macOS', without('apt-get', BARE_DEBIAN), /run `rustup target add wasm32-unknown-unknown` where rustup's servers can be reached/],
]) {
  test(`a rustup that reaches no server, ${who}: the sentence comes last, and no other tool is begun`, async () => {
    const { code, said, called } = await bootstrap(programs);
    assert.equal(code, 1);
    assert.match(said.at(-1), sentence);
    assert.match(called, /rustup target add/);
    assert.doesNotMatch(called, /cargo install|apt-get|npm ci/);
  });
}

test('a command that makes no progress is given up', async () => {
  const stuck = run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stalled: { afterMs: 50, progress: () => 0 } });
  await assert.rejects(stuck, (error) => error instanceof CommandFailed && /made no progress for 0\.05 s/.test(error.message));
});
