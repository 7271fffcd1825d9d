// @ts-check
// Panels of the stage: one canvas each, all painted in the same frame of the screen.

import { element } from "../page/dom.js";
import { painterOf } from "./painters.js";
import { fit } from "./painters/canvas.js";

/** @typedef {import("./painters.js").AnswerPart} AnswerPart */
/** @typedef {import("./painters.js").ItemDescription} ItemDescription */
/** @typedef {import("./painters.js").Painter} Painter */
/** @typedef {import("./painters.js").Prepared} Prepared */
/** @typedef {{name: string, label: string, unit: string, digits: number}} Gauge */

const SETTLED_MS = 400;

/** A figure: canvas, caption in the codec's colour, gauges. */
export class Panel {
  /** @param {{caption: string, colour: string, gauges: Gauge[]}} face */
  constructor({ caption, colour, gauges }) {
    this.caption = caption;
    this.canvas = /** @type {HTMLCanvasElement} */ (
      element("canvas", { class: "picture", role: "img", "aria-label": caption, width: 64, height: 64 })
    );
    this.note = element("p", { class: "note", hidden: "" });
    this.gauges = gauges.map((gauge) => ({ gauge, value: element("b", {}, "–") }));
    const texts = this.gauges.map(({ gauge, value }) =>
      element("span", { class: "gauge" }, `${gauge.label} `, value),
    );
    this.element = element(
      "figure",
      { class: "panel", style: `--codec: ${colour}` },
      element("div", { class: "frame" }, this.canvas, this.note),
      element("figcaption", {}, element("span", { class: "name" }, caption), ...texts),
    );
    /** @type {Painter | null} */
    this.painter = null;
    this.item = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.settling = undefined;
  }

  /** What its codec's items are; the painter stays where that has not changed. */
  take(/** @type {ItemDescription} */ item) {
    const described = JSON.stringify(item);
    if (described === this.item) return;
    this.item = described;
    this.painter = painterOf(item);
  }

  /**
   * Say why there is nothing to see; null takes the words away.
   * @param {string | null} text
   */
  tell(text) {
    this.note.textContent = text ?? "";
    this.note.hidden = text === null;
    this.element.classList.toggle("empty", text !== null);
  }

  /**
   * @param {AnswerPart} part
   * @param {Prepared} prepared
   */
  paint(part, prepared) {
    if (!this.note.hidden) this.tell(null);
    this.painter?.show(this.canvas, part, prepared);
    this.gauges.forEach(({ gauge, value }, i) => {
      const number = part.gauges[i];
      value.textContent = Number.isFinite(number) ? `${number.toFixed(gauge.digits)}${gauge.unit}` : "–";
    });
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.describe(part, prepared), SETTLED_MS);
  }

  /**
   * Put what is shown into words for screen readers, once it rests.
   * @param {AnswerPart} part
   * @param {Prepared} prepared
   */
  describe(part, prepared) {
    const text = this.painter?.text(part, prepared);
    this.canvas.setAttribute("aria-label", text ? `${this.caption}: ${text}` : this.caption);
  }
}

/** A row of small pictures that walks one control; a mark shows where the control is. */
export class StripRow {
  /**
   * @param {string} label
   * @param {string} colour
   * @param {number} nFrames
   * @param {(at: number) => void} onPick
   */
  constructor(label, colour, nFrames, onPick) {
    this.canvas = /** @type {HTMLCanvasElement} */ (
      element("canvas", { class: "picture", role: "img", "aria-label": label, width: nFrames, height: 1 })
    );
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    this.element = element(
      "div",
      { class: "strip", style: `--codec: ${colour}` },
      this.canvas,
      element("div", { class: "mark" }),
    );
    this.element.addEventListener("click", (event) => {
      const { left, width } = this.canvas.getBoundingClientRect();
      const frame = Math.floor(((event.clientX - left) / width) * nFrames);
      onPick(Math.min(Math.max(frame, 0), nFrames - 1) / (nFrames - 1));
    });
  }

  /** @param {number} at */
  place(at) {
    this.element.style.setProperty("--at", String(at));
  }

  /**
   * Rows of the part stand side by side.
   * @param {Painter} painter
   * @param {AnswerPart} part
   * @param {Prepared} prepared
   */
  paint(painter, part, prepared) {
    const [rows] = part.shape;
    const { width, height } = painter.thumbnailSize(part);
    fit(this.canvas, rows * width, height);
    for (let row = 0; row < rows; row++) painter.drawThumbnail(this.context, part, prepared, row, row * width);
  }
}
