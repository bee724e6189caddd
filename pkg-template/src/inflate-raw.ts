// RFC 1951, for hosts without DecompressionStream: small rather than fast, and for our own bytes only.

const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONGEST_CODE = 15;
const END_OF_BLOCK = 256;

/** A canonical Huffman code: how many symbols have each length, and the symbols by length, then by value. */
interface Code {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

/**
 * Inflates a raw deflate stream.
 *
 * @throws {Error} where it is not one, or ends early
 */
export function inflateRaw(source: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  let held = 0;
  let heldBits = 0;
  let output = new Uint8Array(source.length * 4 + 64);
  let length = 0;

  const bits = (count: number): number => {
    for (; heldBits < count; heldBits += 8) {
      const byte = source[at++];
      if (byte === undefined) throw broken();
      held |= byte << heldBits;
    }
    const value = held & ((1 << count) - 1);
    held >>>= count;
    heldBits -= count;
    return value;
  };
  const symbol = ({ counts, symbols }: Code): number => {
    let code = 0;
    let first = 0;
    let passed = 0;
    for (let size = 1; size <= LONGEST_CODE; size += 1) {
      code = (code << 1) | bits(1);
      const count = counts[size] ?? 0;
      const found = code - first < count ? symbols[passed + code - first] : undefined;
      if (found !== undefined) return found;
      passed += count;
      first = (first + count) << 1;
    }
    throw broken();
  };
  const put = (byte: number): void => {
    if (length === output.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(output);
      output = larger;
    }
    output[length++] = byte;
  };

  const stored = (): void => {
    held = 0;
    heldBits = 0;
    const size = bits(16);
    if ((bits(16) ^ size) !== 0xffff) throw broken();
    for (let left = size; left > 0; left -= 1) put(bits(8));
  };
  const compressed = (literals: Code, distances: Code): void => {
    for (;;) {
      const word = symbol(literals);
      if (word === END_OF_BLOCK) return;
      if (word < END_OF_BLOCK) put(word);
      else copy(lengthOf(word - END_OF_BLOCK - 1), distanceOf(symbol(distances)));
    }
  };
  const copy = (count: number, distance: number): void => {
    if (distance > length) throw broken();
    for (let left = count; left > 0; left -= 1) put(output[length - distance] ?? 0);
  };
  // The sizes follow a pattern of their own: each further bit doubles the span of four (of two) words.
  const lengthOf = (word: number): number => {
    if (word < 8) return word + 3;
    if (word === 28) return 258;
    if (word > 28) throw broken();
    const extra = (word >> 2) - 1;
    return ((4 + (word & 3)) << extra) + 3 + bits(extra);
  };
  const distanceOf = (word: number): number => {
    if (word < 4) return word + 1;
    if (word > 29) throw broken();
    const extra = (word >> 1) - 1;
    return ((2 + (word & 1)) << extra) + 1 + bits(extra);
  };
  const announced = (): [Code, Code] => {
    const literals = bits(5) + 257;
    const distances = bits(5) + 1;
    const sizes: number[] = new Array(19).fill(0);
    for (let left = bits(4) + 4, index = 0; left > 0; left -= 1, index += 1) sizes[CODE_LENGTH_ORDER[index] ?? 0] = bits(3);
    const sizeCode = codeOf(sizes);
    const all: number[] = [];
    while (all.length < literals + distances) {
      const word = symbol(sizeCode);
      if (word < 16) all.push(word);
      else {
        const [size, times] = word === 16 ? [all.at(-1) ?? 0, bits(2) + 3] : [0, word === 17 ? bits(3) + 3 : bits(7) + 11];
        for (let left = times; left > 0; left -= 1) all.push(size);
      }
    }
    return [codeOf(all.slice(0, literals)), codeOf(all.slice(literals, literals + distances))];
  };

  for (let isLast = 0; isLast === 0; ) {
    isLast = bits(1);
    const kind = bits(2);
    if (kind === 0) stored();
    else if (kind === 1) compressed(FIXED_LITERALS, FIXED_DISTANCES);
    else if (kind === 2) compressed(...announced());
    else throw broken();
  }
  return output.slice(0, length);
}

function codeOf(sizes: readonly number[]): Code {
  const counts: number[] = new Array(LONGEST_CODE + 1).fill(0);
  const symbols: number[] = [];
  for (let size = 1; size <= LONGEST_CODE; size += 1) {
    sizes.forEach((one, value) => {
      if (one === size) symbols.push(value);
    });
    counts[size] = sizes.filter((one) => one === size).length;
  }
  return { counts, symbols };
}

const FIXED_LITERALS = /* @__PURE__ */ codeOf(Array.from({ length: 288 }, (_, word) => (word < 144 ? 8 : word < 256 ? 9 : word < 280 ? 7 : 8)));
const FIXED_DISTANCES = /* @__PURE__ */ codeOf(new Array<number>(30).fill(5));

function broken(): Error {
  return new Error('These bytes are not a deflate stream.');
}
