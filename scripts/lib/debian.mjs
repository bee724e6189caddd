// Debian's packages: what is installed, whether more may be, and how.
import { capture, run } from './children.mjs';
import { Halt } from './halt.mjs';
import { which } from './places.mjs';

let listsUpdated = false;

/** Whether every package is installed. @param {string[]} packages */
export async function hasPackages(packages) {
  const states = await capture('dpkg-query', ['-W', '-f', '${db:Status-Abbrev}\\n', ...packages]);
  return states !== null && states.split('\n').every((state) => state.startsWith('ii'));
}

/**
 * How this user runs apt-get.
 *
 * @param {string} what  what is missing, for the sentence
 * @param {string[]} packages
 * @param {string} elsewhere  what to do where there is no apt-get
 * @returns {Promise<string[]>} the command to put before `apt-get`'s arguments
 * @throws {Halt} where there is no apt-get, or no right to use it
 */
export async function aptCommand(what, packages, elsewhere) {
  if (!which('apt-get')) throw new Halt(`${what} missing: ${elsewhere}.`);
  if (process.getuid() === 0) return ['apt-get'];
  if ((await capture('sudo', ['-n', 'true'])) !== null) return ['sudo', '-n', 'apt-get'];
  throw new Halt(
    `${what} missing, and installing needs root: run \`sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}\`, then this again.`,
  );
}

/** Installs packages. @param {string[]} apt  what `aptCommand` gave */
export async function aptInstall(apt, packages, report) {
  const [command, ...before] = apt;
  const options = { onLine: report, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  if (!listsUpdated) {
    await run(command, [...before, 'update'], options);
    listsUpdated = true;
  }
  // Debian's rustc-web conflicts with its rustup: what somebody has chosen is not taken away in silence.
  const flags = ['install', '-y', '--no-install-recommends', '--no-remove'];
  await run(command, [...before, ...flags, ...packages], options);
}
