// Starting real processes, knowing when they are ready, and ending them.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

export const root = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 20_000;
const POLL_MS = 25;

export interface Running {
  readonly stop: () => Promise<void>;
}

/** Runs to the end; what it wrote is in the error where it fails. */
export const run = promisify(execFile);

/** A path of the repository that a build makes. @throws where it was not built yet */
export function built(path: string, how: string): string {
  const full = resolve(root, path);
  if (!existsSync(full)) throw new Error(`${full} is missing: build it with \`${how}\`.`);
  return full;
}

/** Starts a program and waits until `url` answers. */
export async function startProcess(command: string, args: readonly string[], url: string, env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<Running> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  try {
    await until(`${command} to answer at ${url}`, async () => {
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
      return fetch(url).then(() => true, () => false);
    });
  } catch (error) {
    await end(child);
    throw new Error(`${String(error)}\n${output}`);
  }
  return { stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** Polls until something is so. An error of `check` is final. */
export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  for (const begun = Date.now(); Date.now() - begun < READY_WITHIN_MS; await pause(POLL_MS)) {
    if (await check()) return;
  }
  throw new Error(`Waited ${READY_WITHIN_MS / 1000} s for ${what}.`);
}

/** Ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** A folder of its own, and what removes it. */
export function scratch(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'byoa-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Collects what must be undone, and undoes it backwards, whatever fails. */
export function undoing() {
  const tasks: (() => unknown)[] = [];
  return {
    add: (task: () => unknown) => void tasks.push(task),
    all: async () => {
      const failures: unknown[] = [];
      for (const task of tasks.splice(0).reverse()) {
        try {
          await task();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Not everything was put away.');
    },
  };
}
