// Child processes, each the leader of its own group so that stopping one stops what it started.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const GRACE_MS = 5_000;
const TAIL_LINES = 60;
const running = new Set();
let forgotten = false;

/** A command that ended badly, with the end of what it printed. */
export class CommandFailed extends Error {
  constructor(commandLine, ending, output) {
    super(`\`${commandLine}\` ${ending}`);
    this.output = output;
  }
}

/**
 * Starts a command.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 * @returns {{ exited: Promise<{ code: number | null, ending: string }>, tail: () => string,
 *   stop: () => Promise<void> }}
 */
export function start(command, args, { cwd, env, onLine } = {}) {
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine?.(line);
    });
  }

  const closed = new Promise((resolve) => {
    child.on('error', (error) => {
      tail.push(error.message);
      resolve({ code: null, ending: 'could not be started' });
    });
    child.on('close', (code, signal) => {
      resolve({ code, ending: signal ? `was ended by ${signal}` : `exited with code ${code}` });
    });
    // `close` waits for the pipes, which a grandchild may hold open: take it down with its parent.
    child.on('exit', () => killGroup(child.pid, 'SIGKILL'));
  });

  const exited = closed.then((end) => {
    running.delete(handle);
    return forgotten ? new Promise(() => {}) : end;
  });
  const handle = {
    exited,
    tail: () => tail.join('\n'),
    async stop() {
      killGroup(child.pid, 'SIGTERM');
      const force = setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS);
      await closed;
      clearTimeout(force);
    },
    kill: () => killGroup(child.pid, 'SIGKILL'),
  };
  running.add(handle);
  return handle;
}

/**
 * Runs a command to its end.
 *
 * @param {Parameters<typeof start>[2] & { stalled?: { afterMs: number, progress: () => unknown } }} [options]
 *   `stalled`: give up when nothing is printed and `progress()` does not change for `afterMs`
 * @throws {CommandFailed}
 */
export async function run(command, args, { stalled, ...options } = {}) {
  let lastLine = Date.now();
  const child = start(command, args, {
    ...options,
    onLine(line) {
      lastLine = Date.now();
      options.onLine?.(line);
    },
  });
  let gaveUp = false;
  const watch = stalled && watchProgress(stalled, () => lastLine, () => {
    gaveUp = true;
    child.stop();
  });
  const { code, ending } = await child.exited;
  clearInterval(watch);
  if (code !== 0) {
    const reason = gaveUp ? `made no progress for ${stalled.afterMs / 1000} s` : ending;
    throw new CommandFailed([command, ...args].join(' '), reason, child.tail());
  }
}

/** What a command prints on stdout, trimmed, or null where it cannot be run or fails. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code === 0 ? output.trim() : null));
  });
}

/**
 * Stops every child that still runs, and waits for it.
 *
 * @param {{ forget?: boolean }} [options]  `forget`: whoever awaits a child hears no more of it,
 *   because this process ends and a stopped child is no failure
 */
export async function stopAll({ forget = false } = {}) {
  forgotten ||= forget;
  await Promise.all([...running].map((child) => child.stop()));
}

// The last resort, for an end that skipped `stopAll`.
process.on('exit', () => running.forEach((child) => child.kill()));

function watchProgress({ afterMs, progress }, lastLine, giveUp) {
  let seen = progress();
  let changed = Date.now();
  return setInterval(() => {
    const now = progress();
    if (now !== seen) {
      seen = now;
      changed = Date.now();
    }
    if (Date.now() - Math.max(changed, lastLine()) > afterMs) giveUp();
  }, 1_000);
}

function killGroup(pid, signal) {
  if (!pid) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group is gone already.
  }
}
