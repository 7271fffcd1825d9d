// The keyboard on the map: arrows go from item to item, letters choose tools.

/** @import { Plot } from "./plot.js" */
/** @import { Tool } from "./frame.js" */

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** @type {Record<string, Tool>} */
const TOOLS = { v: "move", l: "lasso", b: "box", w: "here", g: "grid" };

/**
 * Each handler says whether it had something to do.
 * @param {HTMLElement} surface
 * @param {object} on
 * @param {(direction: [number, number]) => boolean} on.step
 * @param {() => boolean} on.pin
 * @param {() => boolean} on.clear
 * @param {(tool: Tool) => boolean} on.tool
 */
export function listenToKeyboard(surface, on) {
  surface.addEventListener("keydown", (event) => {
    const isUsed = () => {
      if (ARROWS[event.key]) return on.step(ARROWS[event.key]);
      if (event.key === "Enter") return on.pin();
      if (event.key === "Escape") return on.clear();
      const tool = event.ctrlKey || event.metaKey ? null : TOOLS[event.key];
      return tool ? on.tool(tool) : false;
    };
    if (isUsed()) event.preventDefault();
  });
}

/**
 * The nearest item that lies more in this direction than across it, from `item` or, without one,
 * from the middle of the view; null where there is none.
 * @param {Plot} plot
 * @param {number | null} item
 * @param {[number, number]} direction
 */
export function itemAhead(plot, item, [dx, dy]) {
  if (!plot.points) return null;
  const [x, y] = plot.points.columns;
  const { x0, x1, y0, y1 } = plot.view();
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
