// @vitest-environment node
// The package's surface as files in the tree, so that a change of it is seen in review.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Declared, printSurface, surfaceOf } from '../../scripts/lib/api-surface.mjs';

const root = resolve(import.meta.dirname, '../..');
const { exports: conditions } = JSON.parse(readFileSync(join(root, 'pkg-template/package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};
const entries = Object.entries(conditions).flatMap(([entry, { types }]: [string, any]) => (types?.startsWith('./dist/') ? [[entry, types] as const] : []));
const nameOf = (entry: string) => `byoa${entry.slice(1)}`;
const surfaces = new Map<string, Declared[]>();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'byoa-api-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // What it has to say of types is another test's; declarations it makes all the same.
  spawnSync(process.execPath, [tsc, '-p', join(root, 'pkg-template/tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', join(folder, 'dist')]);
  for (const [entry, types] of entries) surfaces.set(entry, surfaceOf(join(folder, types)));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What a declaration may name without its entry giving it: the language's and the platform's own, and React's. */
const KNOWN = new Set(
  'Promise Date Error Symbol AbortSignal Readonly ReadonlyArray Record Pick Omit Extract Partial Capitalize Array Map Set Uint8Array ArrayBuffer BufferSource Response Request RequestInfo RequestInit Headers URL CryptoKey JsonWebKey WebAssembly Module ReactNode Name Data Variables'.split(' '),
);
// Of a class that apps get from a function and do not make themselves.
KNOWN.add('SigningKey');

describe.each(entries.map(([entry]) => [nameOf(entry), entry] as const))('%s', (name, entry) => {
  it('is what docs/api says; BYOA_WRITE_GENERATED=1 rewrites that', () => {
    const file = join(root, 'docs/api', `${name.replaceAll('/', '-')}.d.ts`);
    const header = `// Generated from pkg-template/src by pkg-template/test/api.test.ts; do not edit.\n// Everything that \`import … from '${name}'\` gives.\n\n`;
    const now = `${header}${printSurface(surfaces.get(entry) ?? [])}\n`;
    if (process.env['BYOA_WRITE_GENERATED'] === '1') writeFileSync(file, now);
    expect(now).toBe(readFileSync(file, 'utf8'));
  });

  it('has no `any`', () => {
    expect(surfaces.get(entry)?.filter(({ text }) => /\bany\b/.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it('describes every name, with an example unless it is a word of the wire or a type for tests', () => {
    const speaksForItself = ({ text, file }: Declared) => file.includes('generated') || (entry.startsWith('./testing') && !text.startsWith('function'));
    const undescribed = surfaces.get(entry)?.filter((one) => !one.doc || !(speaksForItself(one) || one.doc.includes('@example')));
    expect(undescribed?.map(({ name }) => name)).toEqual([]);
  });

  it('names no type that cannot be imported with it', () => {
    const given = new Set([...surfaces.values()].flat().map(({ name }) => name));
    const missing = (surfaces.get(entry) ?? []).flatMap(({ name, text }) => {
      const code = text.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '');
      // A name that is followed by what makes it a member is none of a type.
      const named = code.match(/(?<![.\w])[A-Z]\w*(?!\w*\s*[?]?:(?!:))/g) ?? [];
      return named.filter((one) => !given.has(one) && !KNOWN.has(one)).map((one) => `${name}: ${one}`);
    });
    expect(missing).toEqual([]);
  });
});
