// A consumer's project: its own packages as its lock says, from the registry, and ours from the tarball.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { built, root, run } from '../../support/processes.ts';

const FIXTURES = join(root, 'tests/packaging/consumers');
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

/** The packed package. */
export async function pack(folder: string): Promise<string> {
  built('pkg/dist/index.js', 'node scripts/build.mjs pkg');
  const { stdout } = await run('npm', ['pack', join(root, 'pkg'), '--json', '--loglevel=error', '--pack-destination', folder]);
  // npm 11 gives a list, npm 12 an object by name.
  const packed = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>)[0];
  if (!packed) throw new Error('npm packed nothing');
  return join(folder, packed.filename);
}

export class Project {
  readonly path: string;
  readonly #name: string;

  private constructor(name: string, path: string) {
    this.#name = name;
    this.path = path;
  }

  /** Copies the project's files to a folder of its own and installs what they name. */
  static async install(name: string, folder: string, tarball: string): Promise<Project> {
    const path = join(folder, name);
    cpSync(join(FIXTURES, name), path, { recursive: true });
    // Not `npm ci`: a registry may lack packages for other platforms, which the lock then does not have.
    await run('npm', ['install', ...QUIET, tarball], { cwd: path });
    return new Project(name, path);
  }

  /** Adds files that several projects have. */
  add(files: Record<string, string>): void {
    for (const [name, from] of Object.entries(files)) {
      const place = join(this.path, name);
      mkdirSync(join(place, '..'), { recursive: true });
      cpSync(join(FIXTURES, 'common', from), place);
    }
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.path, name, '..'), { recursive: true });
    writeFileSync(join(this.path, name), text);
  }

  /** The path of a program of a package, to be run by Node without npm in between. */
  program(path: string): string {
    return join(this.path, 'node_modules', path);
  }

  /** Runs a program of a package to its end. */
  node(path: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<{ stdout: string }> {
    return run(process.execPath, [path.startsWith('.') ? join(this.path, path) : this.program(path), ...args], {
      cwd: this.path,
      env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, ...env },
      maxBuffer: 1 << 26,
    });
  }

  /** What is installed, with its version. */
  versions(): string {
    const { dependencies } = JSON.parse(readFileSync(join(FIXTURES, this.#name, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const shown = Object.entries(dependencies).filter(([name]) => !['react-dom', '@babel/core', '@babel/preset-env'].includes(name));
    return shown.map(([name, version]) => `${name} ${version}`).join(', ');
  }
}
