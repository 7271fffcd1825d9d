// The elements of the map: plot, marks over it, tools, and places for legend, card and pictures of
// the group. What they do is decided elsewhere.

/** @import { Pixels } from "./plot.js" */

import { element } from "../page/dom.js";

/** @typedef {"move" | "lasso" | "box" | "here" | "grid"} Tool */
/** @typedef {"ring" | "pin" | "spot"} Mark item pointed at, item pinned, place pointed at */

/**
 * What is said above the map while it is made.
 * @typedef {object} JobLine
 * @property {string} text
 * @property {number | null} share how far it is, 0 to 1; null where that is not known
 * @property {string} action what its button offers; "" for none
 */

const LINE = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
/** @type {Record<Tool, [string, string]>} title and icon */
const TOOLS = {
  move: ["Move (v): drag to move, scroll or pinch to zoom", `<path ${LINE} d="M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6 2 8l2 2M12 6l2 2-2 2"/>`],
  lasso: ["Lasso (l): draw round items. Shift adds, Alt takes away", `<path ${LINE} stroke-dasharray="2.5 2.2" d="M8 3c4 0 6 1.700 6 4s-2.500 4-6 4-6-1.700-6-4 2-4 6-4z"/><path ${LINE} d="M5 11c-.8 1-.6 2.200.4 3"/>`],
  box: ["Box (b): draw a box round items. Shift adds, Alt takes away", `<rect ${LINE} stroke-dasharray="2.500 2.200" x="2.500" y="3.500" width="11" height="9"/>`],
  here: ["What lives here (w, or hold Shift): the picture at any place of the map", `<circle ${LINE} cx="8" cy="8" r="2"/><path ${LINE} d="M8 1.500v2.500M8 12v2.500M1.500 8H4M12 8h2.500"/>`],
  grid: ["Grid (g): what lives at evenly spaced places", `<path ${LINE} d="M2.500 2.500h11v11h-11zM6.200 2.500v11M9.800 2.500v11M2.500 6.200h11M2.500 9.800h11"/>`],
};
/** @typedef {"add" | "remove" | "pictures"} Switch */
/** @type {Record<Switch, [string, string]>} title and icon */
const SWITCHES = {
  add: ["Add what is drawn round to the group (or hold Shift)", `<path ${LINE} d="M8 3v10M3 8h10"/>`],
  remove: ["Take what is drawn round out of the group (or hold Alt)", `<path ${LINE} d="M3 8h10"/>`],
  pictures: ["Pictures (d): draw the items in view as pictures once they are few, instead of dots", `<rect ${LINE} x="2.500" y="2.500" width="11" height="11" rx="1.500"/><path ${LINE} d="m2.500 11 3.500-3.500 3 3 1.500-1.500 3 3"/><circle ${LINE} cx="10.500" cy="5.800" r="0.900"/>`],
};
const RESET = `<path ${LINE} d="M2 6V2.500h3.500M14 6V2.500h-3.500M2 10v3.500h3.500M14 10v3.500h-3.500"/>`;

const LABEL =
  "Map of all items. Arrow keys go from item to item, Enter pins one, space puts it into the group, " +
  "a makes all in view the group, Escape clears it; plus and minus zoom, Shift with arrows moves.";
/** @type {Mark[]} */
const MARKS = ["ring", "pin", "spot"];

export class MapFrame {
  /**
   * @param {object} on
   * @param {(tool: Tool) => void} on.tool
   * @param {() => void} on.reset
   * @param {() => void} on.pictures the switch is pressed
   * @param {(action: string) => void} on.action the job's button
   */
  constructor(on) {
    this.message = "";
    this.work = "";
    this.root = element("div", { class: "zmap" });
    this.plot = element("div", { class: "zmap-plot" });
    this.overlay = element("canvas", { class: "zmap-overlay", "aria-hidden": "true" });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.outline = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("class", "zmap-lasso");
    svg.append(this.outline);
    const marks = MARKS.map((name) => element("div", { class: `zmap-mark zmap-${name}`, hidden: "" }));
    this.marks = new Map(MARKS.map((name, i) => [name, marks[i]]));
    this.axes = element("div", { class: "zmap-axes" });
    this.surface = element(
      "div",
      { class: "zmap-surface", tabindex: "0", role: "application", "aria-label": LABEL },
      this.plot,
      this.overlay,
      svg,
      ...marks,
    );
    this.counts = element("div", { class: "zmap-counts", role: "status" });
    this.status = element("span", { class: "zmap-status", role: "status" });
    this.meter = element("progress", { class: "zmap-meter", max: "1", hidden: "" });
    this.action = element("button", { type: "button", class: "zmap-clear", hidden: "" });
    this.action.addEventListener("click", () => on.action(this.action.dataset.action ?? ""));
    this.tools = toolButtons(on.tool);
    const reset = iconButton("Whole map (0)", RESET);
    reset.addEventListener("click", () => on.reset());
    const { add, remove, pictures } = SWITCHES;
    this.switches = { add: switchButton(...add), remove: switchButton(...remove), pictures: switchButton(...pictures) };
    this.switches.add.addEventListener("click", () => this.turn("add", !this.isOn("add")));
    this.switches.remove.addEventListener("click", () => this.turn("remove", !this.isOn("remove")));
    this.switches.pictures.addEventListener("click", () => on.pictures());
    this.press("move");
    const said = element("div", { class: "zmap-said" }, this.status, this.meter, this.action);
    const switches = [this.switches.pictures, this.switches.add, this.switches.remove];
    this.bar = element("div", { class: "zmap-bar" }, ...this.tools.values(), reset, ...switches, said);
  }

  /**
   * @param {HTMLElement} legend
   * @param {HTMLElement} card
   * @param {HTMLElement} group
   */
  fill(legend, card, group) {
    const under = element("div", { class: "zmap-under" }, this.axes, this.counts);
    const main = element("div", { class: "zmap-main" }, this.bar, this.surface, under, legend);
    this.root.append(main, card, group);
  }

  /** @param {string} text */
  say(text) {
    this.message = text;
    this.render();
  }

  /** @param {JobLine} job the map being made */
  showJob({ text, share, action }) {
    this.work = text;
    this.meter.hidden = share === null;
    if (share !== null) this.meter.value = share;
    this.action.hidden = !action;
    this.action.textContent = this.action.dataset.action = action;
    this.render();
  }

  render() {
    const text = [this.message, this.work].filter(Boolean).join(" · ");
    this.status.textContent = this.status.title = text;
  }

  /** The page's one accent colour, as CSS. */
  accent() {
    return getComputedStyle(this.root).getPropertyValue("--st-primary-color");
  }

  /** @param {Tool} tool */
  press(tool) {
    for (const [name, button] of this.tools) button.setAttribute("aria-pressed", String(name === tool));
    this.root.dataset.tool = tool;
    const isDrawing = tool === "lasso" || tool === "box";
    for (const name of /** @type {Switch[]} */ (["add", "remove"])) {
      this.switches[name].hidden = !isDrawing;
      this.turn(name, false);
    }
  }

  /** @param {Switch} name */
  isOn(name) {
    return this.switches[name].getAttribute("aria-pressed") === "true";
  }

  /**
   * Adding and taking away exclude each other.
   * @param {Switch} name
   * @param {boolean} isOn
   */
  turn(name, isOn) {
    this.switches[name].setAttribute("aria-pressed", String(isOn));
    if (isOn && name === "add") this.turn("remove", false);
    if (isOn && name === "remove") this.turn("add", false);
  }

  /** @param {string[]} axes what they mean */
  setAxes(axes) {
    const texts = axes.map((text, k) => `${"→↑↗"[k]} ${text}`.replaceAll(" ", "\u00a0"));
    this.axes.textContent = texts.join("    ");
  }

  /** @param {number} dims a map of three has no places of a plane */
  setDims(dims) {
    for (const [name, button] of this.tools) button.disabled = dims === 3 && name !== "move";
  }

  /**
   * @param {Mark} name
   * @param {Pixels | null} pixels null hides it
   */
  mark(name, pixels) {
    const mark = this.marks.get(name);
    if (!mark) return;
    mark.hidden = !pixels;
    if (pixels) mark.style.transform = `translate(${pixels[0]}px, ${pixels[1]}px)`;
  }

  hideMarks() {
    for (const name of MARKS) this.mark(name, null);
  }
}

/** @param {(tool: Tool) => void} onTool */
function toolButtons(onTool) {
  /** @type {Map<Tool, HTMLButtonElement>} */
  const buttons = new Map();
  for (const [name, [title, icon]] of Object.entries(TOOLS)) {
    const tool = /** @type {Tool} */ (name);
    const button = iconButton(title, icon);
    button.setAttribute("aria-pressed", String(tool === "move"));
    button.dataset.tool = tool;
    button.addEventListener("click", () => onTool(tool));
    buttons.set(tool, button);
  }
  return buttons;
}

/**
 * @param {string} title
 * @param {string} icon
 */
function switchButton(title, icon) {
  const button = iconButton(title, icon);
  button.setAttribute("aria-pressed", "false");
  return button;
}

/**
 * @param {string} title
 * @param {string} icon
 */
function iconButton(title, icon) {
  const button = element("button", { type: "button", class: "zmap-tool", title, "aria-label": title });
  button.innerHTML = `<svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">${icon}</svg>`;
  return button;
}
