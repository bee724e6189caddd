// The processes of one benchmark: pinned to a core where that can be done, and never left behind.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Halt } from '../../scripts/lib/halt.mjs';

const GRACE_MS = 3_000;
const TAIL_LINES = 30;
const running = new Set();

// Every way out of the process ends here; `stopAll` is the polite one.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts a process and keeps what it prints last.
 *
 * @param {string} name  how to call it when it fails
 * @param {string[]} command
 * @param {{ core?: number | null, env?: NodeJS.ProcessEnv, cwd?: string }} [options] `core`: the one to run on
 */
export function launch(name, command, { core = null, env = {}, cwd } = {}) {
  // taskset turns into the command, so the process id is the command's own.
  const [file, ...args] = core === null ? command : ['taskset', '--cpu-list', String(core), ...command];
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  const tail = [];
  const waiting = [];
  const unread = [];
  let ended = null;

  const exited = new Promise((resolve) => {
    const end = (ending) => {
      ended ??= ending;
      running.delete(child);
      for (const { reject } of waiting.splice(0)) reject(failure());
      resolve(ended);
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(signal ? `was ended by ${signal}` : `exited with code ${code}`));
  });
  child.stdin.on('error', () => {});
  const failure = () => new Halt(`${name} ${ended}.`, tail.join('\n'));
  const keep = (line) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
  };
  createInterface({ input: child.stderr }).on('line', keep);
  createInterface({ input: child.stdout }).on('line', (line) => {
    keep(line.slice(0, 400));
    const next = waiting.shift();
    if (next) next.resolve(line);
    else unread.push(line);
  });

  return {
    name,
    pid: child.pid,
    send: (value) => child.stdin.write(`${JSON.stringify(value)}\n`),

    /** The next line of stdout. @throws {Halt} when there is none in time, or the process ends */
    async line(withinMs) {
      if (unread.length > 0) return unread.shift();
      if (ended) throw failure();
      const late = new AbortController();
      const line = new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      const deadline = wait(withinMs, undefined, { signal: late.signal }).then(
        () => {
          throw new Halt(`${name} said nothing for ${Math.round(withinMs / 1000)} s.`, tail.join('\n'));
        },
        () => {},
      );
      try {
        return await Promise.race([line, deadline]);
      } finally {
        late.abort();
      }
    },

    async stop() {
      if (ended) return;
      child.stdin.end();
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(force);
    },
  };
}

/** Waits for a line with a URL in it, such as "listening on http://127.0.0.1:1". */
export async function listening(process, withinMs = 20_000) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const line = await process.line(Math.max(deadline - Date.now(), 1));
    const found = line.match(/listening on (http:\/\/[\d.]+:\d+)/);
    if (found) return new URL(found[1]);
  }
}
