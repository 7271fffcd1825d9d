// @ts-check
// Who paints items: one painter a type of part, chosen by what the codec says of its items.

import { ColumnsPainter } from "./painters/columns.js";
import { PixelsPainter } from "./painters/pixels.js";

/** @typedef {import("../wire/parts.js").AnswerPart} AnswerPart */

/**
 * A column of a table: a number with its range in the user's units, and how it was standardised; or
 * a category with its values.
 * @typedef {object} ColumnDescription
 * @property {string} name
 * @property {string[]} [values]
 * @property {number} [low]
 * @property {number} [high]
 * @property {number} [mean]
 * @property {number} [scale]
 */

/**
 * What a codec's items are, as `wire_part` of the kind of item says it.
 * @typedef {object} ItemDescription
 * @property {string} painter "pixels" or "columns"
 * @property {ColumnDescription[]} [columns]
 */

/** All rows of a part, ready to be painted. @typedef {ImageData | ImageBitmap | AnswerPart} Prepared */

/** Something that a canvas can draw. @typedef {ImageData | ImageBitmap | HTMLCanvasElement} Picture */

/**
 * @typedef {object} Painter
 * @property {(part: AnswerPart) => Prepared | Promise<Prepared>} prepare without waiting where that is possible
 * @property {(canvas: HTMLCanvasElement, part: AnswerPart, prepared: Prepared) => void} show the first row, large
 * @property {(part: AnswerPart, prepared: Prepared) => string} text of what is shown, "" where a picture says it
 * @property {(part: AnswerPart) => {width: number, height: number}} thumbnailSize
 * @property {(context: CanvasRenderingContext2D, part: AnswerPart, prepared: Prepared, row: number, x: number) => void} drawThumbnail
 *   one row, small, its left edge at `x`
 */

/** @type {Record<string, new (item: ItemDescription) => Painter>} */
const PAINTERS = { pixels: PixelsPainter, columns: ColumnsPainter };

/**
 * A painter of its own for one canvas.
 * @param {ItemDescription} item
 * @returns {Painter}
 */
export function painterOf(item) {
  return new PAINTERS[item.painter](item);
}

/**
 * All parts made ready: at once where no picture has to be unpacked, else a promise. Whoever paints
 * does so in one go, so that panels never show different positions.
 * @param {AnswerPart[]} parts
 * @param {(codec: number) => Painter} painter
 * @returns {Prepared[] | Promise<Prepared[]>}
 */
export function prepareAll(parts, painter) {
  const prepared = parts.map((part) => painter(part.codec).prepare(part));
  const isWaiting = prepared.some((one) => one instanceof Promise);
  return isWaiting ? Promise.all(prepared) : /** @type {Prepared[]} */ (prepared);
}

/**
 * One row as a small picture of its own.
 * @param {Painter} painter
 * @param {AnswerPart} part
 * @param {Prepared} prepared
 * @param {number} row
 * @param {HTMLCanvasElement} [canvas] takes the picture; a new one where none is given
 * @returns {HTMLCanvasElement}
 */
export function thumbnail(painter, part, prepared, row, canvas = document.createElement("canvas")) {
  Object.assign(canvas, painter.thumbnailSize(part));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  painter.drawThumbnail(context, part, prepared, row, 0);
  return canvas;
}
