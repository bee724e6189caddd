// The peers' packages, from their own lock files: they are no part of the product's install.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, run } from '../../scripts/lib/children.mjs';
import { Halt } from '../../scripts/lib/halt.mjs';
import { isInstalled } from '../../scripts/lib/lock-files.mjs';

/** Installs the packages of a directory, where they are not what its lock file says. */
export async function installPeer(directory, say, flags = []) {
  const lock = json(join(directory, 'package-lock.json'));
  const installed = join(directory, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && isInstalled(lock, json(installed))) return;
  say(`Installing the packages of ${directory} …`);
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund', ...flags], { cwd: directory, env: process.env });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Halt(`The packages of ${directory} could not be installed; see above.`, error.output);
  }
}

function json(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
