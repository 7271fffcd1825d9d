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

export class Tools {
  /**
   * @param {MapFrame} frame
   * @param {Plot} plot
   * @param {Sources} sources
   * @param {Pointed} pointed
   * @param {DecodedGrid} grid
   * @param {object} on
   * @param {(corners: Pixels[], keys: { adds: boolean, removes: boolean }) => void} on.outline
   * @param {() => boolean} on.clear the group
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
    this.isHere = false; // whether the hand shows what lives at places
    // The lasso is first: it takes the click that ends an outline away from the pointer.
    this.lasso = new Lasso(frame.surface, frame.outline, on.outline);
    this.pointer = new Pointer(frame.surface, {
      move: (at, keys) => this.point(at, keys),
      click: (at) => this.click(at),
      leave: () => this.leave(),
    });
    listenToKeyboard(frame.surface, {
      step: (direction) => this.step(direction),
      pin: () => this.pin(),
      clear: () => this.on.clear(),
      tool: (tool) => this.choose(tool),
    });
  }

  /** @param {Tool} tool */
  hold(tool) {
    this.tool = tool;
    this.isHere = false;
    this.frame.press(tool);
    this.lasso.shape = tool === "lasso" || tool === "box" ? tool : null;
    this.plot.setDragmode(tool === "move" ? "pan" : false);
    this.grid.isOn = tool === "grid";
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
    this.isHere = (this.tool === "here" || shift) && this.sources.needPlace() !== null;
    if (this.isHere) pointed.pointAtPlace(plot.toMap(at), stamp);
    else pointed.pointAt(plot.nearestItem(at, REACH_PX), stamp);
  }

  /** @param {Pixels} at */
  click(at) {
    if (!this.plot.isFlat || this.isHere) return;
    const item = this.plot.nearestItem(at, REACH_PX);
    if (item !== null) this.pointed.pin(item);
  }

  leave() {
    this.isHere = false;
    this.pointed.leave();
  }

  /** @param {[number, number]} direction */
  step(direction) {
    if (!this.plot.isFlat) return false;
    this.pointed.pointAt(itemAhead(this.plot, this.pointed.item, direction));
    return true;
  }

  pin() {
    if (this.pointed.item === null) return false;
    this.pointed.pin(this.pointed.item);
    return true;
  }

  /** @param {Tool} tool */
  choose(tool) {
    if (this.frame.tools.get(tool)?.disabled) return false;
    this.hold(tool);
    return true;
  }
}
