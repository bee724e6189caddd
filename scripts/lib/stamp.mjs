// Remembers from which inputs something was made, so that it is not made again from the same.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './places.mjs';

/** Made from other inputs, some of it by a step whose successors' inputs are read before it runs. */
const IGNORED = new Set(['node_modules', 'dist', 'generated', 'target', '.vite']);

/**
 * @param {string} name
 * @param {{ inputs: string[], outputs: string[] }} subject  files and directories,
 *   relative to the root
 * @returns {{ isFresh: () => boolean, write: () => void }} fresh while neither inputs nor outputs changed
 */
export function stamp(name, { inputs, outputs }) {
  const file = join(root, 'target', 'stamps', name);
  // Taken before the work: a file changed while it goes on leaves the result stale, not fresh.
  const made = digest(inputs);
  return {
    isFresh: () => read(file) === `${made} ${footprint(outputs)}`,
    write() {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${made} ${footprint(outputs)}`);
    },
  };
}

/** A digest of the contents of files and directories. */
function digest(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesOf(join(root, input)))) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Size and time of each output: somebody else's rebuild changes them. */
function footprint(outputs) {
  return outputs
    .map((output) => {
      const found = statSync(join(root, output), { throwIfNoEntry: false });
      return found ? `${found.size}@${found.mtimeMs}` : 'absent';
    })
    .join(',');
}

function filesOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !IGNORED.has(name))
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
