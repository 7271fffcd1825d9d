// The map: points of all items, with hover, groups, and what lives between the points.
//
// `mount` is called by Streamlit with new `data` on every rerun. Only what has changed is fetched
// or drawn; colours, groups and positions change without the points being sent again.

/** @import { CodeSource } from "./codes.js" */
/** @import { MapCodec } from "./decoder.js" */
/** @import { JobLine } from "./frame.js" */
/** @import { PackedGroup } from "./group.js" */
/** @import { MapColour } from "./legend.js" */
/** @import { News } from "./links.js" */
/** @import { PackedPlane } from "./place.js" */
/** @import { Pixels, PointSource } from "./plot.js" */

import { floats, freshFloats } from "./columns.js";
import { DecodedGrid } from "./decoded_grid.js";
import { loadPlotly } from "./load_plotly.js";
import { MapDecoder } from "./decoder.js";
import { MapFrame } from "./frame.js";
import { Group, countWords } from "./group.js";
import { GroupStrip } from "./group_strip.js";
import { ItemCard } from "./item_card.js";
import { Legend } from "./legend.js";
import { Link } from "./links.js";
import { OverPoints } from "./over_points.js";
import { Overlay } from "./overlay.js";
import { PartInSight } from "./part_in_sight.js";
import { Plot, Points } from "./plot.js";
import { Pointed } from "./pointed.js";
import { count, indices, unpackBits } from "./row_bits.js";
import { Sources } from "./sources.js";
import { Tools } from "./tools.js";

/**
 * What `live/components/map.py` sends.
 * @typedef {object} MapData
 * @property {string} plotly
 * @property {string} token
 * @property {number} height
 * @property {string} plainColour of points whose colour means nothing
 * @property {PointSource} points
 * @property {Omit<MapColour, "values"> | null} colour
 * @property {{ url: string, facts: string } | null} items
 * @property {CodeSource | null} codes
 * @property {MapCodec | null} codec
 * @property {string | null} neighbours
 * @property {PackedPlane | null} plane
 * @property {number} spread
 * @property {PackedGroup | null} group
 * @property {JobLine} job
 * @property {"wide" | "narrow" | "bare"} layout
 * @property {string | null} movedFrom
 * @property {string | null} filter
 * @property {import("./part_in_sight.js").LinkedPart | null} part what a link asks to be shown
 * @property {boolean} pictures whether the items in view are drawn as pictures once they are few
 */

/** @typedef {StreamlitComponent<MapData>} MapComponent */

/** @type {WeakMap<HTMLElement | ShadowRoot, MapView>} */
const views = new WeakMap();

/** @param {MapComponent} component */
export function mount(component) {
  const { parentElement } = component;
  const before = views.get(parentElement);
  const view = before?.root.isConnected ? before : new MapView(component);
  views.set(parentElement, view);
  view.update(component);
  return () => setTimeout(() => view.root.isConnected || view.close(), 0);
}

class MapView {
  // The parts, each with what it needs.
  frame = new MapFrame({
    tool: (tool) => this.tools.hold(tool),
    reset: () => this.plot.reset(),
    pictures: () => this.switchPictures(),
    action: (action) => this.component.setTriggerValue("job", action),
  });
  root = this.frame.root;
  surface = this.frame.surface;
  plot = new Plot(this.frame.plot);
  overlay = new Overlay(this.frame.overlay);
  say = (/** @type {string} */ text) => this.frame.say(text);
  decoder = new MapDecoder(this.root, this.say);
  sources = new Sources(this.plot, this.decoder.token);
  actions = {
    pick: (/** @type {number} */ item) => this.pointed.pin(item),
    point: (/** @type {number} */ item) => this.pointed.pointAt(item),
  };
  card = new ItemCard(this.sources, this.decoder, this.actions, {
    say: this.say,
    picture: (detail) => this.root.dispatchEvent(new CustomEvent("zmap-picture", { detail })),
  });
  grid = new DecodedGrid(this.frame, this.plot, this.overlay, this.sources, this.decoder);
  group = new Group();
  over = new OverPoints(this.frame, this.plot, this.overlay, this.sources, this.grid, this.group);
  legend = new Legend(() => this.redraw());
  strip = new GroupStrip(this.actions, () => this.setGroup(null), this.say);
  link = new Link((news) => this.hear(news));
  pointed = new Pointed(this.frame, this.plot, this.card, this.sources, {
    item: (item) => this.link.tell({ item }),
    draw: (item) => this.strip.highlight(item),
  });
  tools = new Tools(this.frame, this.plot, this.sources, this.pointed, this.grid, {
    outline: (corners, keys) => this.chooseInside(corners, keys),
    toggle: (item) => this.toggle(item),
    clear: () => this.setGroup(null),
    marks: () => this.switchPictures(),
    change: () => this.over.drawAgain(),
  });
  part = new PartInSight(this.plot, this.root, (part) => this.component.setStateValue("part", part));
  resize = new ResizeObserver(() => this.viewMoved());

  // What is shown.
  /** @type {Uint8Array | null} items that a search leaves; null: all */
  filter = null;
  /** @type {string | null} */
  filterBits = null;
  /** @type {boolean | null} whether items in view are drawn as pictures, as Python said last */
  toldPictures = null;
  run = 0;
  isStale = false;
  isListening = false;

  /** @param {MapComponent} component */
  constructor(component) {
    this.component = component;
    this.data = component.data;
    this.frame.fill(this.legend.root, this.card.root, this.strip.root);
    component.parentElement.append(this.root);
    this.resize.observe(this.surface);
  }

  close() {
    this.link.close();
    this.resize.disconnect();
    this.tools.close();
    this.over.close();
    this.part.close();
    this.pointed.close();
    this.decoder.close();
    this.plot.close();
  }

  // -------------------------------------------------------------------------- new data

  /** @param {MapComponent} component */
  async update(component) {
    const { data } = component;
    this.run += 1;
    const { run } = this;
    this.component = component;
    this.data = data;
    this.frame.showJob(data.job);
    this.root.dataset.layout = data.layout;
    this.plot.plainColour = data.plainColour;
    this.surface.style.height = `${data.height}px`;
    this.takePictures(data.pictures);
    const items = `${data.points.items} ${data.points.n}`;
    if (this.link.items && items !== this.link.items) this.forgetItems();
    this.link.items = items;
    const hasOtherCodes = this.sources.configure(data);
    this.decoder.configure(data.codec, data.token);
    if (hasOtherCodes) this.pointed.again();
    if (this.group.adopt(data.group, data.points.n)) {
      this.isStale = true;
      this.showGroup();
    }
    try {
      await this.load(data, run);
    } catch (error) {
      if (run === this.run) this.frame.say(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {MapData} data
   * @param {number} run a later one makes this one void
   */
  async load(data, run) {
    const token = this.decoder.token();
    const isNew = this.plot.points?.source.url !== data.points.url;
    const { url, partial } = data.points;
    const [plotly, before, flat, values] = await Promise.all([
      loadPlotly(data.plotly),
      data.movedFrom ? floats(data.movedFrom, token) : null,
      isNew ? (partial ? freshFloats : floats)(url, token) : null,
      data.colour ? floats(data.colour.url, token) : null,
    ]);
    if (run !== this.run) return;
    this.plot.plotly = plotly;
    if (flat) this.takePoints(new Points(data.points, flat));
    const colour = data.colour && values ? { ...data.colour, values } : null;
    const isOther = colour?.url !== this.over.colour?.url || data.filter !== this.filterBits;
    const movesElse = before !== this.over.before;
    this.over.colour = colour;
    this.legend.show(colour);
    this.over.before = before;
    if (data.filter !== this.filterBits) {
      this.filterBits = data.filter;
      this.filter = data.filter ? unpackBits(data.filter, data.points.n) : null;
      this.showCounts();
    }
    if (isNew || isOther || this.isStale) await this.redraw();
    else if (movesElse) this.viewMoved();
  }

  /** @param {Points} points */
  takePoints(points) {
    const { axes, dims } = points.source;
    this.plot.points = points;
    this.frame.setAxes(axes);
    this.frame.setDims(dims);
    if (dims === 3) this.tools.hold("move");
    this.sources.forgetPlaces();
    this.pointed.forgetPlace();
  }

  // There are other items now: what was chosen among the old ones means nothing.
  forgetItems() {
    this.group.forget();
    this.plot.forget();
    this.overlay.clear();
    this.pointed.forget();
    this.showGroup();
  }

  // -------------------------------------------------------------------------- drawing

  async redraw() {
    const { plot, root } = this;
    if (!plot.plotly || !plot.points) return;
    const { url } = plot.points.source;
    this.isStale = false;
    this.over.emphasised = this.emphasis();
    await plot.draw(this.over.colour, this.over.emphasised);
    if (!plot.drawn) return;
    this.listenToPlot();
    plot.followCamera(() => this.pointed.placeMarks());
    await new Promise(requestAnimationFrame);
    this.part.take(this.data.part);
    root.dataset.painted = url;
    root.dataset.coloured = this.over.colour?.label || "";
    root.dispatchEvent(new CustomEvent("zmap-painted"));
    this.viewMoved();
  }

  // plotly's own events, once there is something drawn to have them.
  listenToPlot() {
    if (this.isListening) return;
    this.isListening = true;
    const { plot } = this;
    plot.element.on("plotly_relayout", () => this.viewMoved());
    plot.element.on("plotly_relayouting", () => {
      plot.isMoved = true;
      this.viewMoved();
    });
    plot.element.on("plotly_hover", ({ points }) => this.pointed.pointAt(plot.itemOf(points[0])));
  }

  // The items that matter now: of the search, in the group, of a category not switched off.
  emphasis() {
    const { filter, group, legend } = this;
    if (!filter && !group.mask && !legend.hidden.size) return null;
    const mask = new Uint8Array(this.data.points.n);
    for (let i = 0; i < mask.length; i += 1) {
      if (group.has(i) && this.isMeant(i)) mask[i] = 1;
    }
    return mask;
  }

  /**
   * Whether neither the search nor the legend has made an item grey.
   * @param {number} item
   */
  isMeant(item) {
    return (!this.filter || this.filter[item] === 1) && !this.legend.hides(item);
  }

  // The view has changed: put what lies over the points back in its place.
  viewMoved() {
    if (!this.plot.drawn || !this.root.isConnected) return;
    this.pointed.placeMarks();
    this.over.drawSoon();
    this.part.moved();
  }

  switchPictures() {
    const areOn = !this.frame.isOn("pictures");
    this.frame.turn("pictures", areOn);
    this.component.setStateValue("pictures", areOn);
    this.over.drawAgain();
    return true;
  }

  /** @param {boolean} areOn as Python says, which hears of the switch a moment later */
  takePictures(areOn) {
    if (areOn === this.toldPictures) return;
    this.toldPictures = areOn;
    this.frame.turn("pictures", areOn);
  }

  // -------------------------------------------------------------------------- groups

  /**
   * @param {Pixels[]} corners
   * @param {{ adds: boolean, removes: boolean }} keys
   */
  chooseInside(corners, keys) {
    const { points } = this.plot;
    if (!points || !this.plot.isFlat) return;
    const inside = new Uint8Array(points.n);
    points.index.markInside(corners.map((corner) => this.plot.toMap(corner)), inside);
    this.setGroup(this.group.drawn(inside, (item) => this.isMeant(item), keys));
  }

  /**
   * A group chosen by hand: shown at once, told to Python and the other maps, drawn.
   * @param {Uint8Array | null} mask
   */
  setGroup(mask) {
    const news = this.group.set(mask);
    const { items, n } = this.data.points;
    this.showGroup();
    this.component.setStateValue("group", { items, n, ...this.group.packed() });
    this.link.tell(news);
    requestAnimationFrame(() => this.redraw());
    return true;
  }

  showGroup() {
    const { mask } = this.group;
    const items = mask ? indices(mask) : [];
    this.root.dataset.group = String(items.length);
    this.strip.show(items, this.sources.pictures);
    this.showCounts();
  }

  /** How many are found and chosen, in words. */
  showCounts() {
    this.frame.counts.textContent = countWords(this.data.points.n, this.filter, this.group.mask);
  }

  /** @param {number} item into the group, or out of it */
  toggle(item) {
    const mask = this.group.mask?.slice() ?? new Uint8Array(this.data.points.n);
    mask[item] = 1 - mask[item];
    this.setGroup(count(mask) ? mask : null);
  }

  /** @param {News} news of another map of the same items */
  hear(news) {
    if ("item" in news) this.pointed.show(news.item);
    else if (news.group === null || news.group.length === this.data.points.n) {
      this.group.set(news.group, news.revision);
      this.showGroup();
      requestAnimationFrame(() => this.redraw());
    }
  }
}
