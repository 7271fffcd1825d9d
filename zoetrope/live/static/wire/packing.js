// @ts-check
// Binary things inside the JSON that a page gives its components.

/**
 * Float32 numbers as `packed` of `live/components/packing.py` makes them.
 * @param {{shape: number[], f32: string}} packed
 * @returns {{shape: number[], numbers: Float32Array}}
 */
export function unpack({ shape, f32 }) {
  return { shape, numbers: new Float32Array(unpackBytes(f32).buffer) };
}

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function unpackBytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
