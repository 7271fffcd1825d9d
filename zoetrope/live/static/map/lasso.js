// Drawing round points: a lasso or a box over the plot, with mouse, pen or finger.

/** @import { Pixels } from "./plot.js" */

import { CLICK_PX } from "./pointer.js";

const SHORTEST_PX = 3;

export class Lasso {
  /**
   * @param {HTMLElement} surface
   * @param {SVGPathElement} path draws the outline
   * @param {(outline: Pixels[], keys: { adds: boolean, removes: boolean }) => void} onDone
   */
  constructor(surface, path, onDone) {
    this.surface = surface;
    this.path = path;
    this.onDone = onDone;
    /** @type {"lasso" | "box" | null} null: off */
    this.shape = null;
    /** @type {Pixels[] | null} */
    this.corners = null;
    surface.addEventListener("pointerdown", (event) => this.begin(event), true);
    surface.addEventListener("pointermove", (event) => this.go(event), true);
    surface.addEventListener("pointerup", (event) => this.end(event), true);
    surface.addEventListener("pointercancel", () => this.stop(), true);
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (!event.isPrimary) this.stop(); // a second finger: a pinch, not an outline
    if (!this.shape || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault(); // no mouse events for plotly behind us
    this.surface.setPointerCapture(event.pointerId);
    this.corners = [this.place(event)];
  }

  /** @param {PointerEvent} event */
  go(event) {
    if (!this.corners || !event.isPrimary) return;
    event.stopPropagation();
    const [x, y] = this.place(event);
    const [lastX, lastY] = this.corners[this.corners.length - 1];
    if (this.shape === "box") this.corners[1] = [x, y];
    else if (Math.hypot(x - lastX, y - lastY) >= SHORTEST_PX) this.corners.push([x, y]);
    const outline = this.outline(this.corners).map((corner) => corner.join(" "));
    this.path.setAttribute("d", `M${outline.join("L")}Z`);
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (!this.corners || !event.isPrimary) return;
    const { corners } = this;
    const [[x, y]] = corners;
    this.stop();
    if (corners.every((corner) => Math.hypot(corner[0] - x, corner[1] - y) <= CLICK_PX)) return;
    this.onDone(this.outline(corners), { adds: event.shiftKey, removes: event.altKey });
  }

  stop() {
    this.corners = null;
    this.path.setAttribute("d", "");
  }

  /**
   * @param {Pixels[]} corners
   * @returns {Pixels[]}
   */
  outline(corners) {
    if (this.shape !== "box") return corners;
    const [[x0, y0], [x1, y1] = [x0, y0]] = corners;
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]; // prettier-ignore
  }

  /**
   * @param {MouseEvent} event
   * @returns {Pixels}
   */
  place(event) {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
