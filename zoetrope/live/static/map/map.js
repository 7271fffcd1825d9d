// The map: points of all items, with hover, groups, and what lives between the points.
//
// `mount` is called by Streamlit with new `data` on every rerun. Only what has changed is fetched
// or drawn; colours, groups and positions change without the points being sent again.

import { Card } from "./card.js";
import { count, floats, freshFloats, indices, packBits, unpackBits } from "./data.js";
import { buildFrame } from "./frame.js";
import { Gallery } from "./gallery.js";
import { Grid } from "./grid.js";
import { Hand } from "./hand.js";
import { Lasso } from "./lasso.js";
import { Legend } from "./legend.js";
import { Plot, loadPlotly } from "./plot.js";
import { PicturesOnMap } from "./pictures.js";

const MOST_LINES = 300;
const views = new WeakMap();
// Maps on one page that show the same items hear of each other here.
const links = new EventTarget();

export function mount(component) {
  const { parentElement } = component;
  let view = views.get(parentElement);
  if (!view || !view.root.isConnected) {
    view = new MapView(parentElement);
    views.set(parentElement, view);
  }
  view.update(component);
  return () => setTimeout(() => view.root.isConnected || view.destroy(), 0);
}

class MapView {
  constructor(parentElement) {
    this.card = new Card((item) => this.pin(item), (item) => this.hand.pointAt(item));
    this.legend = new Legend(() => this.redraw());
    this.gallery = new Gallery(
      (item) => this.pin(item),
      (item) => this.hand.pointAt(item),
      () => this.setGroup(null),
    );
    this.frame = buildFrame(this.legend, this.card, this.gallery);
    this.root = this.frame.root;
    parentElement.append(this.root);
    this.overlay = new PicturesOnMap(this.frame.overlay);
    this.hand = new Hand(this);
    this.lasso = new Lasso(this.frame.surface, this.frame.svg, (...drawn) => this.drawn(...drawn));
    this.frame.onTool = (tool) => this.setTool(tool);
    this.frame.onReset = () => this.plot?.reset(this.points);
    this.frame.onAction = (action) => this.setTriggerValue("job", action);
    this.group = null; // Uint8Array, one an item, or null
    this.revision = null;
    this.pinned = null;
    this.run = 0;
    this.onLink = (event) => this.linked(event.detail);
    links.addEventListener("link", this.onLink);
    this.resize = new ResizeObserver(() => this.moved());
    this.resize.observe(this.frame.surface);
  }

  destroy() {
    links.removeEventListener("link", this.onLink);
    this.resize.disconnect();
    this.hand.close();
    clearTimeout(this.settling);
    const { plot } = this;
    this.plot = null; // what is still under way finds nothing to draw on
    plot?.plotly.purge(this.frame.plot);
  }

  get token() {
    return this.hand.live?.token || this.data.token; // the socket renews it
  }

  // -------------------------------------------------------------------------- new data

  async update({ data, setStateValue, setTriggerValue }) {
    this.run += 1;
    const run = this.run;
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    this.data = data;
    this.frame.showJob(data.job);
    this.root.dataset.layout = data.layout;
    this.frame.surface.style.height = `${data.height}px`;
    const items = `${data.points.items} ${data.points.n}`;
    if (this.items && items !== this.items) this.forget();
    this.items = items;
    this.hand.configure(data);
    this.adopt(data);
    try {
      await this.load(data, run);
    } catch (error) {
      if (run === this.run) this.frame.say(error.message);
    }
  }

  async load(data, run) {
    const isNew = this.points?.url !== data.points.url;
    const [plotly, before, flat, values] = await Promise.all([
      loadPlotly(data.plotly),
      data.movedFrom ? floats(data.movedFrom, this.token) : null,
      isNew ? this.fetchPoints(data.points) : null,
      data.colour ? floats(data.colour.url, this.token) : null,
    ]);
    if (run !== this.run) return;
    if (!this.plot) this.attach(new Plot(plotly, this.frame.plot));
    if (isNew) this.takePoints(data.points, flat);
    const colour = data.colour ? { ...data.colour, values } : null;
    const emphasis = data.filter || null;
    const same = colour?.url === this.colour?.url && emphasis === this.filterBits && !this.dirty;
    this.colour = colour;
    this.legend.show(colour);
    if (emphasis !== this.filterBits) {
      this.filterBits = emphasis;
      this.filter = emphasis ? unpackBits(emphasis, data.points.n) : null;
    }
    const movesElse = before !== this.before;
    this.before = before;
    if (isNew || !same) await this.redraw();
    else if (movesElse) this.moved();
  }

  fetchPoints({ url, partial }) {
    return partial ? freshFloats(url, this.token) : floats(url, this.token);
  }

  takePoints(points, flat) {
    const { n, dims } = points;
    const columns = Array.from({ length: dims }, (_, k) => flat.subarray(k * n, (k + 1) * n));
    this.grid = new Grid(columns[0], columns[1]);
    const nPlaced = this.grid.order.length; // an epoch's map has no points for most items
    this.points = { ...points, columns, nPlaced, box: this.grid.box };
    this.frame.setAxes(points.axes || []);
    this.frame.setDims(dims);
    if (dims === 3) this.setTool("move");
    this.hand.takePoints();
  }

  attach(plot) {
    this.plot = plot;
  }

  // There are other items now: what was chosen among the old ones means nothing.
  forget() {
    this.group = this.revision = this.pinned = null;
    this.hand.forget();
    this.showGroup();
  }

  // A group that Python chose (kept, found, or from before a change of page).
  adopt(data) {
    const revision = data.group?.revision || null;
    if (revision === this.revision || revision === null) return;
    this.revision = revision;
    this.group = data.group.bits ? unpackBits(data.group.bits, data.points.n) : null;
    this.dirty = true;
    this.showGroup();
  }

  // -------------------------------------------------------------------------- drawing

  async redraw() {
    if (!this.plot || !this.points) return;
    this.dirty = false;
    await this.plot.draw(this.points, this.colour, this.emphasis());
    if (!this.plot) return;
    if (!this.listening) this.listen();
    await new Promise(requestAnimationFrame);
    this.root.dataset.painted = this.points.url;
    this.root.dataset.coloured = this.colour?.label || "";
    this.root.dispatchEvent(new CustomEvent("zmap-painted"));
    this.moved();
  }

  listen() {
    this.listening = true;
    const { plot } = this.frame;
    plot.on("plotly_relayout", () => this.moved());
    plot.on("plotly_relayouting", () => this.moved());
    plot.on("plotly_hover", ({ points }) => this.hand.hover(this.plot.itemOf(points[0])));
    plot.on("plotly_click", ({ points }) => {
      if (this.plot.is3d) this.pin(this.plot.itemOf(points[0]));
    });
  }

  // The items that matter now: found by the filter, in the group, of a category not switched off.
  emphasis() {
    const { filter, group, colour } = this;
    const hidden = colour?.kind === "category" ? this.legend.hidden : new Set();
    if (!filter && !group && !hidden.size) return null;
    const mask = new Uint8Array(this.points.n);
    for (let i = 0; i < mask.length; i += 1) {
      mask[i] = (!filter || filter[i]) && (!group || group[i]) && !hidden.has(colour?.values[i]);
    }
    return mask;
  }

  // The view has changed: put what lies over the points back in its place.
  moved() {
    if (!this.plot?.drawn || !this.root.isConnected) return;
    this.frame.mark("ring", this.pixels(this.hand.item));
    this.frame.mark("pin", this.pixels(this.pinned));
    clearTimeout(this.settling);
    this.overlay.clear();
    this.drawMovement();
    this.settling = setTimeout(() => this.hand.settled(), 120);
  }

  // Lines from where items lie on the other map, for the group or for some of all.
  drawMovement() {
    if (!this.before || this.plot.is3d) return;
    const { n, columns } = this.points;
    const everyone = this.group ? indices(this.group) : Array.from({ length: n }, (_, i) => i);
    const chosen = everyone.filter((i) => !Number.isNaN(this.before[i] + columns[0][i]));
    const step = Math.max(1, Math.floor(chosen.length / MOST_LINES));
    const lines = [];
    for (let k = 0; k < chosen.length; k += step) {
      const i = chosen[k];
      const from = this.plot.toPixels(this.before[i], this.before[n + i]);
      lines.push([from, this.plot.toPixels(columns[0][i], columns[1][i])]);
    }
    this.overlay.drawLines(lines);
  }

  pixels(item) {
    if (item === null || item === undefined || !this.plot?.drawn || this.plot.is3d) return null;
    const [x, y] = this.points.columns;
    return Number.isNaN(x[item]) ? null : this.plot.toPixels(x[item], y[item]);
  }

  // -------------------------------------------------------------------------- groups

  setTool(tool) {
    this.tool = tool;
    this.frame.press(tool);
    this.lasso.shape = tool === "lasso" || tool === "box" ? tool : null;
    this.plot?.setDragmode(tool === "move" ? "pan" : false);
    this.hand.settled();
  }

  drawn(outline, { adds, removes }) {
    const inside = new Uint8Array(this.points.n);
    this.grid.markInside(outline.map(([px, py]) => this.plot.toMap(px, py)), inside);
    const { filter, group } = this;
    const hidden = this.colour?.kind === "category" ? this.legend.hidden : new Set();
    const mask = adds || removes ? Uint8Array.from(group || new Uint8Array(inside.length)) : inside;
    for (let i = 0; i < mask.length; i += 1) {
      const meant = inside[i] && (!filter || filter[i]) && !hidden.has(this.colour?.values[i]);
      if (removes) mask[i] = mask[i] && !inside[i];
      else mask[i] = meant || (adds && mask[i]);
    }
    this.setGroup(count(mask) ? mask : null);
  }

  // A group chosen by hand: shown at once, told to Python, drawn.
  setGroup(mask) {
    this.group = mask;
    this.revision = `${Date.now()}-${Math.random().toString(36).slice(2, 8)}`;
    const { points, revision } = this;
    const bits = mask ? packBits(mask) : null;
    this.showGroup();
    this.setStateValue("group", { items: points.items, n: points.n, bits, revision });
    this.tell({ group: mask, revision });
    requestAnimationFrame(() => this.redraw());
  }

  showGroup() {
    const n = this.group ? count(this.group) : 0;
    this.root.dataset.group = String(n);
    this.gallery.show(this.group, this.hand.pictures, () => this.token);
  }

  pin(item) {
    this.pinned = this.pinned === item ? null : item;
    this.frame.mark("pin", this.plot ? this.pixels(this.pinned) : null);
    this.hand.pinned(this.pinned);
  }

  // -------------------------------------------------------------------------- linked maps

  tell(what) {
    const detail = { ...what, from: this, items: this.data.points.items };
    links.dispatchEvent(new CustomEvent("link", { detail }));
  }

  linked({ from, items, item, group, revision }) {
    if (from === this || !this.data || items !== this.data.points.items) return;
    if (item !== undefined) this.hand.show(item);
    if (group !== undefined && (group === null || group.length === this.points?.n)) {
      this.group = group;
      this.revision = revision;
      this.showGroup();
      requestAnimationFrame(() => this.redraw());
    }
  }
}
