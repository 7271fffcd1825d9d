// Codes of the items: all of them in one go where they are few enough, else row by row. Where no
// network lies between, many are few enough too; rows are asked for until they have come.

import { isLocal } from "../page/dom.js";
import { floats, freshFloats } from "./columns.js";

const MOST_ROWS = 20_000;

/**
 * @typedef {object} CodeSource
 * @property {string} url
 * @property {number} latentDim
 * @property {number} nItems
 * @property {boolean} whole whether all may be fetched at once
 * @property {boolean} wholeNearby whether they may where the server is this machine
 */

export class Codes {
  /**
   * @param {CodeSource} source
   * @param {() => string} token
   */
  constructor(source, token) {
    this.source = source;
    this.token = token;
    /** @type {Map<number, Float32Array>} */
    this.rows = new Map();
    /** @type {Float32Array | null} */
    this.matrix = null;
    if (source.whole || (source.wholeNearby && isLocal(document.baseURI))) {
      this.ready = floats(source.url, token()).then((matrix) => {
        this.matrix = matrix;
      });
      this.ready.catch(() => {});
    }
  }

  /**
   * The code of an item, or null if it is not here yet.
   * @param {number} item
   */
  now(item) {
    const d = this.source.latentDim;
    if (this.matrix) return this.matrix.subarray(item * d, (item + 1) * d);
    return this.rows.get(item) ?? null;
  }

  /**
   * Fetch what is missing of the codes of `items`; `now` then has them.
   * @param {number[]} items
   */
  async load(items) {
    if (this.source.whole) await this.ready;
    const missing = items.filter((item) => !this.now(item));
    if (!missing.length) return;
    const url = `${this.source.url}?items=${missing.join(",")}`;
    const rows = await freshFloats(url, this.token());
    const d = this.source.latentDim;
    if (this.rows.size > MOST_ROWS) this.keepOnly(items);
    missing.forEach((item, i) => this.rows.set(item, rows.subarray(i * d, (i + 1) * d)));
  }

  /** @param {number[]} items */
  keepOnly(items) {
    const wanted = new Set(items);
    for (const item of this.rows.keys()) if (!wanted.has(item)) this.rows.delete(item);
  }
}
