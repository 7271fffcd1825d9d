// @ts-check
// A row of a table drawn small: the same bars as ae_core/data/items/bars.py draws for real items.

const GROUND = "rgb(252, 252, 251)";
const MIDDLE = "rgb(200, 200, 196)";
// Blue and orange of Okabe & Ito: told apart by everybody.
const UP = "rgb(0, 114, 178)";
const DOWN = "rgb(213, 94, 0)";

/**
 * Bars side by side, up and down from a middle line.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../painters.js").ColumnDescription[]} columns
 * @param {ArrayLike<number>} values of one row, in the user's units
 * @param {number} x left edge, px
 * @param {number} px side of the square
 */
export function drawBars(context, columns, values, x, px) {
  const heights = heightsOf(columns, values);
  const middle = px / 2;
  const margin = Math.max(1, Math.floor(px / 16));
  context.fillStyle = GROUND;
  context.fillRect(x, 0, px, px);
  context.fillStyle = MIDDLE;
  context.fillRect(x + margin, Math.floor(middle), px - 2 * margin, 1);
  const wide = (px - 2 * margin) / heights.length;
  const gap = wide >= 3 ? 1 : 0; // a pixel between bars that are wide enough
  heights.forEach((height, i) => {
    context.fillStyle = height > 0 ? UP : DOWN;
    const left = Math.round(x + margin + i * wide);
    const right = Math.max(Math.round(x + margin + (i + 1) * wide) - gap, left + 1);
    context.fillRect(left, middle - Math.max(height, 0) * middle, right - left, Math.abs(height) * middle);
  });
}

/**
 * In [-1, 1]: three standard deviations of a number fill one; a category's share is up.
 * @param {import("../painters.js").ColumnDescription[]} columns
 * @param {ArrayLike<number>} values
 */
function heightsOf(columns, values) {
  /** @type {number[]} */
  const heights = [];
  for (const { values: levels, mean = 0, scale = 1 } of columns) {
    if (levels?.length) for (let k = 0; k < levels.length; k++) heights.push(values[heights.length]);
    else heights.push((values[heights.length] - mean) / (3 * scale));
  }
  return heights.map((height) => Math.min(1, Math.max(-1, height)));
}
