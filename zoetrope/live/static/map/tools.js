// What the hand does on the map, by the tool it holds: point, click, draw an outline, step with the
// keys.

/** @import { DecodedGrid } from "./decoded_grid.js" */
/** @import { MapFrame, Tool } from "./frame.js" */
/** @import { Plot, Pixels } from "./plot.js" */
/** @import { Pointed } from "./pointed.js" */
/** @import { Sources } from "./sources.js" */

import { itemAhead, listenToKeyboard } from "./keyboard.js";
import { Lasso } from "./lasso.js";
import { Pointer } from "./pointer.js";

const REACH_PX = 14;
const PIN_PX = 6;
const STEP_PX = 16;

/** @typedef {{ adds: boolean, removes: boolean }} GroupKeys what an outline does to the group */

export class Tools {
  /**
   * @param {MapFrame} frame
   * @param {Plot} plot
   * @param {Sources} sources
   * @param {Pointed} pointed
   * @param {DecodedGrid} grid
   * @param {object} on
   * @param {(corners: Pixels[], keys: GroupKeys) => void} on.outline
   * @param {(item: number) => void} on.toggle into the group, or out of it
   * @param {() => boolean} on.clear the group
   * @param {() => boolean} on.marks dots or pictures
   * @param {() => void} on.change another tool is held
   */
  constructor(frame, plot, sources, pointed, grid, on) {
    this.frame = frame;
    this.plot = plot;
    this.sources = sources;
    this.pointed = pointed;
    this.grid = grid;
    this.on = on;
    /** @type {Tool} */
    this.tool = "move";
    this.isHere = false; // whether places are pointed at, not items
    /** @type {Pixels | null} where arrow keys have moved to, with the tool for places */
    this.at = null;
    this.lasso = new Lasso(frame.surface, frame.outline, (corners, keys) =>
      on.outline(corners, this.withButtons(keys)),
    );
    this.pointer = new Pointer(frame.surface, {
      move: (at, keys) => this.point(at, keys),
      click: (at) => this.click(at),
      pinch: (middle, factor) => plot.zoom(middle, factor),
      leave: () => this.leave(),
    });
    listenToKeyboard(frame.surface, {
      step: (direction) => this.step(direction),
      pan: (direction) => plot.pan(direction),
      zoom: (factor) => plot.zoom(this.middle(), factor),
      reset: () => plot.reset(),
      pin: () => this.pin(),
      toggle: () => this.toggle(),
      all: (keys) => this.all(keys),
      clear: () => on.clear(),
      marks: () => on.marks(),
      tool: (tool) => this.choose(tool),
    });
  }

  close() {
    this.pointer.close();
  }

  /** @param {Tool} tool */
  hold(tool) {
    this.tool = tool;
    this.isHere = false;
    this.at = null;
    this.frame.press(tool);
    this.lasso.shape = tool === "lasso" || tool === "box" ? tool : null;
    this.plot.setDragmode(tool === "move" ? "pan" : false);
    this.grid.isOn = tool === "grid";
    this.pointer.followsPressed = tool === "here";
    this.pointer.forget();
    this.on.change();
  }

  /**
   * @param {Pixels} at
   * @param {{ shift: boolean, stamp: number }} keys
   */
  point(at, { shift, stamp }) {
    const { plot, pointed } = this;
    if (!plot.isFlat) return;
    this.at = null;
    this.isHere = (this.tool === "here" || shift) && this.sources.needPlace() !== null;
    if (this.isHere) pointed.pointAtPlace(plot.toMap(at), stamp);
    else pointed.pointAt(plot.nearestItem(at, REACH_PX), stamp);
  }

  /** @param {Pixels} at */
  click(at) {
    if (this.isHere) return;
    const item = this.isOnPin(at) ? this.pointed.pinned : this.plot.nearestItem(at, REACH_PX);
    if (item === null) return;
    this.pointed.pointAt(item); // a finger has pointed at nothing before
    this.pointed.pin(item);
  }

  /**
   * Of three axes many points lie behind one another: the pin's mark is what is clicked.
   * @param {Pixels} at
   */
  isOnPin([px, py]) {
    const pin = this.plot.is3d ? this.plot.pixelsOf(this.pointed.pinned) : null;
    return pin !== null && Math.hypot(pin[0] - px, pin[1] - py) <= PIN_PX;
  }

  leave() {
    this.isHere = false;
    this.pointed.leave();
  }

  // ------------------------------------------------------------------------ by key

  /** @returns {Pixels} */
  middle() {
    const { clientWidth, clientHeight } = this.frame.surface;
    return [clientWidth / 2, clientHeight / 2];
  }

  /** @param {[number, number]} direction */
  step(direction) {
    if (!this.plot.drawn) return false;
    if (this.tool === "here") return this.stepPlace(direction);
    this.pointed.pointAt(itemAhead(this.plot, this.pointed.item, direction));
    return true;
  }

  /** @param {[number, number]} direction */
  stepPlace([dx, dy]) {
    const { clientWidth, clientHeight } = this.frame.surface;
    const [px, py] = this.at ?? this.middle();
    const x = Math.max(0, Math.min(clientWidth, px + STEP_PX * dx));
    const y = Math.max(0, Math.min(clientHeight, py - STEP_PX * dy));
    this.point([x, y], { shift: false, stamp: performance.now() });
    this.at = [x, y];
    return true;
  }

  pin() {
    if (this.pointed.item === null) return false;
    this.pointed.pin(this.pointed.item);
    return true;
  }

  toggle() {
    if (this.pointed.item === null) return false;
    this.on.toggle(this.pointed.item);
    return true;
  }

  /** @param {GroupKeys} keys what to do with the items in view */
  all(keys) {
    const { plot } = this;
    if (!plot.isFlat) return false;
    const { clientWidth: x, clientHeight: y } = this.frame.surface;
    this.on.outline([[0, 0], [x, 0], [x, y], [0, y]], this.withButtons(keys)); // prettier-ignore
    return true;
  }

  /**
   * Keys, and the two buttons that stand for them where there are none.
   * @param {GroupKeys} keys
   */
  withButtons({ adds, removes }) {
    return { adds: adds || this.frame.isOn("add"), removes: removes || this.frame.isOn("remove") };
  }

  /** @param {Tool} tool */
  choose(tool) {
    if (this.frame.tools.get(tool)?.disabled) return false;
    this.hold(tool);
    return true;
  }
}
