// What lives at evenly spaced places of the map, decoded: one picture a place.

/** @import { Pixels, Plot } from "./plot.js" */
/** @import { Overlay } from "./overlay.js" */
/** @import { Decoded, MapDecoder } from "./decoder.js" */
/** @import { MapFrame } from "./frame.js" */
/** @import { Sources } from "./sources.js" */

const PICTURES_ALONG = 14;
const SHARE_OF_CELL = 0.84;

export class DecodedGrid {
  /**
   * @param {MapFrame} frame its root carries the number of pictures as `data-grid`
   * @param {Plot} plot
   * @param {Overlay} overlay
   * @param {Sources} sources
   * @param {MapDecoder} decoder
   */
  constructor(frame, plot, overlay, sources, decoder) {
    this.frame = frame;
    this.plot = plot;
    this.overlay = overlay;
    this.sources = sources;
    this.decoder = decoder;
    this.isOn = false;
    /** @type {{ centres: Pixels[], side: number }} */
    this.cells = { centres: [], side: 0 };
    decoder.listen("grid", (decoded) => this.show(decoded));
  }

  /** Asks for the pictures of all places. */
  async ask() {
    const place = this.sources.needPlace();
    if (!place) return;
    const { surface } = this.frame;
    const cells = cellsOf(surface.clientWidth, surface.clientHeight);
    const spots = cells.centres.map((centre) => this.plot.toMap(centre));
    await this.sources.codes?.load([...new Set(spots.flatMap((spot) => place.items(spot)))]);
    const codes = new Float32Array(spots.length * place.latentDim);
    spots.forEach((spot, i) => codes.set(place.codeAt(spot) ?? [], i * place.latentDim));
    this.cells = cells;
    const what = { item: null, isPlace: true, stamp: performance.now() };
    this.decoder.ask("grid", codes, spots.length, what);
  }

  /** @param {Decoded} decoded */
  async show(decoded) {
    const { centres, side } = this.cells;
    if (!this.isOn || decoded.rows !== centres.length) return;
    const images = await Promise.all(centres.map((_, i) => decoded.picture(i)));
    const placed = centres.map(([px, py], i) => ({ image: images[i], px, py }));
    await this.overlay.drawPictures(placed, SHARE_OF_CELL * side);
    this.frame.root.dataset.grid = String(placed.length);
  }
}

/**
 * Centres of square cells, row by row, and the side of one.
 * @param {number} width
 * @param {number} height
 */
function cellsOf(width, height) {
  const side = Math.max(width, height) / PICTURES_ALONG;
  const columns = Math.max(1, Math.floor(width / side));
  const rows = Math.max(1, Math.floor(height / side));
  /** @type {Pixels[]} */
  const centres = [];
  for (let r = 0; r < rows; r += 1) {
    for (let c = 0; c < columns; c += 1) {
      centres.push([((c + 0.5) * width) / columns, ((r + 0.5) * height) / rows]);
    }
  }
  return { centres, side };
}
