// The keyboard on the map: whatever the mouse does, by keys.

/** @import { Plot } from "./plot.js" */
/** @import { Tool } from "./frame.js" */

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** @type {Record<string, Tool>} */
const TOOLS = { v: "move", l: "lasso", b: "box", w: "here", g: "grid" };

/** @type {Record<string, number>} */
const ZOOMS = { "+": 1.25, "=": 1.25, "-": 0.8 };

/**
 * What keys ask for; each says whether there was something to do.
 * @typedef {object} KeyActions
 * @property {(direction: [number, number]) => boolean} step
 * @property {(direction: [number, number]) => boolean} pan
 * @property {(factor: number) => boolean} zoom
 * @property {() => boolean} reset
 * @property {() => boolean} pin
 * @property {() => boolean} toggle the item pointed at: into the group, or out of it
 * @property {(keys: { adds: boolean, removes: boolean }) => boolean} all what is in view
 * @property {() => boolean} clear
 * @property {() => boolean} marks dots or pictures
 * @property {(tool: Tool) => boolean} tool
 */

/**
 * @param {HTMLElement} surface
 * @param {KeyActions} on
 */
export function listenToKeyboard(surface, on) {
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    if (act(event, on)) event.preventDefault();
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {KeyActions} on
 */
function act({ key, code, shiftKey, altKey }, on) {
  if (ARROWS[key]) return shiftKey ? on.pan(ARROWS[key]) : on.step(ARROWS[key]);
  if (code === "KeyA") return on.all({ adds: shiftKey, removes: altKey });
  if (ZOOMS[key]) return on.zoom(ZOOMS[key]);
  if (key === "0") return on.reset();
  if (key === "Enter") return on.pin();
  if (key === " ") return on.toggle();
  if (key === "Escape") return on.clear();
  if (key === "d") return on.marks();
  return TOOLS[key] ? on.tool(TOOLS[key]) : false;
}

/**
 * The nearest item that lies more in this direction than across it, from `item` or, without one,
 * from the middle of the view; null where there is none. Of three axes the first two count.
 * @param {Plot} plot
 * @param {number | null} item
 * @param {[number, number]} direction
 */
export function itemAhead(plot, item, [dx, dy]) {
  if (!plot.points || !plot.drawn) return null;
  const [x, y] = plot.points.columns;
  const { x0, x1, y0, y1 } = plot.isFlat ? plot.view() : plot.points.index.box;
  const isPlaced = item !== null && plot.points.has(item);
  const [cx, cy] = isPlaced ? [x[item], y[item]] : [(x0 + x1) / 2, (y0 + y1) / 2];
  /** @type {number | null} */
  let ahead = null;
  let shortest = Infinity;
  for (let i = 0; i < x.length; i += 1) {
    const along = (x[i] - cx) * dx + (y[i] - cy) * dy;
    const across = Math.abs((x[i] - cx) * dy) + Math.abs((y[i] - cy) * dx);
    const far = along * along + across * across;
    if (along > 0 && along >= across && far < shortest && i !== item) [ahead, shortest] = [i, far];
  }
  return ahead;
}
