// The hand over the map: what it points at, and the pictures that follow it.

import { RAW } from "../wire/frames.js";
import { LiveClient } from "../wire/client.js";
import { Codes, Pictures, json, toImage } from "./data.js";
import { linearPlace, localPlace, roundTrip } from "./here.js";
import { PicturesOnMap } from "./pictures.js";

const REACH_PX = 14;
const ITEM_CHANNEL = 0;
const HERE_CHANNEL = 1;
const LATTICE_CHANNEL = 2;
const REST_MS = 90;
const N_NEIGHBOURS = 12;

export class Hand {
  constructor(view) {
    this.view = view;
    this.item = null; // what is pointed at
    this.spot = null; // where, on the map, while what lives there is shown
    const { surface } = view.frame;
    // Raw updates come at once; ordinary moves wait for the next frame of the screen.
    surface.addEventListener("pointerrawupdate", (event) => this.move(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerleave", () => this.leave());
    surface.addEventListener("click", (event) => this.click(event));
    surface.addEventListener("keydown", (event) => this.key(event));
  }

  close() {
    this.live?.close();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.drawing);
  }

  configure(data) {
    if (data.items && data.items.url !== this.pictures?.path) {
      this.pictures = new Pictures(data.items.url);
    }
    const isOther = Boolean(data.codes && this.codes && data.codes.url !== this.codes.source.url);
    if (isOther) this.codes = this.place = null; // fetched after the points are painted
    if (!data.codec) return;
    this.agree(data);
    if (isOther) this.again();
  }

  agree(data) {
    const codecs = [{ key: data.codec.key, readouts: data.codec.readouts || [] }];
    if (this.live) {
      this.live.setToken(data.token);
      this.live.configure(codecs);
      return;
    }
    this.live = new LiveClient({
      token: data.token,
      codecs,
      onReady: ([codec]) => this.ready(codec),
      onAnswer: (answer, sent) => this.answer(answer, sent),
      onRefusal: (reason) => this.view.frame.say(reason),
      onStatus: (status) => this.status(status),
    });
  }

  ready({ error }) {
    this.view.root.dataset.live = error ? "failed" : "ready";
    this.view.frame.say(error || "");
  }

  status(status) {
    this.view.root.dataset.live = status;
    if (status === "blocked") {
      this.view.frame.say("No live connection: a proxy or firewall blocks it. The map still works.");
    }
  }

  // Nothing is pointed at any more: there are other items.
  forget() {
    clearTimeout(this.resting);
    this.item = this.spot = null;
    const { root, frame, card } = this.view;
    delete root.dataset.item;
    for (const name of ["ring", "pin", "spot"]) frame.mark(name, null);
    card.empty();
  }

  // There is another codec: what is shown of an item is made anew.
  again() {
    const { pinned } = this.view;
    if (pinned !== null) this.pinned(pinned);
    else if (this.item !== null) this.show(this.item);
  }

  takePoints() {
    this.place = null;
    if (this.spot) this.spot = null;
  }

  // Codes and the way from a place to a code, prepared when they are first needed.
  prepare() {
    const { data, grid, points } = this.view;
    if (!data.codes || !data.codec) return;
    if (!this.codes) this.codes = new Codes(data.codes, this.view.token);
    if (this.place || points.dims !== 2) return;
    this.place = data.plane ? linearPlace(data.plane) : localPlace(grid, this.codes);
  }

  get livesHere() {
    return (this.view.tool === "here" || this.held) && this.place;
  }

  // ------------------------------------------------------------------------ the mouse

  move(event) {
    const { view } = this;
    if (!view.plot?.drawn || view.plot.is3d || event.buttons) return;
    const place = `${event.clientX} ${event.clientY} ${event.shiftKey} ${view.tool}`;
    if (place === this.pointedAt) return; // the ordinary move after a raw one
    this.pointedAt = place;
    const box = view.frame.surface.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    this.held = event.shiftKey;
    if (view.tool === "here" || this.held) this.prepare();
    if (this.livesHere) this.here(view.plot.toMap(px, py), event.timeStamp);
    else this.hover(this.nearest(px, py), event.timeStamp);
  }

  nearest(px, py) {
    const { plot, grid } = this.view;
    const [x, y] = plot.toMap(px, py);
    const [sx, sy] = plot.pixelsPerUnit();
    const { items } = grid.nearest(x, y, 1, sx, sy, REACH_PX);
    return items.length ? items[0] : null;
  }

  leave() {
    this.held = false;
    this.pointedAt = null;
    this.view.frame.mark("spot", null);
    if (this.view.pinned !== null) this.show(this.view.pinned);
  }

  click(event) {
    const { view } = this;
    if (!view.plot?.drawn || view.plot.is3d || this.livesHere) return;
    const box = view.frame.surface.getBoundingClientRect();
    const item = this.nearest(event.clientX - box.left, event.clientY - box.top);
    if (item !== null) view.pin(item);
  }

  // ------------------------------------------------------------------------ an item

  hover(item, stamp = performance.now()) {
    if (item === null || item === this.item) return;
    this.show(item, stamp);
    this.view.tell({ item });
  }

  pointAt(item) {
    this.hover(item);
  }

  show(item, stamp = performance.now()) {
    const { view } = this;
    if (!view.points || item >= view.points.n) return;
    this.item = item;
    this.spot = null;
    this.reconstruct(item, stamp);
    this.drawSoon();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(item), REST_MS);
  }

  // Marks and titles wait for the frame they are painted in: until then the processor is the
  // server's, and the answer often comes in time for the same frame.
  drawSoon() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      if (this.item !== null && this.item < this.view.points?.n) this.draw();
    });
  }

  draw() {
    const { view, item, spot } = this;
    view.frame.mark("spot", spot && this.pointedAt && view.plot.toPixels(...spot));
    view.frame.mark("ring", view.pixels(item));
    view.root.dataset.item = String(item);
    if (spot) {
      view.card.showTitle("What lives here");
      view.card.right.label("decoded here", view.data.codec.colour);
    } else {
      view.gallery.highlight(item);
      view.card.showTitle(`Item ${item.toLocaleString("en")}`);
    }
    this.showPicture(item, spot ? "nearest item" : "the item");
  }

  // The real picture of an item; one request at a time, and then the newest item's.
  async showPicture(item, label) {
    const { card, frame, token } = this.view;
    if (!this.pictures) return;
    card.left.label(label);
    this.wanted = item;
    if (this.pictures.has(item)) card.left.show(this.pictures.get(item));
    if (this.pictures.has(item) || this.fetching) return;
    this.fetching = true;
    try {
      await this.pictures.load([item], token);
    } catch (error) {
      frame.say(error.message);
      return;
    } finally {
      this.fetching = false;
    }
    if (this.wanted === item) card.left.show(this.pictures.get(item));
    else this.showPicture(this.wanted, card.left.text);
  }

  async reconstruct(item, stamp) {
    this.prepare();
    const { codec } = this.view.data;
    if (!codec || !this.codes) return;
    this.view.card.right.label(codec.caption, codec.colour);
    if (!this.codes.now(item)) {
      try {
        await this.codes.load([item]);
      } catch (error) {
        this.view.frame.say(error.message);
        return;
      }
      if (item !== this.item) return;
    }
    const codes = Float32Array.from(this.codes.now(item));
    this.live?.request([{ codec: 0, rows: 1, codes }], { channel: ITEM_CHANNEL, stamp });
  }

  // The hand rests: now what is not needed at display rate.
  async rest(item) {
    const { data, card } = this.view;
    if (!data.items || item !== this.item) return;
    try {
      const facts = await json(`${data.items.facts}/${item}`, this.view.token);
      if (item === this.item) card.showFacts(facts);
    } catch (error) {
      this.view.frame.say(error.message);
    }
  }

  async pinned(item) {
    const { data, card, frame, token } = this.view;
    if (item === null) {
      card.showNeighbours([]);
      return;
    }
    this.show(item);
    if (!data.neighbours) return;
    try {
      const near = await json(`${data.neighbours}/${item}?n=${N_NEIGHBOURS}`, token);
      const rows = Object.entries(near).map(async ([title, items]) => ({
        title,
        items,
        pictures: await this.pictures.load(items, token),
      }));
      const shown = await Promise.all(rows);
      if (item === this.view.pinned) card.showNeighbours(shown);
    } catch (error) {
      frame.say(error.message);
    }
  }

  // ------------------------------------------------------------------------ a place

  here(spot, stamp) {
    const { view } = this;
    this.spot = spot;
    const code = this.place.codeAt(spot);
    if (!code) {
      this.codes.load(this.place.items(spot)).then(() => this.spot === spot && this.here(spot, stamp));
      return;
    }
    this.live?.request([{ codec: 0, rows: 1, codes: code }], { channel: HERE_CHANNEL, stamp });
    const [near] = view.grid.nearest(spot[0], spot[1], 1).items;
    this.drawSoon();
    if (near === this.item) return;
    this.item = near;
    view.tell({ item: near });
  }

  doubt(readouts) {
    const { data, points } = this.view;
    const parts = [];
    const support = readouts[0];
    if (Number.isFinite(support)) parts.push(`farther from data than ${Math.round(support)} %`);
    if (this.spot && this.place.isExact) parts.push("exact: this map is a plane in code space");
    else if (this.item !== null && this.place) {
      const error = roundTrip(this.place, this.codes, points.columns, this.item, data.spread);
      if (error !== null) parts.push(`round trip error ${error.toFixed(2)} of the codes' spread`);
    }
    this.view.card.showDoubt(parts.join(" · "));
  }

  // ------------------------------------------------------------------------ answers

  async answer(answer, sent) {
    const [part] = answer.parts;
    if (sent.channel === LATTICE_CHANNEL) {
      this.showLattice(part);
      return;
    }
    const image = await picture(part, 0);
    if ((sent.channel === HERE_CHANNEL) !== Boolean(this.spot)) return;
    const { view } = this;
    view.card.right.show(image);
    this.doubt(part.readouts);
    const detail = { stamp: sent.stamp, item: this.item };
    view.root.dispatchEvent(new CustomEvent("zmap-picture", { detail }));
  }

  // ------------------------------------------------------------------------ pictures on the map

  settled() {
    const { view } = this;
    if (!view.plot?.drawn || view.plot.is3d) return;
    const work = view.tool === "lattice" ? this.askLattice() : this.showItemsInView();
    work.catch((error) => view.frame.say(error.message));
  }

  async showItemsInView() {
    const { view } = this;
    if (!this.pictures) return;
    const items = PicturesOnMap.inView(view.grid, view.plot.view());
    view.root.dataset.pictures = String(items?.length || 0);
    if (!items) return; // what lies over the map now may stay
    const images = await this.pictures.load(items, view.token, 48);
    if (!view.plot) return;
    const placed = items.map((item, i) => {
      const [px, py] = view.pixels(item);
      return { image: images[i], px, py };
    });
    await view.overlay.draw(placed, 34);
  }

  async askLattice() {
    this.prepare();
    if (!this.place) return;
    const { surface } = this.view.frame;
    const lattice = PicturesOnMap.lattice(surface.clientWidth, surface.clientHeight);
    const spots = lattice.places.map(([px, py]) => this.view.plot.toMap(px, py));
    const needed = new Set(spots.flatMap((spot) => this.place.items(spot)));
    if (!this.place.isExact) await this.codes.load([...needed]);
    const d = this.place.latentDim;
    const codes = new Float32Array(spots.length * d);
    spots.forEach((spot, i) => codes.set(this.place.codeAt(spot), i * d));
    this.lattice = lattice;
    this.live?.request([{ codec: 0, rows: spots.length, codes }], { channel: LATTICE_CHANNEL });
  }

  async showLattice(part) {
    if (this.view.tool !== "lattice" || part.rows !== this.lattice.places.length) return;
    const images = await Promise.all(this.lattice.places.map((_, i) => picture(part, i)));
    const placed = this.lattice.places.map(([px, py], i) => ({ image: images[i], px, py }));
    await this.view.overlay.draw(placed, 0.84 * this.lattice.side);
    this.view.root.dataset.lattice = String(placed.length);
  }

  // ------------------------------------------------------------------------ the keyboard

  key(event) {
    const { view } = this;
    const direction = ARROWS[event.key];
    const tool = event.ctrlKey || event.metaKey ? null : TOOLS[event.key];
    if (direction && view.plot?.drawn && !view.plot.is3d) this.step(direction);
    else if (event.key === "Enter" && this.item !== null) view.pin(this.item);
    else if (event.key === "Escape") view.setGroup(null);
    else if (tool && !view.frame.tools[tool].disabled) view.setTool(tool);
    else return;
    event.preventDefault();
  }

  // To the nearest item that lies more in this direction than across it.
  step([dx, dy]) {
    const { view } = this;
    const [x, y] = view.points.columns;
    const { x0, x1, y0, y1 } = view.plot.view();
    const isPlaced = this.item !== null && !Number.isNaN(x[this.item]);
    const [cx, cy] = isPlaced ? [x[this.item], y[this.item]] : [(x0 + x1) / 2, (y0 + y1) / 2];
    let [ahead, shortest] = [null, Infinity];
    for (let i = 0; i < x.length; i += 1) {
      const along = (x[i] - cx) * dx + (y[i] - cy) * dy;
      const across = Math.abs((x[i] - cx) * dy) + Math.abs((y[i] - cy) * dx);
      const far = along * along + across * across;
      if (along > 0 && along >= across && far < shortest && i !== this.item) [ahead, shortest] = [i, far];
    }
    this.hover(ahead);
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const TOOLS = { v: "move", l: "lasso", b: "box", w: "here", g: "lattice" };

// Row `i` of an answer as something a canvas can draw.
function picture(part, i) {
  const { width, height, channels, format, pixels } = part;
  const size = width * height * channels;
  if (format === RAW) return toImage(pixels.subarray(i * size, (i + 1) * size), width, height, channels);
  return createImageBitmap(new Blob([pixels]), 0, i * height, width, height);
}
