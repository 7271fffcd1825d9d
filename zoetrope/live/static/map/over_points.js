// What lies over the points once the view is still: pictures of the items in view, the grid of
// decoded places, lines from another map. All of it is drawn anew where the view has moved.

/** @import { DecodedGrid } from "./decoded_grid.js" */
/** @import { Group } from "./group.js" */
/** @import { MapColour } from "./legend.js" */
/** @import { MapFrame } from "./frame.js" */
/** @import { Look, Overlay } from "./overlay.js" */
/** @import { Plot } from "./plot.js" */
/** @import { Sources } from "./sources.js" */

import { colourOf } from "./colours.js";
import { movementLines } from "./movement.js";
import { showPicturesInView } from "./pictures_in_view.js";

const SETTLED_MS = 120;
/** Of the border of a picture that is faint. */
const UNKNOWN_COLOUR = "#8A8A92";

export class OverPoints {
  /** @type {MapColour | null} what the points' colours mean */
  colour = null;
  /** @type {Uint8Array | null} items that are not grey; null: all */
  emphasised = null;
  /** @type {Float32Array | null} points of another map, from which lines are drawn */
  before = null;

  /**
   * @param {MapFrame} frame
   * @param {Plot} plot
   * @param {Overlay} overlay
   * @param {Sources} sources
   * @param {DecodedGrid} grid
   * @param {Group} group
   */
  constructor(frame, plot, overlay, sources, grid, group) {
    this.frame = frame;
    this.plot = plot;
    this.overlay = overlay;
    this.sources = sources;
    this.grid = grid;
    this.group = group;
  }

  close() {
    clearTimeout(this.settling);
  }

  /** The view has moved: nothing is where it was. */
  drawSoon() {
    clearTimeout(this.settling);
    this.clear();
    this.settling = setTimeout(() => this.draw(), SETTLED_MS);
  }

  /** Only lines stay, where they are wanted. */
  clear() {
    this.overlay.clear();
    for (const name of ["grid", "pictures"]) delete this.frame.root.dataset[name];
    if (this.before) this.overlay.drawLines(movementLines(this.plot, this.before, this.group.mask));
  }

  /** Other things are wanted than before, over the same view. */
  drawAgain() {
    this.clear();
    return this.draw();
  }

  async draw() {
    const { plot, overlay, frame, grid } = this;
    const { pictures } = this.sources;
    if (!plot.isFlat) return;
    try {
      if (grid.isOn) await grid.ask();
      else if (pictures && frame.isOn("pictures")) {
        const n = await showPicturesInView(plot, pictures, overlay, (item) => this.look(item));
        frame.root.dataset.pictures = String(n);
      }
    } catch (error) {
      frame.say(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * How the picture of an item is drawn: as its dot is.
   * @param {number} item
   * @returns {Look}
   */
  look(item) {
    const own = colourOf(this.colour, item, this.plot.plainColour);
    const isFaint = own === null || this.emphasised?.[item] === 0;
    const ring = this.group.mask?.[item] ? this.frame.accent() : "";
    return { border: isFaint ? UNKNOWN_COLOUR : own, isFaint, ring };
  }
}
