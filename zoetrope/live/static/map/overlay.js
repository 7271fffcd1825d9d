// A canvas over the plot: pictures and lines at places of it. It does not follow the map: what
// has been drawn is drawn anew where the view has moved.

/** @import { Pixels } from "./plot.js" */

/** @typedef {ImageData | ImageBitmap | HTMLCanvasElement} Picture */
/**
 * How a picture is drawn.
 * @typedef {object} Look
 * @property {string} border CSS colour
 * @property {boolean} isFaint not found, grey, or out of the group
 * @property {string} ring CSS colour of a ring round the border; "" for none
 */
/**
 * A picture with its centre in pixels of the plot.
 * @typedef {{ image: Picture, px: number, py: number, look?: Look }} PlacedPicture
 */

const BORDER_PX = 2;
const RING_PX = 3;
const FAINT = 0.25;

export class Overlay {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.ratio = 1;
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  // Match the canvas to its place on the page, in device pixels.
  fit() {
    const { clientWidth, clientHeight } = this.canvas.parentElement ?? this.canvas;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.ratio = ratio;
    this.context.imageSmoothingEnabled = false;
  }

  /**
   * Lines, faint where they begin.
   * @param {[Pixels, Pixels][]} lines
   */
  drawLines(lines) {
    this.fit();
    const { context, ratio } = this;
    context.lineWidth = ratio;
    for (const [[x0, y0], [x1, y1]] of lines) {
      const fade = context.createLinearGradient(x0 * ratio, y0 * ratio, x1 * ratio, y1 * ratio);
      fade.addColorStop(0, "rgba(128,128,136,0.06)");
      fade.addColorStop(1, "rgba(128,128,136,0.75)");
      context.strokeStyle = fade;
      context.beginPath();
      context.moveTo(x0 * ratio, y0 * ratio);
      context.lineTo(x1 * ratio, y1 * ratio);
      context.stroke();
    }
  }

  /**
   * Pictures instead of what was drawn before.
   * @param {PlacedPicture[]} placed
   * @param {number} size longer side in CSS pixels
   */
  async drawPictures(placed, size) {
    this.fit();
    this.clear();
    const side = size * this.ratio;
    const bitmaps = await Promise.all(placed.map(({ image }) => createImageBitmap(image)));
    this.clear();
    placed.forEach(({ px, py, look }, i) => {
      const scale = side / Math.max(bitmaps[i].width, bitmaps[i].height);
      // Whole pixels: edges between two would be half transparent.
      const width = Math.round(bitmaps[i].width * scale);
      const height = Math.round(bitmaps[i].height * scale);
      const left = Math.round(px * this.ratio - width / 2);
      const top = Math.round(py * this.ratio - height / 2);
      this.context.globalAlpha = look?.isFaint ? FAINT : 1;
      if (look) this.drawBorder(look, left, top, width, height);
      this.context.drawImage(bitmaps[i], left, top, width, height);
    });
    this.context.globalAlpha = 1;
  }

  /**
   * @param {Look} look
   * @param {number} left of the picture, as the rest in device pixels
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  drawBorder({ border, ring }, left, top, width, height) {
    const { context, ratio } = this;
    /** @type {[string, number][]} the outer one first */
    const frames = [[border, BORDER_PX]];
    if (ring) frames.unshift([ring, BORDER_PX + RING_PX]);
    for (const [colour, px] of frames) {
      const by = Math.round(px * ratio);
      context.fillStyle = colour;
      context.fillRect(left - by, top - by, width + 2 * by, height + 2 * by);
    }
  }
}
