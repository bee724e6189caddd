// The Rust standard library for wasm32-unknown-unknown: rustup's, or else one built from Debian's source.
//
// Where rustup's servers cannot be reached, Debian's rustc-web comes with the library's source. It is
// compiled once and laid, with links to the rest, into a toolchain directory of our own in the per-user
// cache. Nothing of rustup's or Debian's is touched; only wasm builds put that directory first in PATH.
import { chmodSync, cpSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, capture, run } from './children.mjs';
import { aptCommand, aptInstall, hasPackages } from './debian.mjs';
import { Halt } from './halt.mjs';
import { pathWith, root, toolsDir, which } from './places.mjs';
import { publish, scratch } from './scratch.mjs';
import { versionIn } from './versions.mjs';

export const WASM_TARGET = 'wasm32-unknown-unknown';
const PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-clippy'];
const STALLED_AFTER_MS = 90_000;

/** What a wasm build's environment needs: directories first in PATH and variables; null where missing. */
export async function locateWasmTarget() {
  const theirs = await sysroot();
  if (theirs && hasStd(theirs)) return { directories: [], variables: {} };
  const ours = await debianToolchain();
  // clippy asks SYSROOT, not rustc, where the standard library is.
  if (ours && hasStd(ours)) return { directories: [join(ours, 'bin')], variables: { SYSROOT: ours } };
  return null;
}

/** Adds the target by rustup, or where that does not work by Debian's packages. */
export async function installWasmTarget(report) {
  if (await addByRustup(report)) return;
  await buildFromDebian(report);
}

async function addByRustup(report) {
  const options = {
    cwd: root,
    onLine: report,
    stalled: { afterMs: STALLED_AFTER_MS, progress: downloadedBytes },
  };
  if (!which('rustup')) return false;
  try {
    await run('rustup', ['target', 'add', WASM_TARGET], options);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return false;
  }
  return (await locateWasmTarget()) !== null;
}

async function buildFromDebian(report) {
  if (!(await hasPackages(PACKAGES))) {
    const what = `The Rust target ${WASM_TARGET} could not be added by rustup, and Debian's packages for it are`;
    const elsewhere = `run \`rustup target add ${WASM_TARGET}\` where rustup's servers can be reached`;
    await aptInstall(await aptCommand(what, PACKAGES, elsewhere), PACKAGES, report);
  }
  const host = await hostTriple();
  const lld = join((await sysroot()) ?? '', 'lib', 'rustlib', host, 'bin', 'rust-lld');
  if (!isFile(lld)) throw new Halt('The linker rust-lld is missing: install Rust by rustup, which brings it.');

  const work = scratch(toolsDir);
  report('compiling the standard library');
  const rlibs = await compileStd(work, report);
  const toolchain = join(work, 'toolchain');
  layToolchain(toolchain, { rlibs, lld, host });
  publish(toolchain, await debianToolchain());
}

async function compileStd(work, report) {
  const crate = join(work, 'std');
  mkdirSync(join(crate, 'src'), { recursive: true });
  writeFileSync(join(crate, 'Cargo.toml'), '[package]\nname = "std-for-wasm"\nedition = "2024"\n');
  writeFileSync(join(crate, 'src', 'lib.rs'), '#![no_std]\n');
  await run(
    '/usr/bin/cargo',
    ['build', '--release', '--target', WASM_TARGET, '-Zbuild-std=std,panic_abort,test'],
    {
      cwd: crate,
      onLine: report,
      env: {
        ...process.env,
        PATH: pathWith(['/usr/bin']),
        CARGO_TARGET_DIR: join(crate, 'target'),
        RUSTC_BOOTSTRAP: '1',
        // Without bitcode, builds with link-time optimisation fail.
        RUSTFLAGS: '-Cembed-bitcode=yes',
      },
    },
  );
  const deps = join(crate, 'target', WASM_TARGET, 'release', 'deps');
  return readdirSync(deps)
    .filter((name) => name.endsWith('.rlib') && !name.startsWith('libstd_for_wasm-'))
    .map((name) => join(deps, name));
}

function layToolchain(toolchain, { rlibs, lld, host }) {
  const rustlib = join(toolchain, 'lib', 'rustlib');
  const std = join(rustlib, WASM_TARGET, 'lib');
  mkdirSync(std, { recursive: true });
  for (const rlib of rlibs) cpSync(rlib, join(std, rlib.split('/').pop()));

  const hostDirectory = join(rustlib, host);
  mkdirSync(join(hostDirectory, 'bin'), { recursive: true });
  symlinkSync(join('/usr/lib/rustlib', host, 'lib'), join(hostDirectory, 'lib'));
  symlinkSync(lld, join(hostDirectory, 'bin', 'rust-lld'));
  // For builds that compile the library for size.
  symlinkSync('/usr/lib/rustlib/src', join(rustlib, 'src'));

  const bin = join(toolchain, 'bin');
  mkdirSync(bin);
  for (const name of ['cargo', 'cargo-clippy', 'clippy-driver']) symlinkSync(join('/usr/bin', name), join(bin, name));
  const rustc = join(bin, 'rustc');
  writeFileSync(rustc, '#!/bin/sh\nexec /usr/bin/rustc --sysroot "${0%/*}/.." "$@"\n');
  chmodSync(rustc, 0o755);
}

/** Our toolchain's place, which names the version of Debian's compiler it fits; null without one. */
async function debianToolchain() {
  const version = versionIn(await capture('/usr/bin/rustc', ['--version']));
  return version && join(toolsDir, `rust-wasm-std-${version}`);
}

/** The sysroot of the compiler that builds this repository. */
function sysroot() {
  return capture('rustc', ['--print', 'sysroot'], { cwd: root });
}

async function hostTriple() {
  const verbose = await capture('rustc', ['-vV'], { cwd: root });
  return verbose?.match(/^host: (.+)$/m)?.[1] ?? '';
}

function hasStd(toolchain) {
  try {
    const files = readdirSync(join(toolchain, 'lib', 'rustlib', WASM_TARGET, 'lib'));
    return files.some((name) => /^libstd-.*\.rlib$/.test(name));
  } catch {
    return false;
  }
}

/** How much rustup has downloaded, which is the only sign of life while it does. */
function downloadedBytes() {
  const home = process.env.RUSTUP_HOME || join(homedir(), '.rustup');
  let total = 0;
  for (const directory of ['downloads', 'tmp']) {
    try {
      for (const name of readdirSync(join(home, directory))) total += statSync(join(home, directory, name)).size;
    } catch {
      // Not there yet, or finished between the two calls.
    }
  }
  return total;
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
