// One slider: mouse, touch and pen (pointer events), wheel, keyboard, typed numbers.

import { element } from "../page/dom.js";
import { format } from "./positions.js";

const SETTLED_MS = 250;
let count = 0;

/** @typedef {import("./positions.js").Positions} Positions */

/**
 * Build the row of control `index`: label, slider, number.
 * @param {Positions} positions
 * @param {number} index
 */
export function sliderRow(positions, index) {
  const control = positions.controls[index];
  const labelId = `label-${(count += 1)}`;
  const label = element("span", { class: "label", id: labelId, title: control.label }, control.label);
  const slider = element(
    "div",
    {
      class: "slider",
      role: "slider",
      tabindex: 0,
      "aria-labelledby": labelId,
      "aria-valuemin": control.low,
      "aria-valuemax": control.high,
      "data-control": control.id,
    },
    element("div", { class: "rail" }),
    element("div", { class: "fill" }),
    element("div", { class: "thumb" }),
  );
  const number = element("input", {
    class: "number",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-label": `${control.label}, number`,
  });
  const row = element("div", { class: "row" }, label, slider, number);
  positions.views.push((moved) => moved === index && show(positions, index, slider, number));
  show(positions, index, slider, number);
  followPointer(positions, index, slider);
  followKeys(positions, index, slider);
  followWheel(positions, index, slider);
  followTyping(positions, index, number);
  label.addEventListener("dblclick", () => resetOne(positions, index));
  return row;
}

/**
 * @param {Positions} positions
 * @param {number} index
 * @param {HTMLElement} slider
 * @param {HTMLInputElement} number
 */
function show(positions, index, slider, number) {
  const control = positions.controls[index];
  const value = positions.values[index];
  const text = format(value, control);
  const place = (/** @type {number} */ x) => (x - control.low) / (control.high - control.low);
  const at = place(value);
  const from = place(Math.min(Math.max(0, control.low), control.high));
  slider.style.setProperty("--at", String(at));
  slider.style.setProperty("--from", String(Math.min(at, from)));
  slider.style.setProperty("--length", String(Math.abs(at - from)));
  slider.setAttribute("aria-valuenow", String(Number(value.toPrecision(6))));
  slider.setAttribute("aria-valuetext", text);
  if (!hasFocus(number) || number.dataset.typing !== "1") {
    number.value = text;
  }
}

/**
 * Whether the keyboard is in an element, also within a shadow root.
 * @param {HTMLElement} place
 */
function hasFocus(place) {
  return /** @type {Document | ShadowRoot} */ (place.getRootNode()).activeElement === place;
}

/**
 * @param {Positions} positions
 * @param {number} index
 */
function resetOne(positions, index) {
  positions.toDefault(index);
  positions.release();
}

/**
 * @param {Positions} positions
 * @param {number} index
 * @param {HTMLElement} slider
 */
function followPointer(positions, index, slider) {
  const { low, high } = positions.controls[index];
  /** @type {{left: number, width: number, grip: number} | null} while dragged */
  let rail = null;
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!rail) return;
    const at = (event.clientX - rail.grip - rail.left) / rail.width;
    positions.set(index, low + at * (high - low), event.timeStamp);
  };
  slider.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    slider.setPointerCapture(event.pointerId);
    const { left, width } = (slider.querySelector(".rail") ?? slider).getBoundingClientRect();
    const thumb = left + ((positions.values[index] - low) / (high - low)) * width;
    const distance = event.clientX - thumb;
    rail = { left, width, grip: Math.abs(distance) <= 10 ? distance : 0 }; // a grabbed thumb stays
    slider.classList.add("dragged");
    move(event);
  });
  // Raw updates come at once; ordinary moves wait for the next frame of the screen.
  slider.addEventListener("pointerrawupdate", (event) => move(/** @type {PointerEvent} */ (event)));
  slider.addEventListener("pointermove", move);
  const end = () => {
    if (!rail) return;
    rail = null;
    slider.classList.remove("dragged");
    positions.release();
  };
  slider.addEventListener("pointerup", end);
  slider.addEventListener("pointercancel", end);
  slider.addEventListener("lostpointercapture", end);
  slider.addEventListener("dblclick", () => resetOne(positions, index));
}

/**
 * Value change of a key in steps, or the place it jumps to; null for other keys.
 * @param {KeyboardEvent} event
 * @returns {{steps?: number, end?: string, reset?: boolean} | null}
 */
function meaning({ key, shiftKey }) {
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  if (key in steps) return { steps: steps[key] * (shiftKey ? 10 : 1) };
  if (key === "Home" || key === "End") return { end: key };
  if (key === "Delete" || key === "Backspace") return { reset: true };
  return null;
}

/**
 * @param {Positions} positions
 * @param {number} index
 * @param {HTMLElement} slider
 */
function followKeys(positions, index, slider) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settled;
  slider.addEventListener("keydown", (event) => {
    const meant = event.altKey || event.ctrlKey || event.metaKey ? null : meaning(event);
    if (!meant) return;
    event.preventDefault();
    const { low, high } = positions.controls[index];
    clearTimeout(settled);
    settled = undefined;
    if (meant.steps) positions.step(index, meant.steps, event.timeStamp);
    else if (meant.reset) positions.toDefault(index, event.timeStamp);
    else positions.set(index, meant.end === "Home" ? low : high, event.timeStamp);
  });
  slider.addEventListener("keyup", (event) => {
    if (!meaning(event)) return;
    clearTimeout(settled);
    settled = setTimeout(() => positions.release(), SETTLED_MS);
  });
}

/**
 * The wheel moves a slider that has the focus; elsewhere it scrolls the page.
 * @param {Positions} positions
 * @param {number} index
 * @param {HTMLElement} slider
 */
function followWheel(positions, index, slider) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settled;
  slider.addEventListener(
    "wheel",
    (event) => {
      if (!hasFocus(slider)) return;
      event.preventDefault();
      const towards = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : -event.deltaY;
      if (towards === 0) return;
      positions.step(index, Math.sign(towards), event.timeStamp);
      clearTimeout(settled);
      settled = setTimeout(() => positions.release(), SETTLED_MS);
    },
    { passive: false },
  );
}

/**
 * @param {Positions} positions
 * @param {number} index
 * @param {HTMLInputElement} number
 */
function followTyping(positions, index, number) {
  const control = positions.controls[index];
  const restore = () => {
    number.dataset.typing = "0";
    number.value = format(positions.values[index], control);
  };
  const take = () => {
    if (number.dataset.typing !== "1") return;
    const text = number.value.trim().replace("−", "-").replace(",", ".");
    const typed = text === "" ? NaN : Number(text);
    number.dataset.typing = "0";
    if (Number.isFinite(typed) && positions.set(index, typed)) positions.release();
    restore();
  };
  number.addEventListener("focus", () => number.select());
  number.addEventListener("input", () => (number.dataset.typing = "1"));
  number.addEventListener("blur", take);
  number.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Streamlit's own shortcuts
    if (event.key === "Enter") take();
    if (event.key === "Escape") restore();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      number.dataset.typing = "0";
      positions.step(index, event.key === "ArrowUp" ? 1 : -1, event.timeStamp);
    }
  });
  number.addEventListener("keyup", (event) => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") positions.release();
  });
}
