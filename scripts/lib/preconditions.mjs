// What a person must have installed before anything here can help: asked before the first install.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './children.mjs';
import { Halt } from './halt.mjs';
import { root, which } from './places.mjs';
import { isAtLeast, isInRange, versionIn } from './versions.mjs';

/** @throws {Halt} naming the first that is missing and the command that mends it */
export async function checkPreconditions() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!isInRange(process.versions.node, engines.node)) {
    throw new Halt(`Node.js ${process.versions.node} will not do, ${engines.node} is needed: run \`nvm install 22\`, or install it from nodejs.org, then this again.`);
  }
  if (!which('npm')) throw new Halt(`npm is missing: ${systemInstall('npm', 'node')}.`);
  if (!which('cargo') || !which('rustc')) {
    throw new Halt("Rust is missing: run `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`, then this again.");
  }
  const rustAtLeast = readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/^rust-version = "(.+)"$/m)[1];
  const rust = versionIn(await capture('rustc', ['--version'], { cwd: root }));
  if (rust === null) throw new Halt('Rust is there but does not run: run `rustup default stable`, then this again.');
  if (!isAtLeast(rust, rustAtLeast)) {
    throw new Halt(`Rust ${rust} is too old, ${rustAtLeast} or later is needed: run \`rustup update stable\`, then this again.`);
  }
  if (!which('cc')) throw new Halt(`A C compiler (cc) is missing: ${compilerInstall()}.`);
}

function compilerInstall() {
  if (process.platform === 'darwin') return 'run `xcode-select --install`, then this again';
  return systemInstall('build-essential', 'gcc', 'gcc');
}

/** How to install a package with what this system has. */
function systemInstall(debian, brew, fedora = debian) {
  const command =
    (which('apt-get') && `sudo apt-get install -y ${debian}`) ||
    (which('brew') && `brew install ${brew}`) ||
    (which('dnf') && `sudo dnf install -y ${fedora}`);
  return command ? `run \`${command}\`, then this again` : `install ${brew}, then run this again`;
}
