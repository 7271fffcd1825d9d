// Where the points of a map with three axes are on the screen.

/** @import { Pixels } from "./plot.js" */

/** A 4 x 4 matrix, column after column, as WebGL has them. @typedef {ArrayLike<number>} Matrix */

export class Camera {
  /** @param {PlotlyScene} scene as plotly.js draws it now */
  constructor({ glplot, dataScale }) {
    const { projection, view, model } = glplot.cameraParams;
    this.matrix = product(projection, product(view, model));
    this.scale = dataScale;
    this.width = glplot.canvas.clientWidth;
    this.height = glplot.canvas.clientHeight;
  }

  /**
   * Where a point is seen; null where it is behind the eye.
   * @param {Float32Array[]} columns of the map
   * @param {number} item
   * @returns {Pixels | null}
   */
  pixelsOf(columns, item) {
    const at = columns.map((column, k) => column[item] * this.scale[k]);
    const [x, y, , w] = [0, 1, 2, 3].map((row) => along(this.matrix, row, at));
    if (!(w > 0)) return null;
    return [0.5 * (1 + x / w) * this.width, 0.5 * (1 - y / w) * this.height];
  }

  /**
   * The item seen nearest to a place of the plot; null where none is within reach.
   * @param {Float32Array[]} columns of the map
   * @param {Pixels} pixels
   * @param {number} reachPx
   */
  nearestItem(columns, [px, py], reachPx) {
    /** @type {number | null} */
    let nearest = null;
    let shortest = reachPx;
    for (let item = 0; item < columns[0].length; item += 1) {
      const seen = this.pixelsOf(columns, item);
      const far = seen ? Math.hypot(seen[0] - px, seen[1] - py) : Infinity;
      if (far <= shortest) [nearest, shortest] = [item, far];
    }
    return nearest;
  }
}

/**
 * One number of matrix * (x, y, z, 1).
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number[]} at
 */
function along(matrix, row, [x, y, z]) {
  return matrix[row] * x + matrix[row + 4] * y + matrix[row + 8] * z + matrix[row + 12];
}

/**
 * @param {Matrix} a
 * @param {Matrix} b
 */
function product(a, b) {
  const made = new Float64Array(16);
  for (let i = 0; i < 16; i += 1) {
    for (let k = 0; k < 4; k += 1) made[i] += a[(i % 4) + 4 * k] * b[4 * Math.floor(i / 4) + k];
  }
  return made;
}
