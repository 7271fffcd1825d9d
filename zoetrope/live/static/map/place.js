// From a place of the map, where no item need be, to a code.
//
// A PCA map is a plane in code space, so a place is a code, exactly: code = mean + place @ axes.
//
// t-SNE and UMAP have no such inverse. The code is a weighted mean of the codes of the 12 items
// nearest on the map, with biweight kernel weights (1 - (d / h)^2)^2, h the distance of the 12th
// (Nadaraya 1964, Watson 1964; adaptive bandwidth as in Loftsgaarden and Quesenberry 1965). The
// farthest neighbour weighs nothing, so the picture never jumps when the twelve change; and at an
// item whose neighbours are far the item itself is what one sees.

/** @import { Codes } from "./codes.js" */
/** @import { PointIndex } from "./point_index.js" */

import { unpack } from "../wire/packing.js";

const N_NEAR = 12;

/** @typedef {[number, number]} Spot a place, in units of the map */
/** @typedef {{ shape: number[], f32: string }} Packed */
/** @typedef {{ mean: Packed, axes: Packed }} PackedPlane */

/**
 * @typedef {object} Place
 * @property {number} latentDim
 * @property {boolean} isExact
 * @property {(spot: Spot) => number[]} items whose codes must be here before `codeAt` can answer
 * @property {(spot: ArrayLike<number>, except?: number) => Float32Array | null} codeAt null while
 *   codes of neighbours are still on their way; `except` is left out of them
 */

/**
 * @param {PackedPlane} plane
 * @returns {Place}
 */
export function linearPlace({ mean, axes }) {
  const origin = unpack(mean).numbers;
  const { numbers: directions, shape } = unpack(axes);
  return {
    latentDim: origin.length,
    isExact: true,
    items: () => [],
    codeAt(spot) {
      const code = Float32Array.from(origin);
      for (let k = 0; k < shape[0]; k += 1) {
        for (let d = 0; d < code.length; d += 1) code[d] += spot[k] * directions[k * code.length + d];
      }
      return code;
    },
  };
}

/**
 * @param {PointIndex} index of the points of the map
 * @param {Codes} codes
 * @returns {Place}
 */
export function localPlace(index, codes) {
  return {
    latentDim: codes.source.latentDim,
    isExact: false,
    items: ([x, y]) => index.nearest(x, y, N_NEAR).items,
    codeAt: (spot, except = -1) => localCode(index, codes, spot, except),
  };
}

/**
 * @param {PointIndex} index
 * @param {Codes} codes
 * @param {ArrayLike<number>} spot
 * @param {number} except
 */
function localCode(index, codes, spot, except) {
  const { items, distances } = index.nearest(spot[0], spot[1], N_NEAR, 1, 1, Infinity, except);
  const reach = distances[distances.length - 1] || 1;
  const code = new Float32Array(codes.source.latentDim);
  let total = 0;
  for (let j = 0; j < items.length; j += 1) {
    const row = codes.now(items[j]);
    if (!row) return null;
    // A hair above zero, so that neighbours all equally far still make a mean.
    const weight = Math.max((1 - (distances[j] / reach) ** 2) ** 2, 1e-9);
    total += weight;
    for (let d = 0; d < code.length; d += 1) code[d] += weight * row[d];
  }
  if (!total) return null;
  for (let d = 0; d < code.length; d += 1) code[d] /= total;
  return code;
}

/**
 * Round trip code -> point -> code of an item, the item itself left out of the way back: the
 * distance of the two codes, as a share of the codes' root mean square distance from their mean.
 * @param {Place} place
 * @param {Codes} codes
 * @param {Float32Array[]} columns of the map
 * @param {number} item
 * @param {number} spread
 */
export function roundTrip(place, codes, columns, item, spread) {
  const code = codes.now(item);
  const point = columns.map((column) => column[item]);
  const back = place.codeAt(point, item);
  if (!code || !back || !spread) return null;
  let square = 0;
  for (let d = 0; d < code.length; d += 1) square += (code[d] - back[d]) ** 2;
  return Math.sqrt(square) / spread;
}
