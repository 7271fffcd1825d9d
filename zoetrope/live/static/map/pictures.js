// Pictures on the map itself: the items in view when few enough are, and the lattice of what lives
// at evenly spaced places.

export const MOST_IN_VIEW = 160;
const LATTICE = 14;

export class PicturesOnMap {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  // Match the canvas to its place on the page, in device pixels.
  fit() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.ratio = ratio;
    this.context.imageSmoothingEnabled = false;
  }

  // Items of the grid that are in view, or null if they are too many to be shown as pictures.
  static inView(grid, view) {
    const items = [];
    const columns = grid.column(view.x1) - grid.column(view.x0) + 1;
    const rows = grid.row(view.y1) - grid.row(view.y0) + 1;
    if (columns * rows > 60000) return null; // far out: do not even look
    grid.eachInBox(view, (i) => items.length <= MOST_IN_VIEW && items.push(i));
    return items.length && items.length <= MOST_IN_VIEW ? items : null;
  }

  // lines: [[[px, py], [px, py]]] in CSS pixels, faint where they begin.
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

  // placed: [{ image, px, py }], centres in CSS pixels of the plot.
  async draw(placed, size) {
    this.fit();
    this.clear();
    const side = size * this.ratio;
    const bitmaps = await Promise.all(placed.map(({ image }) => createImageBitmap(image)));
    this.clear();
    placed.forEach(({ px, py }, i) => {
      const [width, height] = fitted(bitmaps[i], side);
      const [left, top] = [px * this.ratio - width / 2, py * this.ratio - height / 2];
      this.context.drawImage(bitmaps[i], left, top, width, height);
    });
  }

  // Evenly spaced places in pixels of the plot, row by row, and the side of a picture there.
  static lattice(width, height) {
    const side = Math.max(width, height) / LATTICE;
    const columns = Math.max(1, Math.floor(width / side));
    const rows = Math.max(1, Math.floor(height / side));
    const places = [];
    for (let r = 0; r < rows; r += 1) {
      for (let c = 0; c < columns; c += 1) {
        places.push([((c + 0.5) * width) / columns, ((r + 0.5) * height) / rows]);
      }
    }
    return { places, side };
  }
}

function fitted({ width, height }, side) {
  const scale = side / Math.max(width, height);
  return [width * scale, height * scale];
}
