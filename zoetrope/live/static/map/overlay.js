// A canvas over the plot: pictures and lines at places of it. It does not follow the map: what
// has been drawn is drawn anew where the view has moved.

/** @import { Pixels } from "./plot.js" */

/** @typedef {ImageData | ImageBitmap | HTMLCanvasElement} Picture */
/** @typedef {{ image: Picture, px: number, py: number }} PlacedPicture centre in pixels of the plot */

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
    placed.forEach(({ px, py }, i) => {
      const { width, height } = bitmaps[i];
      const scale = side / Math.max(width, height);
      const [left, top] = [px * this.ratio - (width * scale) / 2, py * this.ratio - (height * scale) / 2];
      this.context.drawImage(bitmaps[i], left, top, width * scale, height * scale);
    });
  }
}
