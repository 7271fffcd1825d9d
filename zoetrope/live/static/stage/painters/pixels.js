// @ts-check
// Pictures, painted pixel by pixel; the style sheet enlarges them crisply.

import { toImage } from "../../wire/pixels.js";
import { contextOf, fit } from "./canvas.js";

/** @typedef {import("../painters.js").AnswerPart} AnswerPart */
/** @typedef {import("../painters.js").Painter} Painter */
/** @typedef {import("../painters.js").Prepared} Prepared */
/** @typedef {ImageData | ImageBitmap} Images */

/** @implements {Painter} */
export class PixelsPainter {
  /** @param {AnswerPart} part */
  prepare(part) {
    return toImage(part);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {AnswerPart} part
   * @param {Prepared} prepared
   */
  show(canvas, part, prepared) {
    const { width, height } = this.thumbnailSize(part);
    fit(canvas, width, height);
    this.drawThumbnail(contextOf(canvas), part, prepared, 0, 0);
  }

  text() {
    return "";
  }

  /** @param {AnswerPart} part */
  thumbnailSize({ shape: [, height, width] }) {
    return { width, height };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {AnswerPart} part
   * @param {Prepared} prepared rows one below another
   * @param {number} row
   * @param {number} x
   */
  drawThumbnail(context, { shape: [, height, width] }, prepared, row, x) {
    const images = /** @type {Images} */ (prepared);
    const top = row * height;
    if (images instanceof ImageData) context.putImageData(images, x, -top, 0, top, width, height);
    else context.drawImage(images, 0, top, width, height, x, 0, width, height);
  }
}
