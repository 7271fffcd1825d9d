// The chosen codec's decoder as the map uses it: one question at a time for each use, and then
// only the newest one.

import { LiveClient } from "../wire/client.js";
import { RAW } from "../wire/frames.js";
import { toImage } from "./item_pictures.js";

/** @typedef {{ name: string, label: string, unit: string, digits: number }} Readout */
/** @typedef {{ key: string, caption: string, colour: string, readouts: Readout[] }} MapCodec */
/** @typedef {"item" | "place" | "grid"} Use */
/** @typedef {(decoded: Decoded, stamp: number) => void} Listener */

/** @type {Use[]} the place in this list is the channel of the socket */
const USES = ["item", "place", "grid"];
const BLOCKED = "No live connection: a proxy or firewall blocks it. The map still works.";

/** One answer: pictures of the codes asked for, row by row. */
export class Decoded {
  /** @param {import("../wire/frames.js").AnswerPart} part */
  constructor(part) {
    this.part = part;
    this.rows = part.rows;
    this.readouts = part.readouts;
  }

  /**
   * The picture of row `i`, as something a canvas can draw.
   * @param {number} i
   */
  async picture(i) {
    const { width, height, channels, format, pixels } = this.part;
    const size = width * height * channels;
    if (format !== RAW) return createImageBitmap(new Blob([pixels]), 0, i * height, width, height);
    return toImage(pixels.subarray(i * size, (i + 1) * size), width, height, channels);
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
    /** @type {LiveClient | null} */
    this.live = null;
    /** @type {MapCodec | null} */
    this.codec = null;
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
    const codecs = [{ key: codec.key, readouts: codec.readouts.map(({ name }) => name) }];
    if (this.live) {
      this.live.setToken(token);
      this.live.configure(codecs);
    } else this.live = this.connect(codecs, token);
  }

  /**
   * @param {{ key: string, readouts: string[] }[]} codecs
   * @param {string} token
   */
  connect(codecs, token) {
    return new LiveClient({
      token,
      codecs,
      onReady: ([{ error }]) => {
        this.root.dataset.live = error ? "failed" : "ready";
        this.say(error || "");
      },
      onAnswer: ({ parts }, { channel, stamp }) =>
        this.listeners[USES[channel]]?.(new Decoded(parts[0]), stamp),
      onRefusal: (reason) => this.say(reason),
      onStatus: (status) => {
        this.root.dataset.live = status;
        if (status === "blocked") this.say(BLOCKED);
      },
    });
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
   * @param {number} stamp when the hand moved, ms
   */
  ask(use, codes, rows, stamp = performance.now()) {
    this.live?.request([{ codec: 0, rows, codes }], { channel: USES.indexOf(use), stamp });
  }

  close() {
    this.live?.close();
  }
}
