// XY pad: two controls under one finger.

import { element } from "../page/dom.js";
import { format } from "./positions.js";

/** @typedef {import("./positions.js").Control} Control */
/** @typedef {import("./positions.js").Positions} Positions */

/**
 * A square pad for two controls. The sliders of both stay beside it.
 * @param {Positions} positions
 * @param {number} x index of a control
 * @param {number} y
 */
export function xyPad(positions, x, y) {
  const [across, up] = [positions.controls[x], positions.controls[y]];
  const thumb = element("div", {
    class: "thumb",
    role: "slider",
    tabindex: 0,
    "aria-label": `${across.label} (left and right) and ${up.label} (up and down)`,
    "aria-valuemin": across.low,
    "aria-valuemax": across.high,
  });
  const plane = element("div", { class: "plane" }, thumb);
  const pad = element(
    "div",
    { class: "pad" },
    plane,
    element("span", { class: "axis", "aria-hidden": "true" }, `${across.label} →`),
    element("span", { class: "axis", "aria-hidden": "true" }, `${up.label} ↑`),
  );
  const show = () => {
    plane.style.setProperty("--x", String(at(across, positions.values[x])));
    plane.style.setProperty("--y", String(1 - at(up, positions.values[y])));
    const texts = [format(positions.values[x], across), format(positions.values[y], up)];
    thumb.setAttribute("aria-valuenow", String(Number(positions.values[x].toPrecision(6))));
    thumb.setAttribute("aria-valuetext", `${across.label} ${texts[0]}, ${up.label} ${texts[1]}`);
  };
  positions.views.push((index) => (index === x || index === y) && show());
  show();
  followPointer(positions, x, y, plane, thumb);
  followKeys(positions, x, y, thumb);
  return pad;
}

/**
 * Where a value lies in the range of its control, in [0, 1].
 * @param {Control} control
 * @param {number} value
 */
function at(control, value) {
  return (value - control.low) / (control.high - control.low);
}

/**
 * Both numbers move as one: one message, one picture.
 * @param {Positions} positions
 * @param {number} x
 * @param {number} y
 * @param {[number, number]} values
 * @param {number} [stamp]
 */
function setBoth(positions, x, y, values, stamp) {
  const all = [...positions.values];
  [all[x], all[y]] = values;
  positions.active = x;
  positions.setAll(all, stamp);
}

/**
 * @param {Positions} positions
 * @param {number} x
 * @param {number} y
 * @param {HTMLElement} plane
 * @param {HTMLElement} thumb
 */
function followPointer(positions, x, y, plane, thumb) {
  const [across, up] = [positions.controls[x], positions.controls[y]];
  /** @type {DOMRect | null} */
  let area = null;
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!area) return;
    const right = (event.clientX - area.left) / area.width;
    const above = 1 - (event.clientY - area.top) / area.height;
    /** @type {[number, number]} */
    const values = [across.low + right * (across.high - across.low), up.low + above * (up.high - up.low)];
    setBoth(positions, x, y, values, event.timeStamp);
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    plane.setPointerCapture(event.pointerId);
    thumb.focus({ preventScroll: true });
    area = plane.getBoundingClientRect();
    move(event);
  });
  plane.addEventListener("pointerrawupdate", (event) => move(/** @type {PointerEvent} */ (event)));
  plane.addEventListener("pointermove", move);
  const end = () => {
    if (!area) return;
    area = null;
    positions.release();
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) plane.addEventListener(name, end);
  plane.addEventListener("dblclick", () => {
    setBoth(positions, x, y, [across.default, up.default]);
    positions.release();
  });
}

/**
 * @param {Positions} positions
 * @param {number} x
 * @param {number} y
 * @param {HTMLElement} thumb
 */
function followKeys(positions, x, y, thumb) {
  /** @type {Record<string, [number, number]>} */
  const moves = {
    ArrowRight: [x, 1],
    ArrowLeft: [x, -1],
    ArrowUp: [y, 1],
    ArrowDown: [y, -1],
    PageUp: [y, 10],
    PageDown: [y, -10],
  };
  thumb.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move) positions.step(move[0], move[1] * (event.shiftKey ? 10 : 1), event.timeStamp);
    else if (event.key === "Home") positions.set(x, positions.controls[x].low, event.timeStamp);
    else if (event.key === "End") positions.set(x, positions.controls[x].high, event.timeStamp);
    else return;
    event.preventDefault();
  });
  thumb.addEventListener("keyup", (event) => {
    if (event.key in moves || event.key === "Home" || event.key === "End") positions.release();
  });
}
