// Tables in docs/ that a run writes, each between its own marks.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/places.mjs';

/** Puts the text between the section's marks, where the document has them. */
export function writeSection(path, section, text) {
  const file = join(root, path);
  const [begin, end] = [`<!-- ${section}: made by npm run bench -- ${section} -->`, `<!-- end of ${section} -->`];
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} lacks the marks ${begin} … ${end}`);
  writeFileSync(file, `${before.slice(0, from)}${begin}\n\n${text}\n\n${before.slice(to)}`);
}
