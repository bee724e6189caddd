// Where things are: the repository, the per-user cache of tools, and programs on PATH.
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Tools built for byoa, shared by its clones; each in `<tool>-<version>`. */
export const toolsDir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'byoa', 'tools');

const cargoBin = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin');

/** Makes cargo's programs findable in a shell that was opened before rustup put them on PATH. */
export function findCargo() {
  const path = process.env.PATH ?? '';
  if (!path.split(delimiter).includes(cargoBin)) process.env.PATH = `${path}${delimiter}${cargoBin}`;
}

/** PATH with directories put first. @param {string[]} directories */
export function pathWith(directories, path = process.env.PATH ?? '') {
  return [...directories, path].join(delimiter);
}

/** The first program of that name on a PATH, or null. */
export function which(name, path = process.env.PATH ?? '') {
  for (const directory of path.split(delimiter)) {
    const candidate = join(directory, name);
    if (isProgram(candidate)) return candidate;
  }
  return null;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
