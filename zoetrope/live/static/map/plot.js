// The points on the screen: plotly.js, two traces. Items that matter now are coloured and on top,
// the rest is grey. Which is which, and the colours, are changed without fetching anything.

/** @import { MapColour } from "./legend.js" */
/** @import { Spot } from "./place.js" */

import { Camera } from "./camera.js";
import { shadeOf } from "./colours.js";
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
    this.isMoved = false; // whether a hand has moved the view since the whole map was shown
    this.drawnKey = "";
    /** @type {object | null} the scene whose camera is followed */
    this.followed = null;
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

  /** The points are of other items: nothing is there until the new ones are drawn. */
  forget() {
    this.points = null;
    this.drawn = this.isMoved = false;
    this.element.style.visibility = "hidden";
  }

  /**
   * Draws `points`, once plotly is here.
   * @param {MapColour | null} colour
   * @param {Uint8Array | null} emphasis the items that matter; null for all
   */
  async draw(colour, emphasis) {
    const { points, plotly } = this;
    if (!points || !plotly) return;
    const is3d = points.columns.length === 3;
    if (is3d !== this.is3d) this.drawn = false; // no axes of this kind until they are drawn
    this.is3d = is3d;
    this.divide(points, colour, emphasis);
    const many = points.nPlaced;
    const marker = { size: markerSize(many), opacity: opacity(many), line: { width: 0 } };
    const dim = this.trace(points, this.rest, { ...marker, opacity: 1, color: grey(many) });
    const bright = this.trace(points, this.shown, { ...marker, ...this.colouring(colour) });
    await plotly.react(this.element, [dim, bright], this.layout(points), CONFIG);
    if (points !== this.points) return; // a later call draws what there is by now
    this.element.style.visibility = "";
    this.drawnKey = points.source.key;
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
    const values = pick(colour.values, this.shown);
    const { colours, low, high } = colour;
    const last = colours.length - 1;
    if (colour.kind === "number") {
      const scale = colours.map((shade, i) => [i / last, shade]);
      return { color: values, colorscale: scale, cmin: low, cmax: high };
    }
    const color = values.map((place) => shadeOf(colour, place));
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
    // plotly.js's own memory of the view fails where it has widened an axis to keep proportions.
    const staysPut = this.isMoved && this.drawn && this.drawnKey === points.source.key;
    const { x, y } = staysPut ? this.ranges() : wholeMap(points);
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
   * Where an item is drawn; null where it is not.
   * @param {number | null} item
   */
  pixelsOf(item) {
    if (item === null || !this.drawn || !this.points?.has(item)) return null;
    const { columns } = this.points;
    if (this.is3d) return this.camera()?.pixelsOf(columns, item) ?? null;
    return this.toPixels(columns[0][item], columns[1][item]);
  }

  /**
   * Calls back whenever the view of a map of three axes is drawn: its camera moves by itself for
   * some frames.
   * @param {() => void} onRender
   */
  followCamera(onRender) {
    const glplot = this.is3d ? this.element._fullLayout.scene?._scene.glplot : null;
    if (!glplot || glplot === this.followed) return;
    this.followed = glplot;
    const { onrender } = glplot;
    glplot.onrender = () => {
      onrender?.();
      onRender();
    };
  }

  camera() {
    const { scene } = this.element._fullLayout;
    return this.drawn && this.is3d && scene ? new Camera(scene._scene) : null;
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
   * The item nearest to a place of the plot; null where none is within reach. Of three axes, every
   * point is looked at: for clicks, not for each move of the pointer.
   * @param {Pixels} pixels
   * @param {number} reachPx
   */
  nearestItem(pixels, reachPx) {
    if (!this.points || !this.drawn) return null;
    if (this.is3d) return this.camera()?.nearestItem(this.points.columns, pixels, reachPx) ?? null;
    const { xaxis, yaxis } = this.element._fullLayout;
    const [x, y] = this.toMap(pixels);
    const [sx, sy] = [xaxis, yaxis].map((axis) => Math.abs(axis._length / span(axis)));
    return this.points.index.nearest(x, y, 1, sx, sy, reachPx).items[0] ?? null;
  }

  ranges() {
    const { xaxis, yaxis } = this.element._fullLayout;
    return { x: [...xaxis.range], y: [...yaxis.range] };
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

  /**
   * Nearer by a factor, a place of the plot staying where it is. By the wheel's event: plotly.js
   * then moves the points without sending them to the graphics card again.
   * @param {Pixels} pixels
   * @param {number} factor above 1: nearer
   */
  zoom([px, py], factor) {
    const { scene } = this.element._fullLayout ?? {};
    const target = this.is3d ? scene?._scene.glplot.canvas : this.element.querySelector(".nsewdrag");
    if (!this.drawn || !target) return false;
    const box = this.element.getBoundingClientRect();
    const turn = -WHEEL_OF_E * Math.log(factor);
    const nTurns = Math.ceil(Math.abs(turn) / MOST_WHEEL);
    const at = { clientX: box.left + px, clientY: box.top + py, bubbles: true, cancelable: true };
    for (let i = 0; i < nTurns; i += 1) {
      target.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: turn / nTurns }));
    }
    return true;
  }

  /**
   * Move the view by a share of its size.
   * @param {[number, number]} direction to the right and up
   */
  pan([dx, dy]) {
    if (!this.isFlat) return false;
    const { x0, x1, y0, y1 } = this.view();
    const [right, up] = [dx * PAN_SHARE * (x1 - x0), dy * PAN_SHARE * (y1 - y0)];
    const ranges = { "xaxis.range": [x0 + right, x1 + right], "yaxis.range": [y0 + up, y1 + up] };
    this.plotly?.relayout(this.element, ranges);
    this.isMoved = true;
    return true;
  }

  /** Back to the whole map. */
  reset() {
    if (!this.drawn) return false;
    this.isMoved = false;
    if (this.is3d) this.plotly?.relayout(this.element, { "scene.camera": null });
    else if (this.points) {
      const { x, y } = wholeMap(this.points);
      this.plotly?.relayout(this.element, { "xaxis.range": x, "yaxis.range": y });
    }
    return true;
  }
}

// plotly.js: a turn of the wheel by 200 zooms by e, and of one event it takes at most 20.
const WHEEL_OF_E = 200;
const MOST_WHEEL = 20;
const PAN_SHARE = 0.2;

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

/**
 * 0.9 up to 300 points, 0.14 less for each ten times as many.
 * @param {number} n points
 */
function opacity(n) {
  return Math.max(0.35, Math.min(0.9, 0.9 - 0.14 * Math.log10(n / 300)));
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
