// @ts-check
// How pictures travel: the browser's side of live/engine/pixels.py.

import { JPEG, RAW } from "./parts.js";

/** @typedef {import("./parts.js").Part} Part */

/**
 * Pictures of a part, one below another, ready for drawImage / putImageData.
 * @param {Part} part of pixels
 * @returns {ImageData | Promise<ImageBitmap>} ImageData for raw pixels, without waiting
 */
export function toImage({ shape, values, format = RAW }) {
  if (format !== RAW) {
    const type = format === JPEG ? "image/jpeg" : "image/webp";
    return createImageBitmap(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (values)], { type }));
  }
  const [rows, height, width, channels] = shape;
  const image = new ImageData(width, rows * height);
  const target = new Uint32Array(image.data.buffer);
  if (channels === 1) {
    for (let i = 0; i < target.length; i++) target[i] = 0xff000000 | (values[i] * 0x010101);
  } else {
    for (let i = 0, j = 0; i < target.length; i++, j += channels) {
      target[i] = 0xff000000 | (values[j + 2] << 16) | (values[j + 1] << 8) | values[j];
    }
  }
  return image;
}
