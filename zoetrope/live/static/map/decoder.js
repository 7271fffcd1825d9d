// The chosen codec's decoder as the map uses it: one question at a time for each use, and then
// only the newest one.

import { painterOf, thumbnail } from "../stage/painters.js";
import { openDecoder } from "../wire/decoder.js";

/** @import { AnswerPart, ItemDescription, Painter } from "../stage/painters.js" */
/** @import { CodecChoice, Decoder } from "../wire/decoder.js" */

/** @typedef {{ name: string, label: string, unit: string, digits: number }} Gauge */
/** @typedef {{ key: string, caption: string, colour: string, gauges: Gauge[] }} MapCodec */
/** @typedef {"item" | "place" | "grid"} Use */
/**
 * What a picture is of: an item, or a place and the item nearest to it. `stamp`: when it was meant.
 * @typedef {{ item: number | null, isPlace: boolean, stamp: number }} Subject
 */
/** @typedef {(decoded: Decoded, subject: Subject) => void} Listener */

/** @type {Use[]} the place in this list is the channel of the socket */
const USES = ["item", "place", "grid"];
const BLOCKED = "No live connection: a proxy or firewall blocks it. The map still works.";

/** One answer: items of the codes asked for, row by row. */
export class Decoded {
  /**
   * @param {AnswerPart} part
   * @param {Painter} painter
   */
  constructor(part, painter) {
    this.part = part;
    this.painter = painter;
    this.rows = part.shape[0];
    this.gauges = part.gauges;
    this.prepared = painter.prepare(part);
  }

  /**
   * Row `i`, small, as something a canvas can draw.
   * @param {number} i
   */
  async picture(i) {
    return thumbnail(this.painter, this.part, await this.prepared, i);
  }

  /**
   * The first row on a canvas, in its frame; what a picture does not say goes into its name.
   * @param {HTMLCanvasElement} canvas
   * @param {string} caption
   * @param {() => boolean} isWanted whether it still is when it has been unpacked
   */
  async show(canvas, caption, isWanted) {
    const prepared = await this.prepared;
    if (!isWanted()) return false;
    thumbnail(this.painter, this.part, prepared, 0, canvas);
    const text = this.painter.text(this.part, prepared);
    canvas.setAttribute("aria-label", text ? `${caption}: ${text}` : caption);
    canvas.title = text;
    return true;
  }
}

export class MapDecoder {
  /**
   * @param {HTMLElement} root carries the state of the connection as `data-live`
   * @param {(text: string) => void} say
   */
  constructor(root, say) {
    this.root = root;
    this.say = say;
    /** @type {Decoder | null} */
    this.live = null;
    /** @type {MapCodec | null} */
    this.codec = null;
    /** @type {Painter | null} what the codec's items are painted by, once it is known */
    this.painter = null;
    /** @type {string | undefined} */
    this.item = undefined;
    this.pageToken = "";
    /** @type {Partial<Record<Use, Listener>>} */
    this.listeners = {};
  }

  /** @type {() => string} the newest token: the socket renews it */
  token = () => this.live?.token || this.pageToken;

  /**
   * @param {MapCodec | null} codec
   * @param {string} token
   */
  configure(codec, token) {
    this.pageToken = token;
    this.codec = codec;
    if (!codec) return;
    const codecs = [{ key: codec.key, gauges: codec.gauges.map(({ name }) => name) }];
    if (this.live) {
      this.live.setToken(token);
      this.live.open(codecs);
    } else this.live = this.connect(codecs, token);
  }

  /**
   * @param {CodecChoice[]} codecs
   * @param {string} token
   */
  connect(codecs, token) {
    return openDecoder({
      token,
      codecs,
      onReady: ([{ error, item }]) => {
        this.take(item);
        this.root.dataset.live = error ? "failed" : "ready";
        this.say(error || "");
      },
      onAnswer: ({ parts: [part] }, { channel, subject }) => {
        const { codec, ...what } = /** @type {Subject & { codec: string }} */ (subject);
        if (!this.painter || codec !== this.codec?.key) return;
        this.listeners[USES[channel]]?.(new Decoded(part, this.painter), what);
      },
      onRefusal: (reason) => this.say(reason),
      onStatus: (status) => {
        this.root.dataset.live = status;
        if (status === "blocked") this.say(BLOCKED);
      },
    });
  }

  /**
   * What the codec's items are; the painter stays where that has not changed.
   * @param {ItemDescription | undefined} item
   */
  take(item) {
    const described = JSON.stringify(item);
    if (described === this.item) return;
    this.item = described;
    this.painter = item ? painterOf(item) : null;
  }

  /**
   * Who gets the answers of a use.
   * @param {Use} use
   * @param {Listener} listener
   */
  listen(use, listener) {
    this.listeners[use] = listener;
  }

  /**
   * @param {Use} use
   * @param {Float32Array} codes row after row
   * @param {number} rows
   * @param {Subject} what comes back with the answer
   */
  ask(use, codes, rows, what) {
    const subject = { ...what, codec: this.codec?.key };
    const place = { channel: USES.indexOf(use), stamp: what.stamp, subject };
    this.live?.decode([{ codec: 0, rows, codes }], place);
  }

  close() {
    this.live?.close();
  }
}
