// The elements of the map: plot, marks over it, tools, legend, card, gallery. No behaviour.

import { element } from "../page/dom.js";

const LINE = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
const TOOLS = {
  move: ["Move (v): drag to move, scroll to zoom", `<path ${LINE} d="M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6 2 8l2 2M12 6l2 2-2 2"/>`],
  lasso: ["Lasso (l): draw round items. Shift adds, Alt takes away", `<path ${LINE} stroke-dasharray="2.5 2.2" d="M8 3c4 0 6 1.700 6 4s-2.500 4-6 4-6-1.700-6-4 2-4 6-4z"/><path ${LINE} d="M5 11c-.8 1-.6 2.200.4 3"/>`],
  box: ["Box (b): draw a box round items. Shift adds, Alt takes away", `<rect ${LINE} stroke-dasharray="2.500 2.200" x="2.500" y="3.500" width="11" height="9"/>`],
  here: ["What lives here (w, or hold Shift): the picture at any place of the map", `<circle ${LINE} cx="8" cy="8" r="2"/><path ${LINE} d="M8 1.500v2.500M8 12v2.500M1.500 8H4M12 8h2.500"/>`],
  lattice: ["Grid (g): what lives at evenly spaced places", `<path ${LINE} d="M2.500 2.500h11v11h-11zM6.200 2.500v11M9.800 2.500v11M2.500 6.200h11M2.500 9.800h11"/>`],
};
const RESET = `<path ${LINE} d="M2 6V2.500h3.500M14 6V2.500h-3.500M2 10v3.500h3.500M14 10v3.500h-3.500"/>`;

export function buildFrame(legend, card, gallery) {
  const frame = { tools: {} };
  frame.plot = element("div", { class: "zmap-plot" });
  frame.overlay = element("canvas", { class: "zmap-overlay", "aria-hidden": "true" });
  frame.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  frame.svg.setAttribute("class", "zmap-lasso");
  frame.svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  frame.marks = Object.fromEntries(
    ["ring", "pin", "spot"].map((name) => [name, element("div", { class: `zmap-mark zmap-${name}`, hidden: "" })]),
  );
  frame.axes = element("div", { class: "zmap-axes" });
  frame.surface = element(
    "div",
    { class: "zmap-surface", tabindex: "0", role: "application", "aria-label": LABEL },
    frame.plot,
    frame.overlay,
    frame.svg,
    ...Object.values(frame.marks),
    frame.axes,
  );
  frame.status = element("span", { class: "zmap-status", role: "status" });
  frame.meter = element("progress", { class: "zmap-meter", max: "1", hidden: "" });
  frame.action = element("button", { type: "button", class: "zmap-clear", hidden: "" });
  frame.action.addEventListener("click", () => frame.onAction(frame.action.dataset.action));
  const main = element("div", { class: "zmap-main" }, toolbar(frame), frame.surface, legend.root);
  frame.root = element("div", { class: "zmap" }, main, card.root, gallery.root);
  frame.message = frame.work = "";
  return Object.assign(frame, behaviour(frame));
}

const LABEL =
  "Map of all items. Arrow keys go from item to item, Enter pins one, Escape clears the group.";

function toolbar(frame) {
  const buttons = Object.entries(TOOLS).map(([name, [title, icon]]) => {
    const button = iconButton(title, icon);
    button.setAttribute("aria-pressed", String(name === "move"));
    button.dataset.tool = name;
    button.addEventListener("click", () => frame.onTool(name));
    frame.tools[name] = button;
    return button;
  });
  const reset = iconButton("Whole map", RESET);
  reset.addEventListener("click", () => frame.onReset());
  const { status, meter, action } = frame;
  const said = element("div", { class: "zmap-said" }, status, meter, action);
  return element("div", { class: "zmap-bar" }, ...buttons, reset, said);
}

function iconButton(title, icon) {
  const button = element("button", { type: "button", class: "zmap-tool", title, "aria-label": title });
  button.innerHTML = `<svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">${icon}</svg>`;
  return button;
}

function behaviour(frame) {
  const { root, status } = frame;
  const render = () => {
    status.textContent = status.title = [frame.message, frame.work].filter(Boolean).join(" · ");
  };
  return {
    say(text) {
      frame.message = text;
      render();
    },
    // job: { text, share, action } of the map being made; share is null where it is not known.
    showJob({ text, share, action }) {
      frame.work = text;
      frame.meter.hidden = share === null;
      if (share !== null) frame.meter.value = share;
      frame.action.hidden = !action;
      frame.action.textContent = frame.action.dataset.action = action || "";
      render();
    },
    press(tool) {
      for (const [name, button] of Object.entries(frame.tools)) {
        button.setAttribute("aria-pressed", String(name === tool));
      }
      root.dataset.tool = tool;
    },
    setAxes(axes) {
      frame.axes.textContent = axes.length ? axes.map((text, k) => `${"→↑↗"[k]} ${text}`.replaceAll(" ", "\u00a0")).join("    ") : "";
    },
    setDims(dims) {
      for (const name of ["lasso", "box", "here", "lattice"]) frame.tools[name].disabled = dims === 3;
    },
    // Put a mark at [px, py] of the surface; null hides it.
    mark(name, pixels) {
      const mark = frame.marks[name];
      mark.hidden = !pixels;
      if (pixels) mark.style.transform = `translate(${pixels[0]}px, ${pixels[1]}px)`;
    },
  };
}
