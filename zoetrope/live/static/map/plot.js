// The points on the screen: plotly.js, two traces. Items that matter now are coloured and on top,
// the rest is grey. Which is which, and the colours, are changed without fetching anything.

let loading = null;

export function loadPlotly(path) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  if (!loading) {
    loading = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(path, document.baseURI).href;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        loading = null;
        reject(new Error("plotly.js could not be loaded: reload the page."));
      };
      document.head.appendChild(script);
    });
  }
  return loading;
}

// Viridis (van der Walt and Smith 2015), its darkest and lightest ends cut off so that it can be
// read on white and on black.
export const SCALE = ["#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#dde318"];
const PLAIN = "#4477AA";

export class Plot {
  constructor(plotly, element) {
    this.plotly = plotly;
    this.element = element;
    this.shown = null; // items of the coloured trace, null for all
    this.rest = [];
    this.drawn = false;
  }

  // points: { columns: [x, y] or [x, y, z], nPlaced, key, box }, NaN where an item has none;
  // colour: { values, kind, colours, low, high } or null; emphasis: Uint8Array or null for all.
  async draw(points, colour, emphasis) {
    this.is3d = points.columns.length === 3;
    const [xs] = points.columns;
    const n = xs.length;
    const important = (i) =>
      (!emphasis || emphasis[i]) && (!colour || !Number.isNaN(colour.values[i]));
    let everyone = points.nPlaced === n;
    for (let i = 0; i < n && everyone; i += 1) everyone = important(i);
    this.shown = null;
    this.rest = new Int32Array(0);
    if (!everyone) {
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
    const many = points.nPlaced;
    const marker = { size: markerSize(many), opacity: opacity(many), line: { width: 0 } };
    const dim = this.trace(points, this.rest, { ...marker, opacity: 1, color: grey(many) });
    const bright = this.trace(points, this.shown, { ...marker, ...colouring(colour, this.shown) });
    await this.plotly.react(this.element, [dim, bright], this.layout(points), CONFIG);
    this.drawn = true;
  }

  trace(points, items, marker) {
    const [x, y, z] = points.columns.map((column) => pick(column, items));
    const common = { mode: "markers", hoverinfo: this.is3d ? "none" : "skip", marker };
    if (this.is3d) return { ...common, type: "scatter3d", x, y, z };
    return { ...common, type: "scattergl", x, y };
  }

  layout(points) {
    const bare = {
      visible: false,
      showgrid: false,
      zeroline: false,
    };
    const common = {
      margin: { t: 0, b: 0, l: 0, r: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      showlegend: false,
      uirevision: points.key,
    };
    if (this.is3d) {
      const axis = { ...bare, showspikes: false };
      const scene = { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "data" };
      return { ...common, scene: { ...scene, uirevision: "camera" } };
    }
    const { x0, x1, y0, y1 } = points.box;
    const [padX, padY] = [0.04 * (x1 - x0) || 1, 0.04 * (y1 - y0) || 1];
    return {
      ...common,
      hovermode: false,
      dragmode: this.dragmode || "pan",
      xaxis: { ...bare, range: [x0 - padX, x1 + padX] },
      yaxis: { ...bare, range: [y0 - padY, y1 + padY], scaleanchor: "x" },
    };
  }

  setDragmode(mode) {
    this.dragmode = mode;
    if (this.drawn && !this.is3d) this.plotly.relayout(this.element, { dragmode: mode });
  }

  // From the map to pixels of the element, and back.
  toPixels(x, y) {
    const { xaxis, yaxis } = this.element._fullLayout;
    return [xaxis.d2p(x) + xaxis._offset, yaxis.d2p(y) + yaxis._offset];
  }

  toMap(px, py) {
    const { xaxis, yaxis } = this.element._fullLayout;
    return [xaxis.p2d(px - xaxis._offset), yaxis.p2d(py - yaxis._offset)];
  }

  pixelsPerUnit() {
    const { xaxis, yaxis } = this.element._fullLayout;
    return [Math.abs(xaxis._length / span(xaxis)), Math.abs(yaxis._length / span(yaxis))];
  }

  // The rectangle of the map that is on the screen.
  view() {
    const { xaxis, yaxis } = this.element._fullLayout;
    const [x0, x1] = sorted(xaxis.range);
    const [y0, y1] = sorted(yaxis.range);
    return { x0, x1, y0, y1 };
  }

  // The item of a point of plotly's own events (3-D only).
  itemOf({ curveNumber, pointNumber }) {
    const items = curveNumber === 0 ? this.rest : this.shown;
    return items ? items[pointNumber] : pointNumber;
  }

  reset(points) {
    if (this.is3d) return this.plotly.relayout(this.element, { "scene.camera": null });
    const { xaxis, yaxis } = this.layout(points);
    return this.plotly.relayout(this.element, {
      "xaxis.range": xaxis.range,
      "yaxis.range": yaxis.range,
    });
  }
}

const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: false };

const span = (axis) => axis.range[1] - axis.range[0];
const sorted = ([a, b]) => (a < b ? [a, b] : [b, a]);

function markerSize(n) {
  return Math.max(1.6, Math.min(9, 9 - 2.1 * Math.log10(n / 300)));
}

// Fainter the more there are, so that a crowd does not add up to a wall.
function grey(n) {
  return `rgba(128,128,136,${Math.max(0.05, 0.3 - 0.1 * Math.log10(n / 1000)).toFixed(3)})`;
}

function opacity(n) {
  return n > 200000 ? 0.45 : n > 30000 ? 0.6 : 0.8;
}

function pick(column, items) {
  if (!items) return column;
  const picked = new Float32Array(items.length);
  for (let i = 0; i < items.length; i += 1) picked[i] = column[items[i]];
  return picked;
}

function colouring(colour, items) {
  if (!colour) return { color: PLAIN };
  const color = pick(colour.values, items);
  if (colour.kind === "number") {
    const scale = SCALE.map((shade, i) => [i / (SCALE.length - 1), shade]);
    return { color, colorscale: scale, cmin: colour.low, cmax: colour.high };
  }
  const k = colour.colours.length;
  const steps = colour.colours.flatMap((shade, i) => [
    [i / k, shade],
    [(i + 1) / k, shade],
  ]);
  return { color, colorscale: steps, cmin: -0.5, cmax: k - 0.5 };
}
