// `npm run bench -- size --report`: what weighs what in the wasm, by crate and by function, from the name section.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/lib/children.mjs';
import { Halt } from '../../scripts/lib/halt.mjs';
import { root } from '../../scripts/lib/places.mjs';

const BOUND = join(root, 'target', 'wasm-pkg', 'byoa_bg.wasm');
const SHOWN = { crates: 20, functions: 40 };
const IMPORT = { function: 0, table: 1, memory: 2, global: 3 };

/** Prints the report of the last build. */
export async function reportWasm() {
  if (!existsSync(BOUND)) throw new Halt('There is no built wasm: run `node scripts/build.mjs wasm` first.');
  const work = mkdtempSync(join(tmpdir(), 'byoa-report-'));
  try {
    const named = join(work, 'named.wasm');
    await run(process.execPath, [join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt'), BOUND, '-Oz', '-g', '-o', named], { cwd: root, env: process.env });
    print(functionsOf(readFileSync(named)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function print({ functions, sections }) {
  const code = functions.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`\nBytes before compression: ${code.toLocaleString('en')} of code in ${functions.length} functions, ${(sections.get(11) ?? 0).toLocaleString('en')} of data.`);
  const crates = new Map();
  for (const { name, bytes } of functions) crates.set(crateOf(name), (crates.get(crateOf(name)) ?? 0) + bytes);
  table('by crate', [...crates].map(([name, bytes]) => ({ name, bytes })), SHOWN.crates);
  table('by function', functions, SHOWN.functions);
}

function table(title, rows, shown) {
  console.log(`\n${title}`);
  const sorted = rows.toSorted((one, other) => other.bytes - one.bytes).slice(0, shown);
  for (const { name, bytes } of sorted) console.log(`${bytes.toLocaleString('en').padStart(9)}  ${name.replaceAll(/\[[0-9a-f]{16}\]/g, '').slice(0, 120)}`);
}

/** The first path in a name is of the type or function itself; an impl is counted where its type is. */
function crateOf(name) {
  return name.match(/([a-z_0-9]+)\[[0-9a-f]+\]::/)?.[1] ?? (name.startsWith('byoaclient') ? 'wasm-bindgen of the edge' : 'other');
}

/** @param {Buffer} wasm  with its name section */
export function functionsOf(wasm) {
  const sizes = [];
  const names = new Map();
  const sections = new Map();
  let imported = 0;
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const text = () => {
    const length = number();
    at += length;
    return wasm.toString('utf8', at - length, at);
  };
  const limits = () => {
    const flags = number();
    number();
    if (flags & 1) number();
  };
  const readImports = () => {
    for (let left = number(); left > 0; left -= 1) {
      text();
      text();
      const kind = wasm[at++];
      if (kind === IMPORT.function) imported += 1;
      if (kind === IMPORT.table) at += 1;
      if (kind === IMPORT.global) at += 2;
      else if (kind === IMPORT.function) number();
      else limits();
    }
  };
  const readNames = (end) => {
    if (text() !== 'name') return;
    while (at < end) {
      const kind = wasm[at++];
      const length = number();
      const next = at + length;
      if (kind === 1) for (let left = number(); left > 0; left -= 1) names.set(number(), text());
      at = next;
    }
  };
  while (at < wasm.length) {
    const id = wasm[at++];
    const length = number();
    const end = at + length;
    sections.set(id, (sections.get(id) ?? 0) + length);
    if (id === 2) readImports();
    if (id === 10) {
      for (let left = number(); left > 0; left -= 1) {
        const bytes = number();
        sizes.push(bytes);
        at += bytes;
      }
    }
    if (id === 0) readNames(end);
    at = end;
  }
  return { sections, functions: sizes.map((bytes, index) => ({ bytes, name: names.get(index + imported) ?? '?' })) };
}
