// @ts-check
// Typed arrays as parts of a frame: the browser's side of live/wire/parts.py.

export const RAW = 0;
export const JPEG = 1;
export const WEBP = 2;

export const CODES = 1;
export const GAUGES = 2;
export const PIXELS = 3;
export const COLUMNS = 4;
export const SERIES = 5;
export const TOKENS = 6;

const HEADER = 12;
// Machines that run browsers are little-endian, as frames are: numbers need no turning.
/** @type {Record<number, new (buffer: ArrayBuffer, offset: number, n: number) => Values>} */
const ARRAYS = {
  [CODES]: Float32Array,
  [GAUGES]: Float32Array,
  [PIXELS]: Uint8Array,
  [COLUMNS]: Float32Array,
  [SERIES]: Float32Array,
  [TOKENS]: Int32Array,
};

/** @typedef {Float32Array | Uint8Array | Int32Array} Values */

/**
 * @typedef {object} Part
 * @property {number} type CODES .. TOKENS
 * @property {number} codec its place in the list of codecs that were agreed on
 * @property {number[]} shape rows first
 * @property {Values} values the numbers, row after row; of packed pixels the bytes of the file
 * @property {number} [format] RAW, or of pixels JPEG or WEBP: one picture, rows one below another
 */

/** @typedef {Part & {format: number, gauges: Float32Array}} AnswerPart */

const NO_GAUGES = new Float32Array(0);

/** @param {Part} part */
export function bytesOfPart({ shape, values }) {
  return HEADER + 4 * shape.length + 4 * Math.ceil(values.byteLength / 4);
}

/**
 * Write a part; the bytes behind its numbers must be 0.
 * @param {DataView<ArrayBuffer>} view
 * @param {number} offset a multiple of 4
 * @param {Part} part
 * @returns {number} the offset behind it
 */
export function writePart(view, offset, part) {
  const { type, codec, shape, values, format = RAW } = part;
  view.setUint8(offset, type);
  view.setUint8(offset + 1, format);
  view.setUint16(offset + 2, codec, true);
  view.setUint16(offset + 4, shape.length, true);
  view.setUint32(offset + 8, values.byteLength, true);
  shape.forEach((size, i) => view.setUint32(offset + HEADER + 4 * i, size, true));
  const start = offset + HEADER + 4 * shape.length;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  new Uint8Array(view.buffer, start).set(bytes);
  return offset + bytesOfPart(part);
}

/**
 * Parts from `offset` to the end, gauges beside the part that they belong to. Their numbers stay
 * where they are in the buffer.
 * @param {DataView<ArrayBuffer>} view
 * @param {number} offset a multiple of 4
 * @param {number} n how many parts there are, gauges counted
 * @returns {AnswerPart[]}
 * @throws {Error} where the bytes are no such parts
 */
export function readParts(view, offset, n) {
  /** @type {AnswerPart[]} */
  const parts = [];
  let at = offset;
  for (let left = n; left > 0; left--) {
    const part = readPart(view, at);
    at += bytesOfPart(part);
    const before = parts.at(-1);
    if (part.type !== GAUGES) parts.push(part);
    else if (before) before.gauges = /** @type {Float32Array} */ (part.values);
    else throw new Error("gauges without a part that they belong to");
  }
  if (at !== view.byteLength) throw new Error("bytes follow the last part");
  return parts;
}

/**
 * @param {DataView<ArrayBuffer>} view
 * @param {number} offset
 * @returns {AnswerPart}
 */
function readPart(view, offset) {
  if (offset + HEADER > view.byteLength) throw new Error("the answer ends inside a part");
  const type = view.getUint8(offset);
  const format = view.getUint8(offset + 1);
  const nBytes = view.getUint32(offset + 8, true);
  const nDims = view.getUint16(offset + 4, true);
  const start = offset + HEADER + 4 * nDims;
  const end = start + nBytes + ((4 - (nBytes % 4)) % 4);
  if (!(type in ARRAYS) || nDims < 1) throw new Error(`a part of the unknown type ${type}`);
  if (end > view.byteLength) throw new Error("the answer ends inside a part");
  const shape = Array.from({ length: nDims }, (_, i) => view.getUint32(offset + HEADER + 4 * i, true));
  const ArrayType = ARRAYS[type];
  const count = shape.reduce((product, size) => product * size, 1);
  if (format !== RAW) {
    const values = new Uint8Array(view.buffer, start, nBytes);
    return { type, format, codec: view.getUint16(offset + 2, true), shape, values, gauges: NO_GAUGES };
  }
  if (count * (type === PIXELS ? 1 : 4) !== nBytes) throw new Error("a part's sizes do not fit its bytes");
  const values = new ArrayType(view.buffer, start, count);
  return { type, format, codec: view.getUint16(offset + 2, true), shape, values, gauges: NO_GAUGES };
}
