// Where everything about the items of a map comes from: pictures, codes, attributes, neighbours,
// and the code of a place where no item is.

/** @import { MapData } from "./map.js" */
/** @import { Plot } from "./plot.js" */
/** @import { Place } from "./place.js" */

import { Codes } from "./codes.js";
import { json } from "./columns.js";
import { ItemPictures } from "./item_pictures.js";
import { linearPlace, localPlace } from "./place.js";

export class Sources {
  /**
   * @param {Plot} plot
   * @param {() => string} token
   */
  constructor(plot, token) {
    this.plot = plot;
    this.token = token;
    /** @type {MapData | null} */
    this.data = null;
    /** @type {ItemPictures | null} */
    this.pictures = null;
    /** @type {Codes | null} fetched when they are first needed, after the points are painted */
    this.codes = null;
    /** @type {Place | null} */
    this.place = null;
  }

  /**
   * Whether the codes are others than before.
   * @param {MapData} data
   */
  configure(data) {
    this.data = data;
    if (data.items && data.items.url !== this.pictures?.path) {
      this.pictures = new ItemPictures(data.items.url, this.token);
    }
    const isOther = Boolean(this.codes && data.codes && data.codes.url !== this.codes.source.url);
    if (isOther) this.codes = this.place = null;
    return isOther;
  }

  /** The map has other points: its places mean other codes. */
  forgetPlaces() {
    this.place = null;
  }

  /** The codes; null where there are none, or nothing that decodes them. */
  needCodes() {
    if (!this.data?.codes || !this.data.codec) return null;
    this.codes ??= new Codes(this.data.codes, this.token);
    return this.codes;
  }

  /** The way from a place of the map to a code; null where there is none. */
  needPlace() {
    const codes = this.needCodes();
    const { points } = this.plot;
    if (!codes || points?.source.dims !== 2) return this.place;
    const { plane } = /** @type {MapData} */ (this.data);
    this.place ??= plane ? linearPlace(plane) : localPlace(points.index, codes);
    return this.place;
  }

  /**
   * Names and values of an item's attributes; null where items have none.
   * @param {number} item
   * @returns {Promise<Record<string, string | number | boolean | null> | null>}
   */
  async facts(item) {
    const items = this.data?.items;
    return items ? json(`${items.facts}/${item}`, this.token()) : null;
  }

  /**
   * Items nearest to one, by how they are near.
   * @param {number} item
   * @param {number} n
   * @returns {Promise<Record<string, number[]>>}
   */
  async neighbours(item, n) {
    const url = this.data?.neighbours;
    return url ? json(`${url}/${item}?n=${n}`, this.token()) : {};
  }
}
