// The custom section in which a compiler notes what its wasm may use, and which wasm-bindgen goes by. Pure.

const SECTION = 'target_features';
const CUSTOM = 0;
const HEADER_BYTES = 8;

/**
 * The same module without some names in its `target_features`.
 *
 * wasm-bindgen then keeps JavaScript values in a table of its own, in JavaScript, instead of one of the wasm's:
 * the build to JavaScript knows no such table, and both builds share one glue.
 *
 * @param {Uint8Array} wasm
 * @param {readonly string[]} unwanted
 * @returns {Buffer}
 * @throws {Error} where there is no such section: wasm-bindgen would then guess
 */
export function withoutFeatures(wasm, unwanted) {
  const bytes = Buffer.from(wasm.buffer, wasm.byteOffset, wasm.byteLength);
  const parts = [bytes.subarray(0, HEADER_BYTES)];
  let found = false;
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const [length, begin] = number(bytes, at + 1);
    const end = begin + length;
    const [nameLength, nameBegin] = bytes[at] === CUSTOM ? number(bytes, begin) : [0, begin];
    const isWanted = bytes[at] === CUSTOM && text(bytes, nameBegin, nameLength) === SECTION;
    parts.push(isWanted ? section(bytes.subarray(nameBegin + nameLength, end), unwanted) : bytes.subarray(at, end));
    found ||= isWanted;
    at = end;
  }
  if (!found) throw new Error('The wasm does not say which features it uses: was it stripped?');
  return Buffer.concat(parts);
}

function section(list, unwanted) {
  const [count, first] = number(list, 0);
  const kept = [];
  for (let index = 0, at = first; index < count; index += 1) {
    const [length, begin] = number(list, at + 1);
    const end = begin + length;
    if (!unwanted.includes(text(list, begin, length))) kept.push(list.subarray(at, end));
    at = end;
  }
  const body = Buffer.concat([encoded(SECTION.length), Buffer.from(SECTION), encoded(kept.length), ...kept]);
  return Buffer.concat([Buffer.of(CUSTOM), encoded(body.length), body]);
}

function text(bytes, begin, length) {
  return bytes.toString('utf8', begin, begin + length);
}

/** An unsigned LEB128 number, and where it ends. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

function encoded(value) {
  const bytes = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest ? 0x80 : 0));
    value = rest;
  } while (value);
  return Buffer.from(bytes);
}
