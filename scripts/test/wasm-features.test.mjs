import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutFeatures } from '../lib/wasm-features.mjs';

const name = (text) => [text.length, ...Buffer.from(text)];
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const custom = (...body) => [0, body.length, ...body];
const features = (...names) => custom(...name('target_features'), names.length, ...names.flatMap((one) => ['+'.charCodeAt(0), ...name(one)]));
const OTHERS = [1, 4, 1, 0x60, 0, 0];
const wasm = (...sections) => Uint8Array.from([...HEADER, ...sections.flat()]);

test('named features leave the section, and everything else stays as it is', () => {
  const before = wasm(OTHERS, custom(...name('producers'), 9), features('bulk-memory', 'multivalue', 'sign-ext'), OTHERS);
  const after = wasm(OTHERS, custom(...name('producers'), 9), features('bulk-memory', 'sign-ext'), OTHERS);
  assert.deepEqual(new Uint8Array(withoutFeatures(before, ['multivalue', 'reference-types'])), after);
});

test('lengths of more than one byte are read and written', () => {
  const long = 'x'.repeat(120);
  const before = withoutFeatures(wasm(features('y')), []);
  assert.deepEqual(new Uint8Array(before), wasm(features('y')));
  const body = [...name('target_features'), 2, ...['multivalue', long].flatMap((one) => [43, ...name(one)])];
  const big = wasm([0, (body.length & 0x7f) | 0x80, body.length >>> 7, ...body]);
  assert.ok(withoutFeatures(big, ['multivalue']).includes(long));
  assert.equal(withoutFeatures(big, ['multivalue']).length, big.length - 'multivalue'.length - 2);
});

test('a module that says nothing about its features is refused', () => {
  assert.throws(() => withoutFeatures(wasm(OTHERS), []), /stripped/);
});
