/**
 * What this kit needs of the web platform, wherever tests run. Browsers, Node and Vitest have all of it as globals;
 * Jest's jsdom hides most of Node's, which are then taken from Node itself.
 */

/** The web platform's globals that the kit and the client use. */
const NAMES = ['fetch', 'Headers', 'Request', 'Response', 'TextDecoder', 'TextEncoder', 'DecompressionStream', 'ReadableStream', 'AbortController', 'structuredClone'] as const;

type Name = (typeof NAMES)[number];

interface NodeProcess {
  getBuiltinModule?(id: 'node:vm'): { runInThisContext(code: string): unknown };
  getBuiltinModule?(id: 'node:crypto'): { webcrypto: Crypto };
}

/** A global, or Node's where the test environment hides it. @throws {Error} where there is neither */
export function web<K extends Name>(name: K): (typeof globalThis)[K] {
  const found = globalThis[name] ?? nodes(name);
  if (found === undefined) throw new Error(`byoa/testing needs \`${name}\`: run the tests with Node 20.16 or later, or in a browser.`);
  return found as (typeof globalThis)[K];
}

/** WebCrypto, whose `subtle` jsdom does not have. */
export function webCrypto(): Crypto {
  if (globalThis.crypto?.subtle) return globalThis.crypto;
  const node = nodeProcess()?.getBuiltinModule?.('node:crypto');
  if (!node) throw new Error('byoa/testing needs WebCrypto: run the tests with Node 20.16 or later, or in a secure context.');
  return node.webcrypto;
}

/** Defines what is missing, for the client, which uses globals. @returns what takes it away again */
export function fillGlobals(): () => void {
  const added: string[] = [];
  const define = (name: string, value: unknown) => {
    if (value === undefined) return;
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    added.push(name);
  };
  for (const name of NAMES) if (globalThis[name] === undefined) define(name, nodes(name));
  if (!globalThis.crypto?.subtle) {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
    Object.defineProperty(globalThis, 'crypto', { value: webCrypto(), configurable: true, writable: true });
    return () => {
      for (const name of added) delete (globalThis as Record<string, unknown>)[name];
      if (before) Object.defineProperty(globalThis, 'crypto', before);
      else delete (globalThis as Record<string, unknown>)['crypto'];
    };
  }
  return () => {
    for (const name of added) delete (globalThis as Record<string, unknown>)[name];
  };
}

function nodes(name: Name): unknown {
  return nodeProcess()?.getBuiltinModule?.('node:vm').runInThisContext(`globalThis.${name}`);
}

function nodeProcess(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}
