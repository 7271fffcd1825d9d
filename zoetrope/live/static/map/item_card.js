// The card beside the map: an item or a place as two pictures, how far to trust them, the item's
// attributes, its neighbours. Every part has its place from the start; nothing moves when what is
// shown changes. What it shows of an item, and when it fetches that, is decided here alone.

/** @import { Codes } from "./codes.js" */
/** @import { Decoded, MapDecoder } from "./decoder.js" */
/** @import { TileActions } from "./item_tile.js" */
/** @import { Spot } from "./place.js" */
/** @import { Sources } from "./sources.js" */

import { element } from "../page/dom.js";
import { CaptionedPicture } from "./captioned_picture.js";
import { itemTile } from "./item_tile.js";
import { roundTrip } from "./place.js";
import { valueWords, words } from "./words.js";

const REST_MS = 90;
const N_NEIGHBOURS = 12;

export class ItemCard {
  /**
   * @param {Sources} sources
   * @param {MapDecoder} decoder
   * @param {TileActions} actions what the pictures of neighbours do
   * @param {object} on
   * @param {(text: string) => void} on.say
   * @param {(detail: { stamp: number, item: number | null }) => void} on.picture decoded, painted
   */
  constructor(sources, decoder, actions, on) {
    this.sources = sources;
    this.decoder = decoder;
    this.actions = actions;
    this.on = on;
    /** @type {number | null} the item shown: pointed at, or nearest to the place shown */
    this.item = null;
    this.movedAt = 0;
    /** @type {Spot | null} the place shown */
    this.spot = null;
    /** @type {number | null} the item whose neighbours are shown */
    this.pinned = null;
    this.isFetching = false;
    this.isLoadingCode = false;
    decoder.listen("item", (decoded, stamp) => this.showDecoded(decoded, stamp, false));
    decoder.listen("place", (decoded, stamp) => this.showDecoded(decoded, stamp, true));
    this.title = element("div", { class: "zmap-card-title", "aria-live": "polite" });
    this.real = new CaptionedPicture();
    this.decoded = new CaptionedPicture();
    this.trust = element("div", { class: "zmap-doubt" });
    this.facts = element("dl", { class: "zmap-facts" });
    this.near = element("div", { class: "zmap-near" });
    const pair = element("div", { class: "zmap-pair" }, this.real.figure, this.decoded.figure);
    const attributes = { class: "zmap-card", "aria-label": "Item" };
    this.root = element("aside", attributes, this.title, pair, this.trust, this.facts, this.near);
    this.empty();
  }

  empty() {
    clearTimeout(this.resting);
    this.item = this.spot = this.pinned = null;
    write(this.title, "Point at the map");
    write(this.trust, "");
    this.facts.replaceChildren();
    this.near.replaceChildren();
    this.real.clear();
    this.decoded.clear();
  }

  // ------------------------------------------------------------------------ an item

  /**
   * Asks at once for the decoded picture of an item, and for its attributes when the hand rests;
   * `draw` shows the rest.
   * @param {number} item
   * @param {number} stamp when the hand moved, ms
   */
  showItem(item, stamp) {
    this.item = item;
    this.movedAt = stamp;
    this.spot = null;
    this.reconstruct(item, stamp);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.showFacts(item), REST_MS);
  }

  /**
   * Fetches one code at a time, and then the newest item's.
   * @param {number} item
   * @param {number} stamp
   */
  async reconstruct(item, stamp) {
    const { codec } = this.decoder;
    const codes = this.sources.needCodes();
    this.sources.needPlace();
    if (!codec || !codes) return;
    this.decoded.label(codec.caption, codec.colour);
    if (!codes.now(item)) {
      if (!(await this.loadCode(codes, item))) return;
      if (item !== this.item) {
        if (this.item !== null && !this.spot) this.reconstruct(this.item, this.movedAt);
        return;
      }
    }
    const code = codes.now(item);
    if (code) this.decoder.ask("item", Float32Array.from(code), 1, stamp);
  }

  /**
   * Whether this call has fetched it.
   * @param {Codes} codes
   * @param {number} item
   */
  async loadCode(codes, item) {
    if (this.isLoadingCode) return false;
    this.isLoadingCode = true;
    try {
      await codes.load([item]);
      return true;
    } catch (error) {
      this.sayError(error);
      return false;
    } finally {
      this.isLoadingCode = false;
    }
  }

  /** @param {number} item */
  async showFacts(item) {
    try {
      const facts = await this.sources.facts(item);
      if (!facts || item !== this.item) return;
      const rows = Object.entries(facts).flatMap(([name, value]) => [
        element("dt", {}, words(name)),
        element("dd", {}, valueWords(value)),
      ]);
      this.facts.replaceChildren(...rows);
    } catch (error) {
      this.sayError(error);
    }
  }

  /** @param {number | null} item null: none */
  async showNeighboursOf(item) {
    this.pinned = item;
    this.near.replaceChildren();
    const { pictures } = this.sources;
    if (item === null || !pictures) return;
    try {
      const near = Object.entries(await this.sources.neighbours(item, N_NEIGHBOURS));
      const images = await Promise.all(near.map(([, items]) => pictures.load(items)));
      if (item !== this.pinned) return;
      const rows = near.map(([title, items], row) =>
        this.strip(title, items.map((each, i) => itemTile(each, images[row][i], this.actions))),
      );
      this.near.replaceChildren(...rows);
    } catch (error) {
      this.sayError(error);
    }
  }

  /**
   * @param {string} title
   * @param {HTMLElement[]} tiles
   */
  strip(title, tiles) {
    const caption = element("div", { class: "zmap-caption" }, title);
    const strip = element("div", { class: "zmap-strip" }, ...tiles);
    return element("div", { class: "zmap-near-row" }, caption, strip);
  }

  // ------------------------------------------------------------------------ a place

  /**
   * @param {Spot} spot
   * @param {number} nearest item
   * @param {Float32Array} code what lives there
   * @param {number} stamp
   */
  showPlace(spot, nearest, code, stamp) {
    this.item = nearest;
    this.spot = spot;
    clearTimeout(this.resting);
    this.decoder.ask("place", code, 1, stamp);
  }

  // ------------------------------------------------------------------------ what is painted

  /** Titles and the real picture; called in the frame in which they are painted. */
  draw() {
    const { item, spot, decoder } = this;
    if (item === null) return;
    write(this.title, spot ? "What lives here" : `Item ${item.toLocaleString("en")}`);
    if (spot) this.decoded.label("decoded here", decoder.codec?.colour);
    this.real.label(spot ? "nearest item" : "the item");
    this.showReal(item);
  }

  /**
   * The real picture of an item; one request at a time, and then the newest item's.
   * @param {number} item
   */
  async showReal(item) {
    const { pictures } = this.sources;
    if (!pictures) return;
    const picture = pictures.now(item);
    if (picture) this.real.show(picture);
    if (picture || this.isFetching) return;
    this.isFetching = true;
    try {
      await pictures.load([item]);
    } catch (error) {
      this.sayError(error);
      return;
    } finally {
      this.isFetching = false;
    }
    if (this.item !== null) this.showReal(this.item);
  }

  /**
   * @param {Decoded} decoded
   * @param {number} stamp
   * @param {boolean} isPlace
   */
  async showDecoded(decoded, stamp, isPlace) {
    const isWanted = () => isPlace === (this.spot !== null);
    if (!(await decoded.show(this.decoded.canvas, this.decoded.text, isWanted))) return;
    write(this.trust, this.trustWords(decoded.gauges[0]));
    this.on.picture({ stamp, item: this.item });
  }

  /** @param {number} number the codec's first gauge; NaN: unknown */
  trustWords(number) {
    const { place, codes, plot, data } = this.sources;
    const gauge = this.decoder.codec?.gauges[0];
    const parts = [];
    if (gauge && Number.isFinite(number)) {
      parts.push(`${gauge.label} ${number.toFixed(gauge.digits)}${gauge.unit}`);
    }
    if (this.spot && place?.isExact) parts.push("exact: this map is a plane in code space");
    else if (this.item !== null && place && codes && plot.points && data) {
      const error = roundTrip(place, codes, plot.points.columns, this.item, data.spread);
      if (error !== null) parts.push(`round trip error ${error.toFixed(2)} of the codes' spread`);
    }
    return parts.join(" · ");
  }

  /** @param {unknown} error */
  sayError(error) {
    this.on.say(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {HTMLElement} place
 * @param {string} text
 */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
