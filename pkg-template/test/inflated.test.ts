// @vitest-environment node
import { constants, deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { inflateRaw } from '../src/inflate-raw.js';
import { inflated } from '../src/inflated.js';

/** The same bytes every time: a small linear congruential generator. */
function noise(length: number, range: number): Uint8Array {
  let state = 42;
  return Uint8Array.from({ length }, () => ((state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) >>> 8) % range);
}

const SAMPLES: [string, Uint8Array][] = [
  ['nothing', new Uint8Array()],
  ['one byte', Uint8Array.of(7)],
  ['the same byte, very often', new Uint8Array(100_000).fill(3)],
  ['noise', noise(70_000, 256)],
  ['noise of few symbols', noise(50_000, 5)],
  ['text', new TextEncoder().encode('issuer, audience, subject; '.repeat(900))],
  ['distances up to 32 kB', Uint8Array.from([...noise(32_768, 256), ...noise(32_768, 256)])],
];

describe('our own inflate', () => {
  describe.each(SAMPLES)('of %s', (_, bytes) => {
    it.each([0, 1, 6, 9])('gives back what zlib deflated at level %i', (level) => {
      expect(Buffer.compare(inflateRaw(deflateRawSync(bytes, { level })), bytes)).toBe(0);
    });

    it.each(['Z_FIXED', 'Z_HUFFMAN_ONLY', 'Z_RLE'] as const)('gives back what zlib deflated by %s', (strategy) => {
      expect(Buffer.compare(inflateRaw(deflateRawSync(bytes, { strategy: constants[strategy] })), bytes)).toBe(0);
    });
  });

  it.each([
    ['an early end', deflateRawSync(noise(500, 9)).subarray(0, -3)],
    ['a block of an unknown kind', Uint8Array.of(0b111)],
    ['a stored block of contradictory length', Uint8Array.of(1, 5, 0, 5, 0)],
    ['a distance before the beginning', Uint8Array.of(0x03 | 0x60, 0x00, 0x11)],
  ])('refuses %s', (_, bytes) => {
    expect(() => inflateRaw(bytes)).toThrow('not a deflate stream');
  });
});

describe('the inlined bytes', () => {
  const bytes = noise(40_000, 60);
  const base64 = deflateRawSync(bytes).toString('base64');
  afterEach(() => vi.unstubAllGlobals());

  it('are inflated by the host', async () => {
    expect(await inflated(base64)).toEqual(bytes);
  });

  it.each([
    ['has no DecompressionStream', undefined],
    [
      'knows no raw deflate',
      class {
        constructor() {
          throw new TypeError('Unsupported compression format');
        }
      },
    ],
  ])('are the same where the host %s', async (_, stub) => {
    vi.stubGlobal('DecompressionStream', stub);
    expect(await inflated(base64)).toEqual(bytes);
  });

  it('that are damaged are refused', async () => {
    await expect(inflated(deflateRawSync(bytes).subarray(0, -9).toString('base64'))).rejects.toThrow();
  });
});
