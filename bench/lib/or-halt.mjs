import { CommandFailed } from '../../scripts/lib/children.mjs';
import { Halt } from '../../scripts/lib/halt.mjs';

/** What a command gives; where it fails, a stop with this sentence and what it said. */
export async function orHalt(message, done) {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Halt(`${message}; see above.`, error.output);
  }
}
