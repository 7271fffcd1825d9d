// The browser's side of live/protocol.py: little-endian frames, layout in docs/formats.md.

export const VERSION = 1;
export const RAW = 0;
export const JPEG = 1;
export const WEBP = 2;

const MAGIC = 0x545a;
const REQUEST = 1;
const ANSWER = 2;
const REQUEST_HEADER = 12;
const REQUEST_PART = 8;
const ANSWER_HEADER = 24;
const ANSWER_PART = 16;

/**
 * @param {number} id 0 .. 2**32 - 1, comes back in the answer
 * @param {{codec: number, rows: number, codes: Float32Array}[]} parts codes row after row
 * @param {number} channel requests of one channel replace each other while they wait
 * @returns {ArrayBuffer}
 */
export function packRequest(id, parts, channel = 0) {
  const bytes = parts.reduce((sum, part) => sum + REQUEST_PART + part.codes.byteLength, REQUEST_HEADER);
  const buffer = new ArrayBuffer(bytes);
  const view = new DataView(buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint8(3, REQUEST);
  view.setUint32(4, id, true);
  view.setUint16(8, parts.length, true);
  view.setUint8(10, channel);
  let offset = REQUEST_HEADER;
  for (const { codec, rows, codes } of parts) {
    view.setUint16(offset, codec, true);
    view.setUint16(offset + 2, rows, true);
    view.setUint32(offset + 4, codes.length / rows, true);
    offset += REQUEST_PART;
    for (let i = 0; i < codes.length; i++) view.setFloat32(offset + 4 * i, codes[i], true);
    offset += codes.byteLength;
  }
  return buffer;
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {{id: number, timing: {queueUs: number, decodeUs: number, encodeUs: number},
 *   parts: {codec: number, rows: number, height: number, width: number, channels: number,
 *     format: number, nReadouts: number, readouts: Float32Array, pixels: Uint8Array}[]}}
 * @throws {Error} where the bytes are no answer of this version
 */
export function readAnswer(buffer) {
  const view = new DataView(buffer);
  if (
    buffer.byteLength < ANSWER_HEADER ||
    view.getUint16(0, true) !== MAGIC ||
    view.getUint8(2) !== VERSION ||
    view.getUint8(3) !== ANSWER
  ) {
    throw new Error("not a live answer of this version: reload the page");
  }
  const timing = {
    queueUs: view.getUint32(12, true),
    decodeUs: view.getUint32(16, true),
    encodeUs: view.getUint32(20, true),
  };
  const parts = [];
  let offset = ANSWER_HEADER;
  for (let left = view.getUint16(8, true); left > 0; left--) {
    const part = readPart(view, offset);
    parts.push(part);
    offset = part.end;
  }
  if (offset !== buffer.byteLength) throw new Error("bytes follow the last part");
  return { id: view.getUint32(4, true), timing, parts };
}

function readPart(view, offset) {
  if (offset + ANSWER_PART > view.byteLength) throw new Error("the answer ends inside a part");
  const part = {
    codec: view.getUint16(offset, true),
    rows: view.getUint16(offset + 2, true),
    height: view.getUint16(offset + 4, true),
    width: view.getUint16(offset + 6, true),
    channels: view.getUint8(offset + 8),
    format: view.getUint8(offset + 9),
    nReadouts: view.getUint16(offset + 10, true),
  };
  const nBytes = view.getUint32(offset + 12, true);
  const numbers = offset + ANSWER_PART;
  const pixels = numbers + 4 * part.rows * part.nReadouts;
  part.end = pixels + nBytes + ((4 - (nBytes % 4)) % 4);
  if (part.end > view.byteLength) throw new Error("the answer ends inside a part's pixels");
  part.readouts = new Float32Array(part.rows * part.nReadouts);
  for (let i = 0; i < part.readouts.length; i++) {
    part.readouts[i] = view.getFloat32(numbers + 4 * i, true);
  }
  part.pixels = new Uint8Array(view.buffer, pixels, nBytes);
  return part;
}

/**
 * Pictures of a part, one below another, ready for drawImage / putImageData.
 * @returns {ImageData | Promise<ImageBitmap>} ImageData for raw pixels, without waiting
 */
export function toImage(part) {
  if (part.format !== RAW) {
    const type = part.format === JPEG ? "image/jpeg" : "image/webp";
    return createImageBitmap(new Blob([part.pixels], { type }));
  }
  const image = new ImageData(part.width, part.rows * part.height);
  const { pixels, channels } = part;
  const target = new Uint32Array(image.data.buffer);
  if (channels === 1) {
    for (let i = 0; i < target.length; i++) target[i] = 0xff000000 | (pixels[i] * 0x010101);
  } else {
    for (let i = 0, j = 0; i < target.length; i++, j += channels) {
      target[i] = 0xff000000 | (pixels[j + 2] << 16) | (pixels[j + 1] << 8) | pixels[j];
    }
  }
  return image;
}
