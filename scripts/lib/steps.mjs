// Shows numbered steps: a ticking line on a terminal, a line now and then elsewhere.
import { CommandFailed } from './children.mjs';
import { Halt } from './halt.mjs';

const QUIET_INTERVAL_MS = 15_000;

/**
 * @typedef {object} Step
 * @property {string} title  what it makes, e.g. `wasm-pack 0.15.1`
 * @property {(report: (activity: string) => void) => Promise<string | void>} run  resolves to what
 *   to say at the end instead of `done`
 * @property {(failure: CommandFailed) => Halt} [explain]  the sentence for a command that failed
 */

/** Runs steps one after the other; the first that fails ends it with a `Halt`. @param {Step[]} steps */
export async function runSteps(steps) {
  for (const [index, step] of steps.entries()) {
    const line = liveLine(`[${index + 1}/${steps.length}] ${step.title}`);
    try {
      line.end((await step.run(line.report)) ?? 'done');
    } catch (error) {
      line.end('failed');
      if (!(error instanceof CommandFailed)) throw error;
      throw step.explain?.(error) ?? new Halt(`${step.title} failed: ${error.message}.`, error.output);
    }
  }
}

/**
 * One line that says what goes on and for how long.
 *
 * @param {string} label
 * @param {{ stream?: NodeJS.WriteStream }} [options]
 */
export function liveLine(label, { stream = process.stdout } = {}) {
  const begun = Date.now();
  let activity = 'starting';
  const text = (what) => `${label}: ${what} … ${elapsed(Date.now() - begun)}`;
  const draw = () => stream.write(`\r\x1b[K${fit(label, activity, begun, stream.columns)}`);
  const timer = stream.isTTY
    ? setInterval(draw, 1_000)
    : setInterval(() => stream.write(`${text(activity)}\n`), QUIET_INTERVAL_MS);
  if (stream.isTTY) draw();

  return {
    report(what) {
      const plain = stripAnsi(what).trim();
      if (plain) activity = plain;
    },
    end(outcome) {
      clearInterval(timer);
      const took = elapsed(Date.now() - begun);
      stream.write(`${stream.isTTY ? '\r\x1b[K' : ''}${label}: ${outcome} (${took})\n`);
    },
  };
}

/** Milliseconds as `m:ss`. */
export function elapsed(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Text without terminal colours and cursor moves. */
export function stripAnsi(text) {
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '');
}

function fit(label, activity, begun, width) {
  // A terminal without a size says 0.
  const columns = width || 80;
  const clock = ` … ${elapsed(Date.now() - begun)}`;
  const room = columns - 1 - label.length - 2 - clock.length;
  const short = activity.length > room ? activity.slice(0, Math.max(0, room)) : activity;
  return `${label}: ${short}${clock}`.slice(0, columns - 1);
}
