// What an entry of the package gives, read from the declarations that tsc makes: one declaration for each name,
// sorted, without comments. No compiler's API is used, as there is no stable one to use.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Declared
 * @property {string} name  what it is imported as
 * @property {string} text  its declarations, without `export` and `declare`
 * @property {string} doc  the comment before it, or an empty string
 * @property {string} file  where it is declared
 */

/**
 * Everything that an entry exports.
 *
 * @param {string} file  a `.d.ts`
 * @returns {Declared[]} sorted by name
 */
export function surfaceOf(file) {
  const found = new Map();
  for (const one of exportsOf(file)) found.set(one.name, one);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {Declared[]} surface */
export function printSurface(surface) {
  return surface.map(({ text }) => text).join('\n\n');
}

function exportsOf(file) {
  const statements = statementsOf(readFileSync(file, 'utf8'));
  const declared = new Map();
  const given = [];
  for (const { text, doc } of statements) {
    const name = /^(?:export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type)\s+(\w+)/.exec(text)?.[1];
    if (name && !/^export (?:type )?[{*]/.test(text)) {
      const before = declared.get(name);
      const own = pretty(text.replace(/^export /, '').replace(/^declare /, ''));
      declared.set(name, { name, text: before ? `${before.text}\n${own}` : own, doc: before?.doc || doc, file });
      if (text.startsWith('export ')) given.push(name);
      continue;
    }
    const from = /from '([^']+)'/.exec(text)?.[1];
    const target = from?.startsWith('.') ? join(dirname(file), from.replace(/\.js$/, '.d.ts')) : undefined;
    if (/^export (?:type )?\*/.test(text) && target) given.push(...exportsOf(target));
    else if (/^export (?:type )?\{/.test(text)) given.push(...named(text, target, declared));
  }
  return given.map((one) => (typeof one === 'string' ? declared.get(one) : one));
}

/** `export { a, type b as c } from './d.js'` */
function named(text, target, declared) {
  const names = /\{([^}]*)\}/.exec(text)?.[1].split(',').map((part) => part.trim().replace(/^type /, '')).filter(Boolean) ?? [];
  const theirs = target && new Map(exportsOf(target).map((one) => [one.name, one]));
  return names.map((part) => {
    const [own, as = own] = part.split(' as ');
    const found = (theirs ?? declared).get(own);
    if (!found) throw new Error(`${own} is not to be found${target ? ` in ${target}` : ''}.`);
    return as === own ? found : { ...found, name: as, text: found.text.replace(new RegExp(`\\b${own}\\b`), as) };
  });
}

/** The statements of a declaration file, each with the comment before it. */
function statementsOf(source) {
  const statements = [];
  let [doc, text, depth] = ['', '', 0];
  for (let at = 0; at < source.length; ) {
    const skipped = /^(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*)/.exec(source.slice(at))?.[0];
    if (skipped) {
      if (text.trim() === '' && skipped.startsWith('/**')) doc = skipped;
      at += skipped.length;
      continue;
    }
    const quoted = /^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/.exec(source.slice(at))?.[0];
    if (quoted) {
      text += quoted;
      at += quoted.length;
      continue;
    }
    const character = source[at];
    at += 1;
    text += character;
    if ('{(['.includes(character)) depth += 1;
    if ('})]'.includes(character)) depth -= 1;
    const block = /^\s*(?:export )?(?:declare )?(?:abstract )?(?:interface|class)\s/.test(text);
    if (depth === 0 && (character === ';' || (character === '}' && block))) {
      statements.push({ text: text.trim().replace(/\s+/g, ' '), doc });
      [doc, text] = ['', ''];
    }
  }
  return statements;
}

/** One line, or one for each member. */
function pretty(text) {
  if (text.length <= 120) return text;
  const union = /^(type \w+) = ([^{(<]+)$/.exec(text);
  if (union) return `${union[1]} =\n  | ${union[2].split(' | ').join('\n  | ')}`;
  let [out, depth, angle] = ['', 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '<') angle += 1;
    if (character === '>' && text[at - 1] !== '=') angle -= 1;
    if (character === '{' && angle === 0) depth += 1;
    if (character === '}' && angle === 0) depth -= 1;
    const closing = character === '}' && depth === 0 && angle === 0;
    out += closing ? `\n${character}` : character;
    const opens = character === '{' && depth === 1;
    const ends = (character === ';' || character === ',') && depth === 1;
    if (angle === 0 && (opens || ends) && !insideParentheses(text, at)) {
      out += '\n  ';
      while (text[at + 1] === ' ') at += 1;
    }
  }
  return out.replace(/ +\n/g, '\n').replace(/\n\s*\n/g, '\n');
}

function insideParentheses(text, end) {
  let depth = 0;
  for (let at = 0; at < end; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
  }
  return depth > 0;
}
