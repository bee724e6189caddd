// Command-line tools from cargo's registry, built once per version into the per-user cache.
import { dirname, join } from 'node:path';
import { capture, run } from './children.mjs';
import { toolsDir, which } from './places.mjs';
import { publish, scratch } from './scratch.mjs';
import { isAtLeast, versionIn } from './versions.mjs';

/**
 * @typedef {object} CargoTool
 * @property {string} crate
 * @property {string} version  what is installed where none is good enough
 * @property {string[]} programs  all must be there; the first tells its version
 * @property {string} [atLeast]  a version from PATH that will do; without it only `version` does
 * @property {string[]} [flags]  for `cargo install`
 */

let sharedBuild;

/** Directories to put on PATH so that a good version is found (none where it is already), or null. */
export async function locateCargoTool(tool) {
  const onPath = which(tool.programs[0]);
  if (onPath && (await isGood(tool, dirname(onPath)))) return [];
  const ours = join(home(tool), 'bin');
  return (await isGood(tool, ours)) ? [ours] : null;
}

/** Builds a tool and puts it in its place in one step. @param {CargoTool} tool */
export async function installCargoTool(tool, report) {
  // Dependencies that the tools share are compiled once.
  sharedBuild ??= scratch(toolsDir);
  const finished = join(sharedBuild, tool.crate);
  await run(
    'cargo',
    // Unoptimised: compiled in half the time, and still quick on inputs of this size. Not `--locked`
    // by itself: versions that a tool's authors pinned may have been withdrawn.
    ['install', '--debug', tool.crate, '--version', tool.version, '--root', finished, ...(tool.flags ?? [])],
    {
      cwd: sharedBuild,
      env: {
        ...process.env,
        CARGO_TARGET_DIR: join(sharedBuild, 'target'),
        CARGO_PROFILE_DEV_DEBUG: '0',
      },
      onLine: report,
    },
  );
  publish(finished, home(tool));
}

async function isGood({ programs, version, atLeast }, place) {
  if (!programs.every((program) => which(program, place))) return false;
  // cargo-nextest answers only as cargo's subcommand.
  const [program] = programs;
  const args = program.startsWith('cargo-') ? [program.slice('cargo-'.length), '--version'] : ['--version'];
  const found = versionIn(await capture(join(place, program), args));
  return found !== null && (atLeast ? isAtLeast(found, atLeast) : found === version);
}

function home({ crate, version }) {
  return join(toolsDir, `${crate}-${version}`);
}
