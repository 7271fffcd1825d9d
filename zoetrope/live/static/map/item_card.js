// The card beside the map: an item or a place as two pictures, how far to trust them, the item's
// attributes, its neighbours. Every part has its place from the start; nothing moves when what is
// shown changes. What it shows of an item, and when it fetches that, is decided here alone.
//
// All parts belong to what the title names; at a place, the real picture and the attributes are of
// the item nearest to it, and say so. Each part carries what it is of (`data-of`), and is faint or
// hidden (`data-stale`) until its answer is here. Neighbours are of the pinned item, by its name.

/** @import { Codes } from "./codes.js" */
/** @import { Decoded, MapDecoder, Subject } from "./decoder.js" */
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
    this.paintedAt = 0; // the stamp of the decoded picture shown
    decoder.listen("item", (decoded, what) => this.showDecoded(decoded, what));
    decoder.listen("place", (decoded, what) => this.showDecoded(decoded, what));
    this.title = element("div", { class: "zmap-card-title", "aria-live": "polite" });
    this.real = new CaptionedPicture();
    this.decoded = new CaptionedPicture();
    this.trust = element("div", { class: "zmap-doubt" });
    this.factsOf = element("div", { class: "zmap-caption" });
    this.facts = element("dl", { class: "zmap-facts" });
    this.near = element("div", { class: "zmap-near" });
    const pair = element("div", { class: "zmap-pair" }, this.real.figure, this.decoded.figure);
    const attributes = { class: "zmap-card", "aria-label": "Item" };
    const facts = element("div", { class: "zmap-facts-all" }, this.factsOf, this.facts);
    this.root = element("aside", attributes, this.title, pair, this.trust, facts, this.near);
    this.empty();
  }

  empty() {
    clearTimeout(this.resting);
    this.item = this.spot = this.pinned = null;
    this.paintedAt = 0;
    write(this.title, "Point at the map");
    write(this.trust, "");
    write(this.factsOf, "");
    this.root.dataset.of = this.facts.dataset.of = this.near.dataset.of = "";
    this.facts.replaceChildren();
    this.near.replaceChildren();
    this.real.clear();
    this.decoded.clear();
  }

  /** The decoded picture is another codec's. */
  forgetDecoded() {
    this.decoded.is("");
    write(this.trust, "");
    this.expect();
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
    this.showFactsSoon(item);
  }

  /** @param {number} item */
  showFactsSoon(item) {
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
    const what = { item, isPlace: false, stamp };
    if (code) this.decoder.ask("item", Float32Array.from(code), 1, what);
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
    const of = nameOf(item);
    const url = this.sources.data?.items?.facts;
    if (this.facts.dataset.of === of) return;
    try {
      const facts = await this.sources.facts(item);
      if (!facts || item !== this.item || url !== this.sources.data?.items?.facts) return;
      const rows = Object.entries(facts).flatMap(([name, value]) => [
        element("dt", {}, words(name)),
        element("dd", {}, valueWords(value)),
      ]);
      this.facts.replaceChildren(...rows);
      this.facts.dataset.of = of;
      this.expect();
    } catch (error) {
      this.sayError(error);
    }
  }

  /** @param {number | null} item null: none */
  async showNeighboursOf(item) {
    this.pinned = item;
    this.near.dataset.of = "";
    this.near.replaceChildren();
    const { pictures, data } = this.sources;
    if (item === null || !pictures) return;
    try {
      const near = Object.entries(await this.sources.neighbours(item, N_NEIGHBOURS));
      const images = await Promise.all(near.map(([, items]) => pictures.load(items)));
      if (item !== this.pinned || data?.neighbours !== this.sources.data?.neighbours) return;
      const rows = near.map(([title, items], row) => {
        const tiles = items.map((each, i) => itemTile(each, images[row][i], this.actions));
        return this.strip(title.replace("nearest", `nearest to ${nameOf(item)}`), tiles);
      });
      this.near.replaceChildren(...rows);
      this.near.dataset.of = nameOf(item);
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
    const isOther = nearest !== this.item;
    this.item = nearest;
    this.spot = spot;
    this.decoder.ask("place", code, 1, { item: nearest, isPlace: true, stamp });
    if (isOther) this.showFactsSoon(nearest);
  }

  // ------------------------------------------------------------------------ what is painted

  /** Titles and the real picture; called in the frame in which they are painted. */
  draw() {
    const { item, spot, decoder } = this;
    if (item === null) return;
    const name = nameOf(item);
    this.root.dataset.of = spot ? "place" : name;
    write(this.title, spot ? "What lives here" : name.replace("item", "Item"));
    if (spot) this.decoded.label("decoded here", decoder.codec?.colour);
    this.real.label(spot ? `nearest: ${name}` : "the item");
    write(this.factsOf, spot ? `attributes of ${name}, the nearest` : "attributes");
    this.showReal(item);
    this.expect();
  }

  /** What a part still shows of something else is faint or hidden. */
  expect() {
    if (this.item === null) return;
    const name = nameOf(this.item);
    this.real.expect(name);
    this.decoded.expect(this.spot ? "place" : name);
    this.facts.toggleAttribute("data-stale", this.facts.dataset.of !== name);
  }

  /**
   * The real picture of an item; one request at a time, and then the newest item's.
   * @param {number} item
   */
  async showReal(item) {
    const { pictures } = this.sources;
    if (!pictures) return;
    const picture = pictures.now(item);
    if (picture) this.real.show(picture, nameOf(item));
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
    this.expect();
  }

  /**
   * The newest answer of the kind that is shown. While the pointer moves it may be of an item that
   * has just been left.
   * @param {Decoded} decoded
   * @param {Subject} what
   */
  async showDecoded(decoded, { item, isPlace, stamp }) {
    const isWanted = () => isPlace === (this.spot !== null) && stamp >= this.paintedAt;
    if (item === null || !(await decoded.show(this.decoded.canvas, this.decoded.text, isWanted))) return;
    this.paintedAt = stamp;
    this.decoded.is(isPlace ? "place" : nameOf(item));
    this.expect();
    write(this.trust, this.trustWords(decoded.gauges[0], item));
    this.on.picture({ stamp, item });
  }

  /**
   * @param {number} number the codec's first gauge; NaN: unknown
   * @param {number} item the one decoded
   */
  trustWords(number, item) {
    const { place, codes, plot, data } = this.sources;
    const gauge = this.decoder.codec?.gauges[0];
    const parts = [];
    if (gauge && Number.isFinite(number)) {
      parts.push(`${gauge.label} ${number.toFixed(gauge.digits)}${gauge.unit}`);
    }
    if (this.spot && place?.isExact) parts.push("exact: this map is a plane in code space");
    else if (place && codes && plot.points && data) {
      const error = roundTrip(place, codes, plot.points.columns, item, data.spread);
      if (error !== null) parts.push(`round trip error ${error.toFixed(2)} of the codes' spread`);
    }
    return parts.join(" · ");
  }

  /** @param {unknown} error */
  sayError(error) {
    this.on.say(error instanceof Error ? error.message : String(error));
  }
}

/** @param {number} item */
function nameOf(item) {
  return `item ${item.toLocaleString("en")}`;
}

/**
 * @param {HTMLElement} place
 * @param {string} text
 */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
