// The standard library of what the browser downloads: compiled for size with the code that uses it, where its source
// is there; otherwise the one that is there ready-made.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, capture, run } from './children.mjs';
import { root, which } from './places.mjs';

const STALLED_AFTER_MS = 90_000;

/**
 * What `cargo build` needs besides. A failure is a trap at once, without a message that nobody reads; `{:?}` prints
 * nothing. cargo has these for its own nightly, and from a stable one under that variable.
 */
export const SMALL_STD = {
  args: ['-Zbuild-std=std,panic_abort', '-Zbuild-std-features=optimize_for_size'],
  rustflags: ['-Zunstable-options', '-Cpanic=immediate-abort', '-Zfmt-debug=none', '-Zlocation-detail=none'],
  variables: { RUSTC_BOOTSTRAP: '1' },
};

/**
 * Whether the library's source lies with the compiler that `env` finds. Where rustup keeps that compiler, it is asked
 * for the source once.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {(line: string) => void} report
 */
export async function hasStdSource(env, report) {
  if (await isThere(env)) return true;
  // A toolchain of our own is not rustup's.
  if (env.SYSROOT || !which('rustup')) return false;
  report("adding the standard library's source");
  try {
    await run('rustup', ['component', 'add', 'rust-src'], { cwd: root, onLine: report, stalled: { afterMs: STALLED_AFTER_MS, progress: () => 0 } });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
  }
  return isThere(env);
}

async function isThere(env) {
  const sysroot = await capture('rustc', ['--print', 'sysroot'], { cwd: root, env });
  const manifest = join(sysroot ?? '', 'lib', 'rustlib', 'src', 'rust', 'library', 'std', 'Cargo.toml');
  return Boolean(sysroot) && (statSync(manifest, { throwIfNoEntry: false })?.isFile() ?? false);
}
