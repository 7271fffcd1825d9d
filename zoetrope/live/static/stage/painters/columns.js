// @ts-check
// Rows of a table, painted as bars: large, with names and values in the user's units; or small.

import { contextOf, fit } from "./canvas.js";
import { drawBars } from "./bars.js";

/** @typedef {import("../painters.js").AnswerPart} AnswerPart */
/** @typedef {import("../painters.js").Painter} Painter */
/** @typedef {import("../painters.js").ColumnDescription} ColumnDescription */
/** @typedef {import("../painters.js").ItemDescription} ItemDescription */
/** @typedef {import("../painters.js").Prepared} Prepared */

/**
 * One line of the large picture: a number column, or one value of a category with its share.
 * @typedef {object} Line
 * @property {number} place among the numbers of a row
 * @property {string} label
 * @property {number} low
 * @property {number} high
 * @property {boolean} isShare
 */

const MOST_LINES = 48;
const LEAST_LINE_PX = 15;
const MOST_LINE_PX = 26;
const PADDING_PX = 8;
const GAP_PX = 6;
const NAME_SHARE = 0.4;
const VALUE_PX = 52;
const THUMBNAIL_PX = 64;

/** @implements {Painter} */
export class ColumnsPainter {
  /** @param {ItemDescription} item */
  constructor({ columns = [] }) {
    this.columns = columns;
    this.lines = linesOf(columns);
    this.cssWidth = 0;
    /** @type {AnswerPart | null} */
    this.shown = null;
  }

  /** @param {AnswerPart} part */
  prepare(part) {
    return part;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {AnswerPart} part
   */
  show(canvas, part) {
    this.shown = part;
    if (!this.cssWidth) this.follow(canvas);
    if (this.cssWidth) this.paint(canvas, part.values);
  }

  /**
   * Paint anew when the place on the page has another width, or the theme other colours.
   * @param {HTMLCanvasElement} canvas
   */
  follow(canvas) {
    const again = () => {
      this.cssWidth = canvas.clientWidth;
      if (this.shown && this.cssWidth) this.paint(canvas, this.shown.values);
    };
    canvas.classList.add("sharp");
    this.cssWidth = canvas.clientWidth;
    new ResizeObserver(again).observe(canvas);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const onScheme = () => {
      if (canvas.isConnected) requestAnimationFrame(again);
      else scheme.removeEventListener("change", onScheme);
    };
    scheme.addEventListener("change", onScheme);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ArrayLike<number>} values of one row
   */
  paint(canvas, values) {
    const ratio = window.devicePixelRatio || 1;
    const shown = this.lines.slice(0, MOST_LINES);
    const nLines = shown.length + Number(shown.length < this.lines.length);
    const lineHeight = Math.min(MOST_LINE_PX, Math.max(LEAST_LINE_PX, (this.cssWidth - 2 * PADDING_PX) / nLines));
    const height = nLines * lineHeight + 2 * PADDING_PX;
    fit(canvas, Math.round(this.cssWidth * ratio), Math.round(height * ratio));
    const context = contextOf(canvas);
    const look = lookOf(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = look.ground;
    context.fillRect(0, 0, this.cssWidth, height);
    context.font = `${Math.min(13, lineHeight - 3)}px ${look.font}`;
    context.textBaseline = "middle";
    shown.forEach((line, i) => this.paintLine(context, look, line, values[line.place], i, lineHeight));
    if (nLines > shown.length) this.paintRest(context, look, nLines - 1, lineHeight);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Look} look
   * @param {Line} line
   * @param {number} value
   * @param {number} i
   * @param {number} lineHeight
   */
  paintLine(context, look, line, value, i, lineHeight) {
    const nameWidth = NAME_SHARE * this.cssWidth - PADDING_PX;
    const left = NAME_SHARE * this.cssWidth + GAP_PX;
    const right = this.cssWidth - PADDING_PX - VALUE_PX - GAP_PX;
    const middle = PADDING_PX + (i + 0.5) * lineHeight;
    const thickness = Math.max(4, Math.round(lineHeight * 0.45));
    const share = Math.min(1, Math.max(0, (value - line.low) / (line.high - line.low)));
    context.globalAlpha = 0.16;
    context.fillStyle = look.text;
    context.fillRect(left, middle - thickness / 2, right - left, thickness);
    context.globalAlpha = line.isShare ? 0.7 : 1;
    context.fillStyle = look.bar;
    context.fillRect(left, middle - thickness / 2, share * (right - left), thickness);
    context.globalAlpha = 1;
    context.fillStyle = look.text;
    context.textAlign = "left";
    context.fillText(shortened(context, line.label, nameWidth), PADDING_PX, middle);
    context.textAlign = "right";
    context.fillText(written(value, line), this.cssWidth - PADDING_PX, middle);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Look} look
   * @param {number} i
   * @param {number} lineHeight
   */
  paintRest(context, look, i, lineHeight) {
    context.globalAlpha = 0.68;
    context.fillStyle = look.text;
    context.textAlign = "left";
    const text = `${this.lines.length - MOST_LINES} more are not shown`;
    context.fillText(text, PADDING_PX, PADDING_PX + (i + 0.5) * lineHeight);
    context.globalAlpha = 1;
  }

  /** @param {AnswerPart} part */
  text({ values }) {
    return this.lines.map((line) => `${line.label} ${written(values[line.place], line)}`).join(", ");
  }

  thumbnailSize() {
    return { width: THUMBNAIL_PX, height: THUMBNAIL_PX };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {AnswerPart} part
   * @param {Prepared} _prepared
   * @param {number} row
   * @param {number} x
   */
  drawThumbnail(context, { shape: [, nNumbers], values }, _prepared, row, x) {
    drawBars(context, this.columns, values.subarray(row * nNumbers, (row + 1) * nNumbers), x, THUMBNAIL_PX);
  }
}

/**
 * @param {ColumnDescription[]} columns
 * @returns {Line[]}
 */
function linesOf(columns) {
  /** @type {Line[]} */
  const lines = [];
  for (const { name, values, low = 0, high = 1 } of columns) {
    if (!values?.length) {
      const widest = high > low ? high : low + 1;
      lines.push({ place: lines.length, label: name, low, high: widest, isShare: false });
      continue;
    }
    for (const value of values) {
      lines.push({ place: lines.length, label: `${name}: ${value}`, low: 0, high: 1, isShare: true });
    }
  }
  return lines;
}

/** Colours and font of the page, as a canvas takes them. @typedef {{text: string, bar: string, ground: string, font: string}} Look */

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Look}
 */
function lookOf(canvas) {
  const { color, outlineColor, backgroundColor, fontFamily } = getComputedStyle(canvas);
  return { text: color, bar: outlineColor, ground: backgroundColor, font: fontFamily };
}

/**
 * @param {number} value
 * @param {Line} line
 */
function written(value, { low, high, isShare }) {
  if (isShare) return `${Math.round(100 * value)} %`;
  const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(high - low))));
  return Math.abs(value) >= 1e6 ? value.toExponential(1) : value.toFixed(digits).replace("-", "−");
}

/** Widths by font and text: measuring is slow, and names do not change. @type {Map<string, string>} */
const SHORTENED = new Map();

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} label
 * @param {number} width
 */
function shortened(context, label, width) {
  const key = `${context.font} ${width} ${label}`;
  const known = SHORTENED.get(key);
  if (known !== undefined) return known;
  let text = label;
  while (text.length > 1 && context.measureText(text).width > width) text = `${text.replace(/…$/, "").slice(0, -1)}…`;
  if (SHORTENED.size > 2000) SHORTENED.clear(); // widths of windows long gone
  SHORTENED.set(key, text);
  return text;
}
