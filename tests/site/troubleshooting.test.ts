// docs/TROUBLESHOOTING.md has a place for everything that can go wrong.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/processes.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/TROUBLESHOOTING.md');
// Generated from crates/protocol, and a test of that crate fails where it is not current.
const [codes = '', ...reasons] = read('docs/ERRORS.md').split(/^## Reasons/m);
const firstCells = (text: string) => [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name as string);
const ticked = (lines: string[]) => new Set(lines.flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name)));

describe('the page about troubles', () => {
  it('has a heading for every code', () => {
    const known = firstCells(codes);
    expect(known.length).toBeGreaterThan(25);
    const headings = ticked(page.split('\n').filter((line) => line.startsWith('### ')));
    expect(known.filter((code) => !headings.has(code))).toEqual([]);
    expect([...headings].filter((code) => !known.includes(code as string))).toEqual([]);
  });

  it('has a row for every reason, and for none that there is not', () => {
    const known = reasons.flatMap(firstCells);
    expect(known.length).toBeGreaterThan(50);
    const rows = ticked(page.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split(' | ')[0] as string));
    expect(known.filter((reason) => !rows.has(reason))).toEqual([]);
    expect([...rows].filter((reason) => !known.includes(reason as string))).toEqual([]);
  });
});
