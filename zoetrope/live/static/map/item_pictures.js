// Pictures of items as the server draws them; the ones fetched last are kept.

import { bytes } from "./columns.js";

const MOST_KEPT = 1500;
const MOST_AT_ONCE = 300;

export class ItemPictures {
  /**
   * @param {string} path
   * @param {() => string} token
   */
  constructor(path, token) {
    this.path = path;
    this.token = token;
    /** @type {Map<string, ImageData>} */
    this.drawn = new Map();
  }

  /**
   * The picture of an item, if it is here; `px` > 0: the one scaled down to that size.
   * @param {number} item
   */
  now(item, px = 0) {
    return this.drawn.get(`${item}/${px}`);
  }

  /**
   * Pictures of `items`, in order; `px` > 0 scales down.
   * @param {number[]} items
   * @returns {Promise<ImageData[]>}
   */
  async load(items, px = 0) {
    const missing = items.filter((item) => !this.now(item, px));
    for (let first = 0; first < missing.length; first += MOST_AT_ONCE) {
      // One after another: the server has other things to do between two.
      // oxlint-disable-next-line no-await-in-loop
      await this.fetch(missing.slice(first, first + MOST_AT_ONCE), px);
    }
    const pictures = items.map((item) => this.now(item, px)).filter((picture) => !!picture);
    while (this.drawn.size > MOST_KEPT) {
      const [oldest] = this.drawn.keys();
      this.drawn.delete(oldest);
    }
    return pictures;
  }

  /**
   * @param {number[]} items
   * @param {number} px
   */
  async fetch(items, px) {
    const size = px ? `&px=${px}` : "";
    const buffer = await bytes(`${this.path}?items=${items.join(",")}${size}`, this.token());
    unpack(buffer).forEach((picture, i) => this.drawn.set(`${items[i]}/${px}`, picture));
  }
}

/** @param {ArrayBuffer} buffer n, height, width and channels as uint32, then the bytes */
function unpack(buffer) {
  const [n, height, width, channels] = new Uint32Array(buffer, 0, 4);
  const size = height * width * channels;
  return Array.from({ length: n }, (_, i) =>
    toImage(new Uint8Array(buffer, 16 + i * size, size), width, height, channels),
  );
}

/**
 * Grey or RGB bytes as ImageData.
 * @param {Uint8Array} pixels
 * @param {number} width
 * @param {number} height
 * @param {number} channels 1 or 3
 */
export function toImage(pixels, width, height, channels) {
  const image = new ImageData(width, height);
  for (let p = 0; p < width * height; p += 1) {
    for (let c = 0; c < 3; c += 1) {
      image.data[4 * p + c] = pixels[channels === 1 ? p : channels * p + c];
    }
    image.data[4 * p + 3] = 255;
  }
  return image;
}
