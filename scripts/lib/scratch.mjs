// Directories for work that may be cut short: never taken for the finished thing, gone afterwards.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PREFIX = '.unfinished-';

/** A new directory beside the finished things in `parent`, removed when this process ends. */
export function scratch(parent) {
  mkdirSync(parent, { recursive: true });
  sweep(parent);
  const directory = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Moves a finished directory into its place in one step; keeps the one that is there already. */
export function publish(finished, place) {
  mkdirSync(dirname(place), { recursive: true });
  try {
    renameSync(finished, place);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}

/** Removes what a killed process could not. */
function sweep(parent) {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const owner = Number.parseInt(name.slice(PREFIX.length), 10);
    if (isAlive(owner)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // A compiler that outlived its parent still writes there: left to the next time.
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
