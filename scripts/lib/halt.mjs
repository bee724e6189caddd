// How a script ends: with one sentence that names the mend, or by a signal, and never half-way.
import { stopAll } from './children.mjs';

/** A reason to stop that the reader can mend. Its message is the whole of what is shown. */
export class Halt extends Error {
  /** @param {string} message  @param {string} [detail] output to show above the sentence */
  constructor(message, detail) {
    super(message);
    this.detail = detail;
  }
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Runs a script's body: a `Halt` becomes its sentence and exit code 1, a signal stops every child
 * first. npm passes Ctrl-C on although the terminal has sent it already, so repeats are ignored; its
 * other signals reach us only because package.json says `exec`, which leaves no shell in between.
 *
 * @param {(interrupted: Promise<string>) => Promise<number | void>} body resolves to an exit code;
 *   it may take over from the default end on a signal by awaiting `interrupted` and returning.
 * @param {{ ownsSignals?: () => boolean }} [options] true while the body ends on `interrupted` itself
 */
export async function main(body, { ownsSignals = () => false } = {}) {
  let received;
  const interrupted = new Promise((resolve) => {
    for (const [signal, code] of Object.entries(SIGNALS)) {
      process.on(signal, async () => {
        if (received) return;
        received = signal;
        resolve(signal);
        if (ownsSignals()) return;
        await stopAll({ forget: true });
        if (process.stdout.isTTY) process.stdout.write('\n');
        process.exit(code);
      });
    }
  });
  // A closed terminal or pipe must not turn the clean-up into a crash.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

  try {
    const code = await body(interrupted);
    await stopAll();
    process.exit(code ?? 0);
  } catch (error) {
    await stopAll();
    if (error instanceof Halt) {
      if (error.detail) console.error(error.detail);
      console.error(error.message);
    } else {
      console.error(error);
    }
    process.exit(1);
  }
}
