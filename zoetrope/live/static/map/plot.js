// The points on the screen: plotly.js, two traces. Items that matter now are coloured and on top,
// the rest is grey. Which is which, and the colours, are changed without fetching anything.

/** @import { MapColour } from "./legend.js" */
/** @import { Spot } from "./place.js" */

import { PointIndex } from "./point_index.js";

/** @typedef {[number, number]} Pixels from the upper left corner of the plot, in CSS pixels */

/**
 * What Python says of a map's points.
 * @typedef {object} PointSource
 * @property {string} url
 * @property {string} key of the view: points with the same key keep zoom and place
 * @property {number} n
 * @property {number} dims 2 or 3
 * @property {string[]} axes what they mean
 * @property {boolean} partial whether the map is still being made
 * @property {string} items whose points they are
 */

/** @type {Promise<Plotly> | null} */
let loading = null;

/** @param {string} path */
export function loadPlotly(path) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(path, document.baseURI).href;
    const fail = () => {
      loading = null;
      reject(new Error("plotly.js could not be loaded: reload the page."));
    };
    script.addEventListener("load", () => (window.Plotly ? resolve(window.Plotly) : fail()));
    script.addEventListener("error", fail);
    document.head.append(script);
  });
  return loading;
}

/** The points of a map: columns of coordinates, NaN where an item has none. */
export class Points {
  /**
   * @param {PointSource} source
   * @param {Float32Array} flat x of all items, then y, then z if there is one
   */
  constructor(source, flat) {
    const { n, dims } = source;
    this.source = source;
    this.n = n;
    this.columns = Array.from({ length: dims }, (_, k) => flat.subarray(k * n, (k + 1) * n));
    this.index = new PointIndex(this.columns[0], this.columns[1]);
    this.nPlaced = this.index.order.length; // an epoch's map has no points for most items
  }

  /** @param {number} item */
  has(item) {
    return !Number.isNaN(this.columns[0][item]);
  }
}

export class Plot {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = /** @type {PlotlyElement} */ (element);
    this.plainColour = "";
    /** @type {Plotly | null} */
    this.plotly = null;
    /** @type {Points | null} */
    this.points = null;
    /** @type {Int32Array | null} items of the coloured trace, null for all */
    this.shown = null;
    this.rest = new Int32Array(0);
    this.drawn = false;
    this.is3d = false;
    /** @type {"pan" | false} */
    this.dragmode = "pan";
  }

  /** Whether places of the plot are places of the map now. */
  get isFlat() {
    return this.drawn && !this.is3d;
  }

  /** What is still under way finds nothing to draw on. */
  close() {
    this.plotly?.purge(this.element);
    this.plotly = null;
    this.drawn = false;
  }

  /**
   * Draws `points`, once plotly is here.
   * @param {MapColour | null} colour
   * @param {Uint8Array | null} emphasis the items that matter; null for all
   */
  async draw(colour, emphasis) {
    const { points, plotly } = this;
    if (!points || !plotly) return;
    this.is3d = points.columns.length === 3;
    this.divide(points, colour, emphasis);
    const many = points.nPlaced;
    const marker = { size: markerSize(many), opacity: opacity(many), line: { width: 0 } };
    const dim = this.trace(points, this.rest, { ...marker, opacity: 1, color: grey(many) });
    const bright = this.trace(points, this.shown, { ...marker, ...this.colouring(colour) });
    await plotly.react(this.element, [dim, bright], this.layout(points), CONFIG);
    this.drawn = this.plotly !== null;
  }

  /**
   * Which items are coloured and which are grey.
   * @param {Points} points
   * @param {MapColour | null} colour
   * @param {Uint8Array | null} emphasis
   */
  divide(points, colour, emphasis) {
    const [xs] = points.columns;
    const n = xs.length;
    /** @param {number} i */
    const important = (i) =>
      (!emphasis || emphasis[i]) && (!colour || !Number.isNaN(colour.values[i]));
    let everyone = points.nPlaced === n;
    for (let i = 0; i < n && everyone; i += 1) everyone = Boolean(important(i));
    this.shown = null;
    this.rest = new Int32Array(0);
    if (everyone) return;
    const shown = new Int32Array(n);
    const rest = new Int32Array(n);
    let [s, r] = [0, 0];
    for (let i = 0; i < n; i += 1) {
      if (Number.isNaN(xs[i])) continue;
      if (important(i)) shown[s++] = i;
      else rest[r++] = i;
    }
    this.shown = shown.subarray(0, s);
    this.rest = rest.subarray(0, r);
  }

  /** @param {MapColour | null} colour of the coloured trace */
  colouring(colour) {
    if (!colour) return { color: this.plainColour };
    const color = pick(colour.values, this.shown);
    const { colours, low, high } = colour;
    const last = colours.length - 1;
    if (colour.kind === "number") {
      const scale = colours.map((shade, i) => [i / last, shade]);
      return { color, colorscale: scale, cmin: low, cmax: high };
    }
    const steps = colours.flatMap((shade, i) => [
      [i / (last + 1), shade],
      [(i + 1) / (last + 1), shade],
    ]);
    return { color, colorscale: steps, cmin: -0.5, cmax: last + 0.5 };
  }

  /**
   * @param {Points} points
   * @param {Int32Array | null} items
   * @param {object} marker
   */
  trace(points, items, marker) {
    const [x, y, z] = points.columns.map((column) => pick(column, items));
    const common = { mode: "markers", hoverinfo: this.is3d ? "none" : "skip", marker };
    if (this.is3d) return { ...common, type: "scatter3d", x, y, z };
    return { ...common, type: "scattergl", x, y };
  }

  /** @param {Points} points */
  layout(points) {
    const common = {
      margin: { t: 0, b: 0, l: 0, r: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      showlegend: false,
      uirevision: points.source.key,
    };
    if (this.is3d) {
      const axis = { ...NO_AXIS, showspikes: false };
      const scene = { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "data" };
      return { ...common, scene: { ...scene, uirevision: "camera" } };
    }
    const { x, y } = wholeMap(points);
    return {
      ...common,
      hovermode: false,
      dragmode: this.dragmode,
      xaxis: { ...NO_AXIS, range: x },
      yaxis: { ...NO_AXIS, range: y, scaleanchor: "x" },
    };
  }

  /** @param {"pan" | false} mode */
  setDragmode(mode) {
    this.dragmode = mode;
    if (this.isFlat) this.plotly?.relayout(this.element, { dragmode: mode });
  }

  /**
   * From the map to pixels of the plot.
   * @param {number} x
   * @param {number} y
   * @returns {Pixels}
   */
  toPixels(x, y) {
    const { xaxis, yaxis } = this.element._fullLayout;
    return [xaxis.d2p(x) + xaxis._offset, yaxis.d2p(y) + yaxis._offset];
  }

  /**
   * Where an item is drawn; null where it is not, or not on a plane.
   * @param {number | null} item
   */
  pixelsOf(item) {
    if (item === null || !this.isFlat || !this.points?.has(item)) return null;
    const [x, y] = this.points.columns;
    return this.toPixels(x[item], y[item]);
  }

  /**
   * @param {Pixels} pixels
   * @returns {Spot}
   */
  toMap([px, py]) {
    const { xaxis, yaxis } = this.element._fullLayout;
    return [xaxis.p2d(px - xaxis._offset), yaxis.p2d(py - yaxis._offset)];
  }

  /**
   * The item nearest to a place of the plot; null where none is within reach.
   * @param {Pixels} pixels
   * @param {number} reachPx
   */
  nearestItem(pixels, reachPx) {
    const { xaxis, yaxis } = this.element._fullLayout;
    const [x, y] = this.toMap(pixels);
    const [sx, sy] = [xaxis, yaxis].map((axis) => Math.abs(axis._length / span(axis)));
    const items = this.points?.index.nearest(x, y, 1, sx, sy, reachPx).items;
    return items?.[0] ?? null;
  }

  /** The rectangle of the map that is on the screen. */
  view() {
    const { xaxis, yaxis } = this.element._fullLayout;
    const [x0, x1] = ascending(xaxis.range);
    const [y0, y1] = ascending(yaxis.range);
    return { x0, x1, y0, y1 };
  }

  /**
   * The item of a point of plotly's own events (3-D only).
   * @param {PlotlyPoint} point
   */
  itemOf({ curveNumber, pointNumber }) {
    const items = curveNumber === 0 ? this.rest : this.shown;
    return items ? items[pointNumber] : pointNumber;
  }

  /** Back to the whole map. */
  reset() {
    if (this.is3d) this.plotly?.relayout(this.element, { "scene.camera": null });
    else if (this.points) {
      const { x, y } = wholeMap(this.points);
      this.plotly?.relayout(this.element, { "xaxis.range": x, "yaxis.range": y });
    }
  }
}

const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: false };

const NO_AXIS = { visible: false, showgrid: false, zeroline: false };

/**
 * Ranges of the axes that show all points.
 * @param {Points} points
 */
function wholeMap(points) {
  const { x0, x1, y0, y1 } = points.index.box;
  const [padX, padY] = [0.04 * (x1 - x0) || 1, 0.04 * (y1 - y0) || 1];
  return { x: [x0 - padX, x1 + padX], y: [y0 - padY, y1 + padY] };
}

/** @param {PlotlyAxis} axis */
const span = (axis) => axis.range[1] - axis.range[0];
/** @param {[number, number]} range */
const ascending = ([a, b]) => (a < b ? [a, b] : [b, a]);

/** @param {number} n points */
function markerSize(n) {
  return Math.max(1.6, Math.min(9, 9 - 2.1 * Math.log10(n / 300)));
}

/**
 * Fainter the more there are, so that a crowd does not add up to a wall.
 * @param {number} n
 */
function grey(n) {
  return `rgba(128,128,136,${Math.max(0.05, 0.3 - 0.1 * Math.log10(n / 1000)).toFixed(3)})`;
}

/** @param {number} n */
function opacity(n) {
  if (n > 200_000) return 0.45;
  return n > 30_000 ? 0.6 : 0.8;
}

/**
 * @param {Float32Array} column
 * @param {Int32Array | null} items
 */
function pick(column, items) {
  if (!items) return column;
  const picked = new Float32Array(items.length);
  for (let i = 0; i < items.length; i += 1) picked[i] = column[items[i]];
  return picked;
}
