// XY pad: two controls under one finger.

import { element } from "../page/dom.js";
import { format } from "./hand.js";

/** A square pad for controls `x` and `y` (indices). The sliders of both stay beside it. */
export function xyPad(hand, x, y) {
  const [across, up] = [hand.controls[x], hand.controls[y]];
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
    element("span", { class: "axis", "aria-hidden": true }, `${across.label} →`),
    element("span", { class: "axis", "aria-hidden": true }, `${up.label} ↑`),
  );
  const show = () => {
    const at = (control, value) => (value - control.low) / (control.high - control.low);
    plane.style.setProperty("--x", at(across, hand.values[x]));
    plane.style.setProperty("--y", 1 - at(up, hand.values[y]));
    const texts = [format(hand.values[x], across), format(hand.values[y], up)];
    thumb.setAttribute("aria-valuenow", Number(hand.values[x].toPrecision(6)));
    thumb.setAttribute("aria-valuetext", `${across.label} ${texts[0]}, ${up.label} ${texts[1]}`);
  };
  hand.views.push((index) => (index === x || index === y) && show());
  show();
  followPointer(hand, x, y, plane, thumb);
  followKeys(hand, x, y, thumb);
  return pad;
}

/** Both numbers move as one: one message, one picture. */
function setBoth(hand, x, y, values, stamp) {
  const all = [...hand.values];
  [all[x], all[y]] = values;
  hand.active = x;
  hand.setAll(all, stamp);
}

function followPointer(hand, x, y, plane, thumb) {
  const [across, up] = [hand.controls[x], hand.controls[y]];
  let area = null;
  const move = (event) => {
    if (!area) return;
    const right = (event.clientX - area.left) / area.width;
    const above = 1 - (event.clientY - area.top) / area.height;
    const values = [across.low + right * (across.high - across.low), up.low + above * (up.high - up.low)];
    setBoth(hand, x, y, values, event.timeStamp);
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    plane.setPointerCapture(event.pointerId);
    thumb.focus({ preventScroll: true });
    area = plane.getBoundingClientRect();
    move(event);
  });
  plane.addEventListener("pointerrawupdate", move);
  plane.addEventListener("pointermove", move);
  const end = () => {
    if (!area) return;
    area = null;
    hand.release();
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) plane.addEventListener(name, end);
  plane.addEventListener("dblclick", () => {
    setBoth(hand, x, y, [across.default, up.default]);
    hand.release();
  });
}

function followKeys(hand, x, y, thumb) {
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
    if (move) hand.step(move[0], move[1] * (event.shiftKey ? 10 : 1), event.timeStamp);
    else if (event.key === "Home") hand.set(x, hand.controls[x].low, event.timeStamp);
    else if (event.key === "End") hand.set(x, hand.controls[x].high, event.timeStamp);
    else return;
    event.preventDefault();
  });
  thumb.addEventListener("keyup", (event) => {
    if (event.key in moves || event.key === "Home" || event.key === "End") hand.release();
  });
}
