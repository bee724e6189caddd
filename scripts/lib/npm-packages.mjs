// What npm brings: everything in a package-lock.json, into the node_modules beside it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.mjs';
import { isInstalled } from './lock-files.mjs';
import { root } from './places.mjs';

/** Whether node_modules is what package-lock.json asks for. npm writes its own note of it last. */
export function hasNpmPackages(directory = '.') {
  const lock = read(join(directory, 'package-lock.json'));
  const installed = read(join(directory, 'node_modules/.package-lock.json'));
  return lock !== null && installed !== null && isInstalled(lock, installed);
}

/** Installs exactly the lock's packages. */
export async function installNpmPackages(report, directory = '.') {
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=http'], { cwd: join(root, directory), onLine: report });
}

function read(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
