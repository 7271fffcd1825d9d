// What lives at a place of the map where no item is: place -> code.
//
// A PCA map is a plane in code space, so a place is a code, exactly: code = mean + place @ axes.
//
// t-SNE and UMAP have no such inverse. The code is a weighted mean of the codes of the 12 items
// nearest on the map, with biweight kernel weights (1 - (d / h)^2)^2, h the distance of the 12th
// (Nadaraya 1964, Watson 1964; adaptive bandwidth as in Loftsgaarden and Quesenberry 1965). The
// farthest neighbour weighs nothing, so the picture never jumps when the twelve change; and at an
// item whose neighbours are far the item itself is what one sees.

import { unpack } from "../wire/packing.js";

export const N_NEAR = 12;

export function linearPlace({ mean, axes }) {
  const origin = unpack(mean).numbers;
  const { numbers: directions, shape } = unpack(axes);
  return {
    latentDim: origin.length,
    isExact: true,
    items: () => [],
    codeAt(place) {
      const code = Float32Array.from(origin);
      for (let k = 0; k < shape[0]; k += 1) {
        for (let d = 0; d < code.length; d += 1) code[d] += place[k] * directions[k * code.length + d];
      }
      return code;
    },
  };
}

export function localPlace(grid, codes) {
  return {
    latentDim: codes.source.latentDim,
    isExact: false,
    // Items whose codes must be here before `codeAt` can answer.
    items: ([x, y]) => grid.nearest(x, y, N_NEAR).items,
    codeAt: (place, except = -1) => localCode(grid, codes, place, except),
  };
}

// The code at a place, or null while codes of neighbours are still on their way.
function localCode(grid, codes, [x, y], except) {
  const { items, distances } = grid.nearest(x, y, N_NEAR, 1, 1, Infinity, except);
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

// Round trip code -> point -> code of an item, the item itself left out of the way back: the
// distance of the two codes, as a share of the codes' root mean square distance from their mean.
export function roundTrip(place, codes, columns, item, spread) {
  const code = codes.now(item);
  const back = place.codeAt([columns[0][item], columns[1][item], columns[2]?.[item]], item);
  if (!code || !back || !spread) return null;
  let square = 0;
  for (let d = 0; d < code.length; d += 1) square += (code[d] - back[d]) ** 2;
  return Math.sqrt(square) / spread;
}
