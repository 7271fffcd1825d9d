// Lines from where items lie on another map to where they lie on this one.

/** @import { Plot, Pixels } from "./plot.js" */

import { indices } from "./row_bits.js";

const MOST_LINES = 300;

/**
 * Lines for the group, or for some of all items.
 * @param {Plot} plot
 * @param {Float32Array} before the other map's x of all items, then y
 * @param {Uint8Array | null} group
 * @returns {[Pixels, Pixels][]}
 */
export function movementLines(plot, before, group) {
  if (!plot.points || !plot.isFlat) return [];
  const { n, columns } = plot.points;
  const everyone = group ? indices(group) : Array.from({ length: n }, (_, i) => i);
  const onBoth = everyone.filter((i) => !Number.isNaN(before[i] + columns[0][i]));
  const step = Math.max(1, Math.floor(onBoth.length / MOST_LINES));
  return onBoth
    .filter((_, k) => k % step === 0)
    .map((i) => [
      plot.toPixels(before[i], before[n + i]),
      plot.toPixels(columns[0][i], columns[1][i]),
    ]);
}
